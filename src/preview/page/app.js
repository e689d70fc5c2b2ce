// The page: what the compiler makes of the project, shown again whenever a file is saved.

import { alertsView } from "./alerts.js";
import { dashboard } from "./dashboard.js";
import { detection as detectionOf, source } from "./data.js";
import { h } from "./dom.js";
import { graph } from "./graph.js";

const at = (id) => document.getElementById(id);

let model;
let environment = "";
/** Counts the views, so that an answer that comes late draws into none but its own. */
let view = 0;

async function load() {
  const query = environment ? `?environment=${encodeURIComponent(environment)}` : "";
  const answer = await fetch(`api/model${query}`);
  if (!answer.ok) throw new Error(`the preview answered with status ${answer.status}`);
  model = await answer.json();
  environment = model.environment ?? "";
  frame();
  route();
}

function frame() {
  at("project").textContent = model.project;
  document.title = `${model.project} · nthc preview`;
  at("environment-choice").hidden = model.environments.length === 0;
  at("environment").replaceChildren(...model.environments.map((name) => h("option", { value: name, selected: name === environment }, name)));
  at("source").textContent = model.live ? "live data" : "sample data";
  const { errors, warnings, text } = model.problems;
  const box = at("problems");
  box.hidden = errors + warnings === 0;
  box.className = errors > 0 ? "errors" : "";
  const told = errors > 0 ? "The project has errors. Showing the last version without errors." : `${warnings} warning${warnings === 1 ? "" : "s"}.`;
  box.replaceChildren(h("details", { open: errors > 0 }, h("summary", {}, told), h("pre", {}, text)));
  list();
}

function list() {
  const wanted = at("search").value.toLowerCase();
  const teams = new Map();
  for (const service of model.services) {
    if (!service.name.toLowerCase().includes(wanted)) continue;
    const team = service.team ?? "";
    if (!teams.has(team)) teams.set(team, []);
    teams.get(team).push(service.name);
  }
  const links = [...teams].sort(([left], [right]) => (left < right ? -1 : 1)).flatMap(([team, names]) => [
    h("div", { class: "team" }, team),
    ...names.map((name) => h("a", { href: `#/service/${encodeURIComponent(name)}` }, name)),
  ]);
  at("services").replaceChildren(...links.map((link) => h("div", {}, link)));
  mark();
}

function mark() {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === location.hash) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function route() {
  if (!model) return;
  view += 1;
  mark();
  const [, where, name] = location.hash.split("/");
  const main = at("main");
  const service = where === "service" ? model.services.find((one) => one.name === decodeURIComponent(name ?? "")) : undefined;
  if (service) main.replaceChildren(...serviceView(service));
  else if (where === "graph") main.replaceChildren(h("h1", {}, "Dependencies"), h("p", { class: "faint" }, "Orange: hard. Dashed: soft."), graph(model.services));
  else if (where === "objectives") main.replaceChildren(h("h1", {}, "All objectives"), ...model.services.flatMap((one) => [h("h2", {}, one.name), objectives(one)]));
  else main.replaceChildren(h("h1", {}, "SLO overview"), board("", model.overview, source(model, environment, "", model.overview)));
}

function board(name, found, data) {
  if (!found) return h("p", { class: "faint" }, "No dashboard.");
  return dashboard(`${environment}/${name}`, found, data.panel);
}

function serviceView(service) {
  const facts = [service.team && `team ${service.team}`, service.tier && `tier ${service.tier}`, service.type].filter(Boolean).join(" · ");
  const data = source(model, environment, service.name, service.dashboard);
  const mine = view;
  const alerts = h("div", { id: "alerts" });
  const firing = h("button", { type: "button", class: "state firing", hidden: true });
  firing.addEventListener("click", () => alerts.scrollIntoView());
  data.alerts().then((found) => {
    if (mine !== view) return;
    const count = found.filter((alert) => alert.state === "firing").length;
    firing.hidden = count === 0;
    firing.textContent = `${count} firing alert${count === 1 ? "" : "s"}`;
    alerts.replaceChildren(...alertsView(found, environment, service.name));
  }, (error) => alerts.replaceChildren(h("p", { class: "faint" }, error.message)));
  return [
    h("div", { class: "title" }, h("h1", {}, service.name), firing),
    h("p", { class: "faint" }, facts),
    service.description && h("p", {}, service.description),
    h("h2", {}, "Objectives"),
    objectives(service),
    h("h2", {}, "Dashboard"),
    board(service.name, service.dashboard, data),
    h("h2", {}, "Alerts"),
    alerts,
  ].filter(Boolean);
}

function objectives(service) {
  if (service.slos.length === 0) return h("p", { class: "faint" }, "None.");
  return h("div", { class: "cards" }, service.slos.map((slo) => h("section", { class: "card" },
    h("h3", {}, slo.name),
    slo.description && h("p", { class: "faint" }, slo.description),
    h("div", { class: "figures" },
      h("div", {}, h("b", {}, slo.objective), h("span", {}, "objective")),
      h("div", {}, h("b", {}, slo.budget), h("span", {}, `error budget per ${slo.window}`))),
    slo.budget_alerts.length > 0 && h("div", { class: "tape", title: "Alerts on the consumed error budget" },
      slo.budget_alerts.map((alert) => h("i", { style: `left: ${alert.share * 100}%`, title: `${alert.severity} at ${alert.consumed}` }, h("span", {}, alert.consumed)))),
    slo.pairs.length > 0 && h("table", {},
      h("tr", {}, ["severity", "windows"].map((title) => h("th", {}, title)), ["burn rate", "error ratio", "exhausted in"].map((title) => h("th", { class: "number" }, title))),
      slo.pairs.map((pair) => h("tr", {},
        h("td", {}, h("span", { class: `badge ${pair.severity}` }, pair.severity)),
        h("td", {}, `${pair.long}/${pair.short}`),
        h("td", { class: "number" }, `> ${pair.factor}x`),
        h("td", { class: "number" }, `> ${pair.threshold}`),
        h("td", { class: "number" }, pair.exhaustion)))),
    detection(service.name, slo.name))));
}

/** Detection times, which are simulated when somebody opens them. */
function detection(service, slo) {
  const place = h("div", {});
  let asked = false;
  const open = async () => {
    if (asked) return;
    asked = true;
    place.replaceChildren(h("p", { class: "faint" }, "Simulating…"));
    try {
      const found = await detectionOf(environment, service, slo);
      place.replaceChildren(h("table", {},
        h("tr", {}, found.columns.map((title) => h("th", {}, title))),
        found.rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell))))));
    } catch (error) {
      asked = false;
      place.replaceChildren(h("p", { class: "faint" }, error.message));
    }
  };
  const shown = h("details", {}, h("summary", {}, "Detection times"), place);
  shown.addEventListener("toggle", open);
  return shown;
}

function follow() {
  const events = new EventSource("events");
  events.onopen = () => {
    at("state").textContent = "follows your files";
    at("state").classList.remove("bad");
  };
  events.onmessage = () => load().catch(fail);
  events.onerror = () => {
    at("state").textContent = "nthc preview has ended";
    at("state").classList.add("bad");
  };
}

function fail(error) {
  at("state").textContent = error.message;
  at("state").classList.add("bad");
}

at("environment").addEventListener("change", (event) => {
  environment = event.target.value;
  load().catch(fail);
});
at("search").addEventListener("input", list);
addEventListener("hashchange", route);
load().then(follow, fail);
