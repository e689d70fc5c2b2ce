// Colors of series and of thresholds, as Grafana has them, in both themes.

const dark = matchMedia("(prefers-color-scheme: dark)");

const NAMES = ["green", "yellow", "blue", "orange", "red", "purple"];

/** The color of the series at a place. */
export function ofSeries(at) {
  return named(NAMES[at % NAMES.length]);
}

/** One of Grafana's names of colors, as CSS has it: `dark-red` is red here. */
export function named(name) {
  const found = NAMES.find((known) => String(name ?? "").includes(known));
  return value(`--${found ?? "blue"}`);
}

/** A color of the page. */
export function value(variable) {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

/** The same color, `#rrggbb`, of which something shows through. */
export function faded(color, share) {
  return `${color}${Math.round(Math.max(0, Math.min(1, share)) * 255).toString(16).padStart(2, "0")}`;
}

/** The limits from which a panel has other colors. */
export function steps(panel) {
  return panel.fieldConfig?.defaults?.thresholds?.steps ?? [];
}

/** The color that a panel gives to a value. */
export function ofValue(panel, found) {
  let color = value("--text");
  for (const step of steps(panel)) {
    if (step.value === null || step.value === undefined || found >= step.value) color = named(step.color);
  }
  return color;
}

/** Calls when the theme changes. */
export function onTheme(call) {
  dark.addEventListener("change", call);
}
