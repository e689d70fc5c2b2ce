// A table as Grafana makes one of a query's series: a row for each, a column for each label, and one for the value.

import { h } from "./dom.js";
import { show } from "./units.js";

const VALUE = "Value";
const TIME = "Time";

/** What the panel does with columns: which are left out, in which order they come, and what they are called. */
function arrangement(panel) {
  const organize = (panel.transformations ?? []).find((one) => one.id === "organize")?.options ?? {};
  return { without: organize.excludeByName ?? {}, order: organize.indexByName ?? {}, names: organize.renameByName ?? {} };
}

/** The rows and columns of a panel's series, in the order in which they are shown. */
export function arranged(panel, series) {
  const { without, order, names } = arrangement(panel);
  const rows = series.map((one) => {
    const [time, value] = one.points.at(-1);
    return { ...one.labels, [TIME]: time, [VALUE]: value };
  });
  const found = [TIME, ...new Set(series.flatMap((one) => Object.keys(one.labels ?? {}))), VALUE];
  const place = (column) => order[column] ?? found.length;
  const columns = found
    .filter((column) => !without[column])
    .sort((left, right) => place(left) - place(right))
    .map((column) => ({ key: column, title: names[column] ?? column }));
  const [sorted] = panel.options?.sortBy ?? [];
  const by = sorted && columns.find((column) => column.title === sorted.displayName);
  if (by) {
    const compare = (left, right) => (typeof left === "number" ? left - right : String(left).localeCompare(String(right)));
    rows.sort((left, right) => compare(left[by.key], right[by.key]) * (sorted.desc ? -1 : 1));
  }
  return { columns, rows };
}

/** The columns that show the titles of links, not their values. */
function linked(panel) {
  const shows = (override) => override.properties?.some((one) => one.id === "custom.cellOptions" && one.value?.type === "data-links");
  return (panel.fieldConfig?.overrides ?? []).filter(shows).flatMap((override) => override.matcher?.options?.names ?? []);
}

/** Draws series as a table. `color` is the one of a value. */
export function table(plot, panel, series, color) {
  const { columns, rows } = arranged(panel, series);
  const { unit, decimals, links = [] } = panel.fieldConfig?.defaults ?? {};
  const titles = linked(panel);
  const isNumber = (column) => column.key === VALUE;
  const cell = (row, column) => {
    const found = row[column.key];
    if (column.key === VALUE) return show(found, unit, decimals);
    if (column.key === TIME) return new Date(found * 1000).toLocaleString();
    // In Grafana the row leads to the service's dashboard, which here is on its page.
    const text = titles.includes(column.title) ? links[0]?.title : found;
    if (links.length > 0 && row.service && (column.key === "service" || text !== found)) return h("a", { href: `#/service/${encodeURIComponent(row.service)}` }, text);
    return text ?? "";
  };
  plot.append(h("div", { class: "rows", tabindex: 0, role: "region", "aria-label": panel.title }, h("table", {},
    h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: isNumber(column) && "number" }, column.title)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((column) => h("td", {
      class: isNumber(column) && "number",
      style: isNumber(column) ? `color: ${color(row[VALUE])}` : undefined,
    }, cell(row, column)))))))));
}
