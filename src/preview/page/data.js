// Where the values of panels come from: one answer with the sample of a whole dashboard, or Prometheus, panel by panel.

import { called } from "./legend.js";

const UNITS = { s: 1, m: 60, h: 3600, d: 86400, w: 604800, y: 31536000 };

/** A duration as in `30d` or `1h30m`, in seconds. */
function seconds(text) {
  return [...text.matchAll(/(\d+)([smhdwy])/g)].reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit], 0);
}

async function answered(path, request) {
  const answer = await fetch(path, request);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error ?? `the preview answered with status ${answer.status}`);
  return found;
}

/** The path of a question about an environment. */
export function about(path, environment, parameters) {
  const query = new URLSearchParams(parameters);
  if (environment) query.set("environment", environment);
  return `${path}?${query}`;
}

/** The times that a panel shows, up to now. */
function rangeOf(dashboard, panel) {
  const text = panel.timeFrom ?? String(dashboard?.time?.from ?? "now-6h").replace("now-", "");
  const to = Math.floor(Date.now() / 1000);
  return { from: to - (seconds(text) || 21600), to };
}

const series = (target, lines) => lines.map((one) => ({ name: called(target, one.labels), labels: one.labels, points: one.points }));

/** The data of a dashboard. `name` is that of a service, or empty. */
export function source(model, environment, name, dashboard) {
  const whole = answered(about("api/dashboard", environment, { name }));
  // It may fail before anybody waits for it.
  whole.catch(() => {});
  const sample = async (panel) => {
    const found = (await whole).panels[panel.id] ?? { targets: {}, guessed: false, from: 0, to: 1 };
    const all = (panel.targets ?? []).flatMap((target) => series(target, found.targets[target.refId] ?? []));
    return { series: all, range: { from: found.from, to: found.to }, isGuessed: found.guessed };
  };
  const live = async (panel) => {
    const range = rangeOf(dashboard, panel);
    const all = await Promise.all((panel.targets ?? []).map(async (target) => {
      const asked = { environment: environment || null, dashboard: name, panel: panel.id, target: target.refId, ...range };
      const headers = { "content-type": "application/json" };
      const found = await answered("api/values", { method: "POST", headers, body: JSON.stringify(asked) });
      return series(target, found.series);
    }));
    return { series: all.flat(), range, isGuessed: false };
  };
  return { panel: model.live ? live : sample, alerts: async () => (await whole).alerts };
}

/** When the alerts of an SLO fire in incidents. */
export function detection(environment, service, slo) {
  return answered(about("api/detection", environment, { service, slo }));
}
