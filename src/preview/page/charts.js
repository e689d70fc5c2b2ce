// What a panel looks like: as in Grafana, as far as a layout is judged by it.

import { h, s } from "./dom.js";
import { faded, named, ofSeries, ofValue, steps, value } from "./colors.js";
import { lines } from "./plot.js";
import { table } from "./table.js";
import { isNumber, show } from "./units.js";

const last = (series) => series.points.at(-1)?.[1];
const options = (panel) => panel.fieldConfig?.defaults ?? {};

/** Single values, each with its name if there are several. */
function stat(plot, panel, series) {
  const { unit, decimals } = options(panel);
  plot.append(h("div", { class: `stats${series.length > 3 ? " many" : ""}` }, series.map((one) => h("div", { class: "stat" },
    series.length > 1 && h("span", { class: "faint", title: one.name }, one.name),
    h("b", { style: `color: ${ofValue(panel, last(one))}` }, show(last(one), unit, decimals))))));
}

const RADIUS = 80;
const point = (share, radius) => {
  const angle = Math.PI * (0.85 + 1.3 * share);
  return `${(100 + radius * Math.cos(angle)).toFixed(2)} ${(98 + radius * Math.sin(angle)).toFixed(2)}`;
};

/** A part of a dial between two shares of it. */
function arc(from, to, radius, width, color) {
  const large = (to - from) * 1.3 > 1 ? 1 : 0;
  return s("path", { d: `M${point(from, radius)} A${radius} ${radius} 0 ${large} 1 ${point(to, radius)}`, fill: "none", stroke: color, "stroke-width": width });
}

/** Dials, with the limits around them. */
function gauge(plot, panel, series) {
  const { unit, decimals, min = 0, max = unit === "percentunit" ? 1 : 100 } = options(panel);
  const share = (found) => Math.max(0, Math.min(1, (found - min) / (max - min || 1)));
  plot.append(h("div", { class: "gauges" }, series.map((one) => {
    const found = last(one);
    const marks = steps(panel).map((step) => ({ at: isNumber(step.value) ? share(step.value) : 0, color: named(step.color) }));
    const ring = marks.map((mark, at) => arc(mark.at, marks[at + 1]?.at ?? 1, RADIUS + 14, 5, mark.color));
    const color = ofValue(panel, found);
    const text = show(found, unit, decimals);
    const dial = s("svg", { viewBox: "0 0 200 150", role: "img", "aria-label": `${one.name} ${text}` },
      arc(0, 1, RADIUS, 18, faded(value("--text"), 0.1)),
      isNumber(found) && share(found) > 0 && arc(0, share(found), RADIUS, 18, color),
      ring,
      s("text", { class: "value", x: 100, y: 106, "text-anchor": "middle", style: `fill: ${color}` }, text));
    return h("div", { class: "gauge" }, dial, series.length > 1 && h("span", { class: "faint", title: one.name }, one.name));
  })));
}

/** Bars, each with its name and value. */
function bars(plot, panel, series) {
  const { unit, decimals, max } = options(panel);
  const most = max ?? Math.max(...series.map(last).filter(isNumber), Number.MIN_VALUE);
  plot.append(h("div", { class: "bars" }, series.map((one) => {
    const share = Math.max(0, Math.min(1, last(one) / most));
    return [h("span", {}, one.name), h("div", { class: "bar" }, h("i", { style: `width: ${share * 100}%; background: ${ofValue(panel, last(one))}` })), h("b", {}, show(last(one), unit, decimals))];
  })));
}

function rows(plot, panel, series) {
  const isColored = steps(panel).length > 1;
  table(plot, panel, series, (found) => (isColored ? ofValue(panel, found) : value("--text")));
}

/** How many values there are in each bucket over time: the darker, the more. */
function heatmap(plot, panel, series) {
  const bound = (one) => (one.labels.le === "+Inf" ? Infinity : Number(one.labels.le));
  const sorted = [...series].filter((one) => "le" in one.labels).sort((a, b) => bound(a) - bound(b));
  if (sorted.length === 0) return rows(plot, panel, series);
  const times = sorted[0].points.map(([time]) => time);
  // Buckets count all that is below their bound.
  const cells = sorted.map((one, at) => times.map((_, x) => Math.max(0, (one.points[x]?.[1] ?? 0) - (sorted[at - 1]?.points[x]?.[1] ?? 0))));
  const most = Math.max(...cells.flat(), Number.MIN_VALUE);
  const shades = cells.map((row, y) => row.map((found, x) => found > 0 && s("rect", {
    x, y: sorted.length - 1 - y, width: 1.02, height: 1, fill: faded(named("orange"), Math.sqrt(found / most)),
  })));
  const unit = options(panel).unit ?? panel.options?.yAxis?.unit;
  plot.append(h("div", { class: "heat" },
    h("div", { class: "bounds" }, [...sorted].reverse().map((one) => h("span", {}, one.labels.le === "+Inf" ? "+Inf" : show(bound(one), unit)))),
    s("svg", { viewBox: `0 0 ${times.length} ${sorted.length}`, preserveAspectRatio: "none", role: "img", "aria-label": panel.title }, shades)));
  return undefined;
}

const KINDS = { stat, gauge, bargauge: bars, table: rows, heatmap };

/** The legend of lines: the last and the greatest value of each. A click hides one. */
function legend(panel, series, drawn) {
  const { unit } = options(panel);
  const calcs = panel.options?.legend?.calcs ?? [];
  const most = (one) => one.points.reduce((found, [, next]) => (isNumber(next) && !(found >= next) ? next : found), NaN);
  const cells = (one) => [
    calcs.includes("lastNotNull") && h("td", { class: "number" }, show(last(one), unit)),
    calcs.includes("max") && h("td", { class: "number" }, show(most(one), unit)),
  ];
  return h("table", {},
    calcs.length > 0 && h("thead", {}, h("tr", {}, h("th", {}, "Name"), calcs.includes("lastNotNull") && h("th", { class: "number" }, "Last *"), calcs.includes("max") && h("th", { class: "number" }, "Max"))),
    h("tbody", {}, series.map((one, at) => {
      const name = h("button", { type: "button", "aria-pressed": "true" }, h("i", { style: `background: ${ofSeries(at)}` }), one.name);
      name.addEventListener("click", () => name.setAttribute("aria-pressed", String(drawn.toggle(at))));
      return h("tr", {}, h("td", {}, name), cells(one));
    })));
}

/** Draws series into a panel. Returns what resizes and removes what was drawn. */
export function draw(plot, names, panel, series, range) {
  plot.replaceChildren();
  names.replaceChildren();
  const drawn = series.filter((one) => one.points.some(([, found]) => isNumber(found)));
  const kept = { resize: () => {}, destroy: () => plot.replaceChildren() };
  if (drawn.length === 0) {
    plot.append(h("div", { class: "stats" }, h("div", { class: "stat none faint" }, "No data")));
    return kept;
  }
  if (panel.type in KINDS) {
    KINDS[panel.type](plot, panel, drawn);
    return kept;
  }
  // Its height is known before the lines are drawn.
  let chart;
  if (panel.options?.legend?.showLegend !== false) names.append(legend(panel, drawn, { toggle: (at) => chart.toggle(at) }));
  chart = lines(plot, panel, drawn, range);
  return chart;
}
