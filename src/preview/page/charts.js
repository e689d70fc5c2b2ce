// What a panel looks like: close enough to Grafana's to judge a layout by.

import { h, s } from "./dom.js";
import { table } from "./table.js";
import { show } from "./units.js";

const COLORS = ["--blue", "--green", "--orange", "--purple", "--red", "--yellow"];
const color = (at) => `var(${COLORS[at % COLORS.length]})`;

const NAMED = { green: "--green", red: "--red", orange: "--orange", yellow: "--yellow", blue: "--blue", purple: "--purple" };

/** One of Grafana's names of colors as one of the page's. */
function named(name) {
  const found = Object.keys(NAMED).find((known) => String(name ?? "").includes(known));
  return `var(${found ? NAMED[found] : "--blue"})`;
}

function steps(panel) {
  return panel.fieldConfig?.defaults?.thresholds?.steps ?? [];
}

function colorOf(panel, value) {
  let found = "var(--text)";
  for (const step of steps(panel)) {
    if (step.value === null || step.value === undefined || value >= step.value) found = named(step.color);
  }
  return found;
}

const last = (series) => series.points.at(-1)?.[1];

function round(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= value) * power;
}

function clock(seconds, span) {
  const date = new Date(seconds * 1000);
  return span > 172800
    ? date.toLocaleDateString(undefined, { month: "short", day: "numeric" })
    : date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

function timeseries(plot, panel, series) {
  const width = Math.max(plot.clientWidth, 120);
  const height = Math.max(plot.clientHeight, 50);
  const unit = panel.fieldConfig?.defaults?.unit;
  const lines = steps(panel).filter((step) => typeof step.value === "number");
  const values = series.flatMap((one) => one.points.map((point) => point[1])).filter(Number.isFinite);
  const drawsLines = (panel.fieldConfig?.defaults?.custom?.thresholdsStyle?.mode ?? "off") !== "off";
  const shown = drawsLines ? lines : [];
  const most = Math.max(...values, ...shown.map((step) => step.value), 0);
  const least = Math.min(...values, 0);
  const top = panel.fieldConfig?.defaults?.max ?? round(most * 1.05);
  const bottom = panel.fieldConfig?.defaults?.min ?? (least < 0 ? -round(-least) : 0);
  const times = series.flatMap((one) => one.points.map((point) => point[0]));
  const from = Math.min(...times);
  const to = Math.max(...times);
  const left = 52;
  const x = (time) => left + ((time - from) / (to - from || 1)) * (width - left - 6);
  const y = (value) => 6 + (1 - (value - bottom) / (top - bottom || 1)) * (height - 24);
  const parts = [];
  const rows = height > 110 ? 4 : 2;
  for (let at = 0; at <= rows; at += 1) {
    const value = bottom + ((top - bottom) * at) / rows;
    parts.push(s("line", { class: "grid", x1: left, x2: width - 6, y1: y(value), y2: y(value) }));
    parts.push(s("text", { x: left - 6, y: y(value) + 3, "text-anchor": "end" }, show(value, unit)));
  }
  for (const share of [0.1, 0.5, 0.9]) {
    const time = from + (to - from) * share;
    parts.push(s("text", { x: x(time), y: height - 4, "text-anchor": "middle" }, clock(time, to - from)));
  }
  for (const step of shown) {
    parts.push(s("line", { x1: left, x2: width - 6, y1: y(step.value), y2: y(step.value), stroke: named(step.color), "stroke-dasharray": "5 4" }));
  }
  series.forEach((one, at) => {
    const points = one.points.filter((point) => Number.isFinite(point[1]));
    const path = points.map((point) => `${x(point[0]).toFixed(1)},${y(point[1]).toFixed(1)}`).join(" ");
    parts.push(s("polyline", { points: path, fill: "none", stroke: color(at), "stroke-width": 1.5 }));
  });
  plot.append(s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": panel.title }, parts));
}

function stat(plot, panel, series) {
  const value = series.length > 0 ? last(series[0]) : undefined;
  const style = `color: ${value === undefined ? "var(--faint)" : colorOf(panel, value)}`;
  plot.append(h("div", { class: "stat", style }, show(value, panel.fieldConfig?.defaults?.unit)));
}

function bars(plot, panel, series) {
  const defaults = panel.fieldConfig?.defaults ?? {};
  const most = defaults.max ?? Math.max(...series.map(last), 1);
  for (const one of series) {
    const value = last(one);
    const share = Math.max(0, Math.min(1, value / most));
    plot.append(
      h("div", {}, `${one.name} `, h("b", {}, show(value, defaults.unit))),
      h("div", { class: "bar" }, h("b", { style: `width: ${share * 100}%; background: ${colorOf(panel, value)}` })),
    );
  }
}

function rows(plot, panel, series) {
  const isColored = steps(panel).length > 1;
  table(plot, panel, series, (value) => (isColored ? colorOf(panel, value) : "var(--text)"));
}

const KINDS = { timeseries, stat, gauge: stat, bargauge: bars, table: rows, heatmap: timeseries };

/** Draws series into a panel's plot. */
export function draw(plot, panel, series, isSample) {
  plot.replaceChildren();
  plot.classList.toggle("sample", isSample);
  const drawn = series.filter((one) => one.points.length > 0);
  if (drawn.length === 0) {
    plot.append(h("div", { class: "stat faint" }, "no data"));
    return;
  }
  (KINDS[panel.type] ?? rows)(plot, panel, drawn);
}

/** The legend of a panel with several series. */
export function legend(panel, series) {
  if (!["timeseries", "heatmap"].includes(panel.type) || series.length < 1) return [];
  return series.slice(0, 6).map((one, at) => h("span", {}, h("i", { style: `background: ${color(at)}` }), one.name));
}
