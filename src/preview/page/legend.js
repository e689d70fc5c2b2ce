// What a query calls its series: a pattern in which labels are filled in.

const LABEL = /\{\{\s*([^}]+?)\s*\}\}/g;

/** The name that Grafana gives to a series of a query without a pattern. */
function automatic(labels) {
  const all = Object.entries(labels).filter(([name]) => name !== "__name__");
  if (all.length === 1) return all[0][1];
  const text = all.map(([name, value]) => `${name}="${value}"`).join(", ");
  return `${labels.__name__ ?? ""}${text || !labels.__name__ ? `{${text}}` : ""}`;
}

/** What a series with these labels is called. */
export function called(target, labels) {
  if ((target.legendFormat ?? "__auto") === "__auto") return automatic(labels);
  return target.legendFormat.replace(LABEL, (_, label) => labels[label] ?? "") || target.refId;
}
