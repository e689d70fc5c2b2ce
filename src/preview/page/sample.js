// Sample data: made from a panel's own words, so that a panel looks the same each time it is shown.

import { called, placeholders } from "./legend.js";

function hash(text) {
  let value = 2166136261;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 16777619);
  }
  return value >>> 0;
}

function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** About how large a panel's values are. */
function size(panel) {
  const defaults = panel.fieldConfig?.defaults ?? {};
  // Where more is better, all is well above the last limit.
  const good = (defaults.thresholds?.steps ?? []).findLast((step) => String(step.color).includes("green"));
  if (typeof good?.value === "number") return good.value + ((defaults.max ?? (defaults.unit === "percent" ? 100 : 1)) - good.value) * 0.6;
  const steps = (defaults.thresholds?.steps ?? []).map((step) => step.value).filter((value) => typeof value === "number");
  if (steps.length > 0) {
    const first = Math.min(...steps.map(Math.abs).filter((value) => value > 0));
    if (Number.isFinite(first)) return first * 0.8;
  }
  if (typeof defaults.max === "number" && defaults.max > 0) return defaults.max * 0.6;
  switch (defaults.unit) {
    case "percentunit": return 0.4;
    case "percent": return 40;
    case "s": return 0.18;
    case "ms": return 180;
    case "bytes": case "decbytes": return 1.6e9;
    case "Bps": case "binBps": return 4e6;
    case "reqps": return 120;
    default: return 40;
  }
}

/** Whether a panel's values are good above a limit, as an objective's are: then they hardly move. */
function isBetterAbove(panel) {
  const steps = panel.fieldConfig?.defaults?.thresholds?.steps ?? [];
  return steps.some((step) => typeof step.value === "number" && String(step.color).includes("green"));
}

const POINTS = 90;

/** How many lines a graph has of what there may be many of. */
const LINES = 6;

/** The labels of the series that a query may have: `known` ones where they have all that the legend names. */
function labeled(panel, target, known) {
  const names = placeholders(target.legendFormat);
  if (names.length === 0) return [{}];
  if (known.length > 0 && names.every((name) => name in known[0])) return panel.type === "table" ? known : known.slice(0, LINES);
  return ["a", "b"].map((letter) => Object.fromEntries(names.map((name) => [name, `${name} ${letter}`])));
}

/** Series for each of a panel's queries. `known` are labels of series that there will be. */
export function sample(panel, range, known = []) {
  const series = [];
  const base = size(panel);
  const top = panel.fieldConfig?.defaults?.max;
  for (const target of panel.targets ?? []) {
    for (const labels of labeled(panel, target, known)) {
      const name = called(target, labels);
      const next = random(hash(`${panel.id}/${panel.title}/${target.refId}/${name}`));
      const narrow = isBetterAbove(panel);
      const level = narrow ? base : base * (0.6 + 0.8 * next());
      const phase = next() * 6.28;
      const bump = Math.floor(next() * POINTS);
      const points = [];
      for (let at = 0; at < POINTS; at += 1) {
        const day = 1 + 0.25 * Math.sin((at / POINTS) * 9.4 + phase);
        const peak = 1 + 0.5 * Math.exp(-(((at - bump) / 4) ** 2));
        let value = narrow ? level + (level * (next() - 0.5)) / 5000 : level * day * peak * (0.94 + 0.12 * next());
        if (typeof top === "number") value = Math.min(value, top);
        points.push([range.from + ((range.to - range.from) * at) / (POINTS - 1), value]);
      }
      series.push({ name, labels, points });
    }
  }
  return series;
}
