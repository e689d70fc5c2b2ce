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

/** Draws series as a table. `color` is the one of a value. */
export function table(plot, panel, series, color) {
  const { columns, rows } = arranged(panel, series);
  const unit = panel.fieldConfig?.defaults?.unit;
  const leads = (panel.fieldConfig?.defaults?.links ?? []).length > 0;
  const isNumber = (column) => column.key === VALUE;
  const cell = (row, column) => {
    const found = row[column.key];
    if (column.key === VALUE) return show(found, unit);
    if (column.key === TIME) return new Date(found * 1000).toLocaleString();
    // In Grafana the row leads to the service's dashboard, which here is on its page.
    if (column.key === "service" && leads) return h("a", { href: `#/service/${encodeURIComponent(found)}` }, found);
    return found ?? "";
  };
  plot.append(h("div", { class: "rows" }, h("table", {},
    h("tr", {}, columns.map((column) => h("th", { class: isNumber(column) && "number" }, column.title))),
    rows.map((row) => h("tr", {}, columns.map((column) => h("td", {
      class: isNumber(column) && "number",
      style: isNumber(column) ? `color: ${color(row[VALUE])}` : undefined,
    }, cell(row, column))))))));
}
