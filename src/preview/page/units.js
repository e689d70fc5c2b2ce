// Values as a person reads them, by Grafana's names of units.

function significant(value, digits = 3) {
  if (value === 0) return "0";
  const text = Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(digits);
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
}

function scaled(value, base, names) {
  let scale = 0;
  let left = Math.abs(value);
  while (left >= base && scale < names.length - 1) {
    left /= base;
    scale += 1;
  }
  return `${value < 0 ? "-" : ""}${significant(left)}${names[scale]}`;
}

function seconds(value) {
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 1e-3) return `${significant(value * 1e6)} µs`;
  if (size < 1) return `${significant(value * 1e3)} ms`;
  if (size < 120) return `${significant(value)} s`;
  if (size < 7200) return `${significant(value / 60)} min`;
  if (size < 172800) return `${significant(value / 3600)} h`;
  return `${significant(value / 86400)} d`;
}

/** A value with its unit. */
export function show(value, unit) {
  if (value === null || value === undefined || Number.isNaN(value)) return "no data";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  switch (unit) {
    case "percentunit": return `${significant(value * 100, 5)} %`;
    case "percent": return `${significant(value, 5)} %`;
    case "s": case "dtdurations": return seconds(value);
    case "ms": return seconds(value / 1000);
    case "bytes": case "decbytes": return scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]);
    case "Bps": case "binBps": return scaled(value, 1024, [" B/s", " KiB/s", " MiB/s", " GiB/s"]);
    case "reqps": return `${scaled(value, 1000, ["", " k", " M"])} req/s`;
    case "ops": case "cps": case "eps": case "wps": case "rps":
      return `${scaled(value, 1000, ["", " k", " M"])}/s`;
    default: return scaled(value, 1000, ["", " k", " M", " G"]);
  }
}
