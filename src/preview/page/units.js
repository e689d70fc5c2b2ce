// Values as a person reads them, by Grafana's names of units.

/** Rounds to a number of decimals, or to three significant digits without trailing zeros. */
function rounded(value, decimals) {
  if (value === 0) return decimals ? value.toFixed(decimals) : "0";
  if (Number.isInteger(decimals)) return value.toFixed(decimals);
  const size = Math.abs(value);
  const text = size >= 1000 ? value.toFixed(0) : size >= 1e-4 ? value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(size)))) : value.toPrecision(2);
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
}

function scaled(value, decimals, base, names) {
  let scale = 0;
  let left = Math.abs(value);
  while (left >= base && scale < names.length - 1) {
    left /= base;
    scale += 1;
  }
  return `${value < 0 ? "-" : ""}${rounded(left, decimals)}${names[scale]}`;
}

function seconds(value, decimals) {
  const size = Math.abs(value);
  const steps = [[1e-3, 1e6, " µs"], [1, 1e3, " ms"], [120, 1, " s"], [7200, 1 / 60, " min"], [172800, 1 / 3600, " h"], [Infinity, 1 / 86400, " d"]];
  if (size === 0) return "0 s";
  const [, factor, name] = steps.find(([limit]) => size < limit);
  return `${rounded(value * factor, decimals)}${name}`;
}

const BINARY = [" B", " KiB", " MiB", " GiB", " TiB"];
const DECIMAL = [" B", " kB", " MB", " GB", " TB"];
const SHORT = ["", " K", " Mil", " Bil"];
const RATES = { reqps: "req/s", ops: "ops/s", cps: "c/s", eps: "evt/s", wps: "wr/s", rps: "rd/s", mps: "msg/s" };

/** Whether a value is one. */
export function isNumber(value) {
  return typeof value === "number" && !Number.isNaN(value);
}

/** A value with its unit; `decimals` are those that the panel asks for. */
export function show(value, unit, decimals) {
  if (!isNumber(value)) return "No data";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  switch (unit) {
    case "percentunit": return `${rounded(value * 100, decimals)}%`;
    case "percent": return `${rounded(value, decimals)}%`;
    case "s": case "dtdurations": return seconds(value, decimals);
    case "ms": return seconds(value / 1000, decimals);
    case "bytes": return scaled(value, decimals, 1024, BINARY);
    case "decbytes": return scaled(value, decimals, 1000, DECIMAL);
    case "binBps": return scaled(value, decimals, 1024, BINARY.map((name) => `${name}/s`));
    case "Bps": return scaled(value, decimals, 1000, DECIMAL.map((name) => `${name}/s`));
    case "none": return rounded(value, decimals);
    default: return unit in RATES ? scaled(value, decimals, 1000, ["", " K", " M"].map((name) => `${name} ${RATES[unit]}`)) : scaled(value, decimals, 1000, SHORT);
  }
}

const two = (number) => String(number).padStart(2, "0");

/** A time of a range of so many seconds: its hour, or its day. */
export function clock(time, span) {
  const date = new Date(time * 1000);
  return span > 2 * 86400 ? `${two(date.getMonth() + 1)}/${two(date.getDate())}` : `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A time with its day. */
export function moment(time) {
  const date = new Date(time * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(time, 0)}`;
}
