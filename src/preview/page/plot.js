// Lines over time, drawn by uPlot.

import { h } from "./dom.js";
import { faded, named, ofSeries, steps, value } from "./colors.js";
import { clock, isNumber, moment, show } from "./units.js";

const FONT = "11px system-ui, sans-serif";

/** The columns of uPlot: all times of all series, and the values at each; where a series has none, null. */
function columns(series) {
  const times = [...new Set(series.flatMap((one) => one.points.map(([time]) => time)))].sort((a, b) => a - b);
  const place = new Map(times.map((time, at) => [time, at]));
  const rows = series.map((one) => {
    const row = new Array(times.length).fill(null);
    for (const [time, found] of one.points) row[place.get(time)] = isNumber(found) ? found : null;
    return row;
  });
  return [times, ...rows];
}

/** The limits that are drawn: those of a panel that asks for it. */
function limits(panel) {
  const mode = panel.fieldConfig?.defaults?.custom?.thresholdsStyle?.mode ?? "off";
  return mode === "off" ? [] : steps(panel).filter((step) => typeof step.value === "number");
}

/** The least and the greatest value of the scale. */
function bounds(panel, lowest, highest) {
  const { min, max, unit } = panel.fieldConfig?.defaults ?? {};
  const marks = limits(panel).map((step) => step.value);
  let least = isNumber(lowest) ? lowest : 0;
  let most = isNumber(highest) ? highest : 1;
  // Limits close by are part of the picture; one far away would leave nothing to see of the lines.
  const near = marks.filter((mark) => mark <= Math.max(most, 0) * 2.5 && mark >= least - Math.max(most - least, Math.abs(least)));
  const next = marks.filter((mark) => mark > most).slice(0, 1);
  for (const mark of [...near, ...next]) {
    least = Math.min(least, mark);
    most = Math.max(most, mark);
  }
  if (least >= 0 && least < most * 0.6) least = 0;
  if (least === most) {
    most += Math.abs(most) * 0.1 || 1;
    least -= least > 0 ? Math.abs(least) * 0.1 : 0;
  }
  const space = (most - least) * 0.06;
  const isShare = unit === "percentunit" || unit === "percent";
  const whole = unit === "percent" ? 100 : 1;
  const top = isShare && most <= whole && most + space > whole ? whole : most + space;
  return [typeof min === "number" ? min : least === 0 ? 0 : least - space, typeof max === "number" ? max : top];
}

/** Draws limits as dashed lines. */
function drawLimits(panel) {
  return (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const step of limits(panel)) {
      if (step.value < u.scales.y.min || step.value > u.scales.y.max) continue;
      const y = Math.round(u.valToPos(step.value, "y", true));
      ctx.strokeStyle = named(step.color);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  };
}

/** How wide the labels of the vertical axis are. */
function width(u, labels) {
  u.ctx.save();
  u.ctx.font = FONT;
  const widest = Math.max(0, ...(labels ?? []).map((label) => u.ctx.measureText(label).width));
  u.ctx.restore();
  return Math.ceil(widest) + 12;
}

/** The values of all series at the cursor, the greatest first. */
function fillTooltip(tooltip, u, series, unit) {
  const { idx, left, top } = u.cursor;
  tooltip.hidden = !isNumber(idx) || left < 0;
  if (tooltip.hidden) return;
  const rows = series
    .map((one, at) => ({ name: one.name, found: u.data[at + 1][idx], color: ofSeries(at), shown: u.series[at + 1].show }))
    .filter((row) => row.shown && isNumber(row.found))
    .sort((a, b) => b.found - a.found);
  tooltip.replaceChildren(
    h("div", { class: "faint" }, moment(u.data[0][idx])),
    ...rows.slice(0, 12).map((row) => h("div", {}, h("i", { style: `background: ${row.color}` }), h("span", {}, row.name), h("b", {}, show(row.found, unit)))),
  );
  const isRight = left > u.over.clientWidth / 2;
  const x = u.over.offsetLeft + left + (isRight ? -tooltip.offsetWidth - 12 : 12);
  const y = Math.max(0, Math.min(u.over.offsetTop + top, u.root.clientHeight - tooltip.offsetHeight));
  tooltip.style.transform = `translate(${Math.max(0, x)}px, ${y}px)`;
}

/** Moves the cursor with the arrow keys, so that values are read without a pointer. */
function keys(u) {
  return (event) => {
    const last = u.data[0].length - 1;
    const now = u.cursor.idx ?? last + 1;
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last, PageUp: now - 20, PageDown: now + 20 }[event.key];
    if (event.key === "Escape") u.setCursor({ left: -10, top: -10 });
    if (to === undefined) return;
    event.preventDefault();
    const at = Math.max(0, Math.min(last, to));
    u.setCursor({ left: u.valToPos(u.data[0][at], "x"), top: u.over.clientHeight / 3 });
  };
}

/** Draws series as lines into a place. Returns what changes and removes them. */
export function lines(place, panel, series, range) {
  const { unit, decimals, custom } = panel.fieldConfig?.defaults ?? {};
  const data = columns(series);
  const span = range.to - range.from;
  const grid = { stroke: faded(value("--text"), 0.08), width: 1 };
  const ticks = { ...grid, size: 3 };
  const axis = { stroke: value("--faint"), font: FONT, grid, ticks };
  const isStacked = custom?.stacking?.mode === "normal";
  const tooltip = h("div", { class: "tooltip", hidden: true });
  const u = new uPlot({
    width: Math.max(place.clientWidth, 60),
    height: Math.max(place.clientHeight, 40),
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "dashboard", setSeries: false, scales: ["x", null] }, points: { size: 5 }, drag: { x: false, y: false }, y: false },
    scales: { x: { time: true, range: () => [range.from, range.to] }, y: { range: (_, lowest, highest) => bounds(panel, lowest, highest) } },
    axes: [
      { ...axis, size: 22, gap: 3, space: 70, values: (_, splits) => splits.map((time) => clock(time, span)) },
      { ...axis, gap: 4, space: 34, size: width, values: (_, splits) => splits.map((found) => show(found, unit === "percentunit" && decimals > 2 ? unit : unit)) },
    ],
    series: [{}, ...series.map((one, at) => ({
      label: one.name,
      stroke: ofSeries(at),
      width: custom?.lineWidth ?? 1.5,
      fill: faded(ofSeries(at), (custom?.fillOpacity ?? 0) / 100 || (isStacked ? 0.2 : 0)),
      points: { show: false },
      spanGaps: false,
    }))],
    hooks: {
      draw: [drawLimits(panel)],
      setCursor: [(u) => {
        // Of those that move together, only the one below the pointer tells its values.
        if (place.matches(":hover, :focus-visible")) fillTooltip(tooltip, u, series, unit);
        else tooltip.hidden = true;
      }],
    },
  }, data, place);
  place.append(tooltip);
  place.tabIndex = 0;
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", `${panel.title}: ${series.map((one) => `${one.name} ${show(one.points.at(-1)?.[1], unit, decimals)}`).join(", ")}`);
  const pressed = keys(u);
  const left = () => { tooltip.hidden = true; };
  place.addEventListener("keydown", pressed);
  place.addEventListener("blur", left);
  place.addEventListener("pointerleave", left);
  return {
    resize: () => u.setSize({ width: Math.max(place.clientWidth, 60), height: Math.max(place.clientHeight, 40) }),
    toggle: (at) => {
      u.setSeries(at + 1, { show: !u.series[at + 1].show });
      return u.series[at + 1].show;
    },
    destroy: () => {
      u.destroy();
      tooltip.remove();
      place.removeEventListener("keydown", pressed);
      place.removeEventListener("blur", left);
      place.removeEventListener("pointerleave", left);
    },
  };
}
