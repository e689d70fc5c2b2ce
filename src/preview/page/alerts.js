// The alerts of a service: which of them fire, above what, how soon, and where it says what to do.

import { h } from "./dom.js";
import { detection } from "./data.js";
import { moment } from "./units.js";

const ORDER = ["firing", "pending", "inactive", "unknown"];
const WORDS = { firing: "Firing", pending: "Pending", inactive: "Normal", unknown: "Not evaluated" };

/** How many alerts there are in each state, the worst first. */
function summary(alerts) {
  const counts = ORDER.map((state) => [state, alerts.filter((alert) => alert.state === state).length]).filter(([, count]) => count > 0);
  return h("p", { class: "summary" }, counts.map(([state, count]) => h("span", { class: `state ${state}` }, `${count} ${WORDS[state].toLowerCase()}`)));
}

/** What an alert belongs to, in the order of the rules. */
function groups(alerts) {
  const found = new Map();
  for (const alert of alerts) {
    const title = alert.slo ?? (alert.dependency ? `Dependency ${alert.dependency}` : "Own alerts");
    if (!found.has(title)) found.set(title, { title, slo: alert.slo, alerts: [] });
    found.get(title).alerts.push(alert);
  }
  return [...found.values()];
}

/** A link to the section of the runbook, if its address is one of the web; otherwise it is text. */
function runbook(alert) {
  const address = alert.runbook ?? "";
  if (!/^https?:\/\//.test(address)) return address;
  return h("a", { href: address, rel: "noreferrer", target: "_blank" }, "Runbook");
}

function row(alert) {
  const held = alert.hold === "0s" ? "at once" : `for ${alert.hold}`;
  const times = h("td", { class: "times" });
  const since = alert.since ? h("span", { class: "faint since" }, `since ${moment(alert.since)}`) : null;
  const told = alert.threshold ?? alert.summary ?? "";
  const node = h("tr", { class: alert.state },
    h("td", {}, h("span", { class: `state ${alert.state}` }, WORDS[alert.state]), since),
    h("td", { class: "told" },
      h("details", {}, h("summary", {}, h("b", {}, alert.name), h("span", {}, told)), h("code", { class: "query" }, alert.when),
        alert.keep_firing && h("p", { class: "faint" }, `It keeps firing for ${alert.keep_firing}.`))),
    h("td", {}, h("span", { class: `badge ${alert.severity}` }, alert.severity)),
    h("td", {}, held),
    times,
    h("td", {}, runbook(alert)));
  return { node, times, alert };
}

/** Fills in how soon alerts fire, once the table is seen: that is simulated then. */
function timed(table, rows, environment, service, slo) {
  const seen = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    try {
      const found = await detection(environment, service, slo);
      for (const { times, alert } of rows) {
        const own = found.alerts.filter((one) => one.name === alert.name && one.mark === alert.mark);
        times.append(...own.slice(0, 2).map((one) => h("span", {}, h("b", {}, one.after), ` at ${one.incident}`)));
        if (own.length === 0) times.textContent = "–";
      }
    } catch {
      for (const { times } of rows) times.textContent = "–";
    }
  });
  seen.observe(table);
}

/** The alerts as elements. */
export function alertsView(alerts, environment, service) {
  if (alerts.length === 0) return [h("p", { class: "faint" }, "None.")];
  const tables = groups(alerts).map((group) => {
    const rows = group.alerts.map(row);
    const table = h("table", { class: "alerts" },
      h("thead", {}, h("tr", {}, ["State", "Alert", "Severity", "Holds", group.slo ? "Fires after" : "", ""].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, rows.map((one) => one.node)));
    if (group.slo) timed(table, rows, environment, service, group.slo);
    return h("section", { class: "card wide" }, h("h3", {}, group.title), table);
  });
  return [summary(alerts), ...tables];
}
