// What a query calls its series: a pattern in which labels are filled in.

const LABEL = /\{\{\s*([^}]+?)\s*\}\}/g;

/** The labels that a pattern names. */
export function placeholders(pattern) {
  return [...new Set([...(pattern ?? "").matchAll(LABEL)].map((found) => found[1]))];
}

/** What a series with these labels is called. */
export function called(target, labels) {
  return (target.legendFormat ?? "").replace(LABEL, (_, label) => labels[label] ?? "") || target.refId;
}
