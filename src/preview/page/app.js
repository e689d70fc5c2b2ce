// The page: what the compiler makes of the project, shown again whenever a file is saved.

import { h } from "./dom.js";
import { draw, legend } from "./charts.js";
import { graph } from "./graph.js";
import { called } from "./legend.js";
import { sample } from "./sample.js";

const at = (id) => document.getElementById(id);
const RANGE = 6 * 3600;

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
  else main.replaceChildren(h("h1", {}, "SLO overview"), ...dashboard("overview", model.overview));
  for (const paint of painting.splice(0)) paint();
}

function serviceView(service) {
  const facts = [service.team && `team ${service.team}`, service.tier && `tier ${service.tier}`, service.type].filter(Boolean).join(" · ");
  return [
    h("h1", {}, service.name),
    h("p", { class: "faint" }, facts),
    service.description && h("p", {}, service.description),
    h("h2", {}, "Objectives"),
    objectives(service),
    service.alerts.length > 0 && [h("h2", {}, "Alerts"), alerts(service.alerts)],
    h("h2", {}, "Dashboard"),
    ...dashboard(service.name, service.dashboard),
  ].flat(Infinity).filter(Boolean);
}

function objectives(service) {
  if (service.slos.length === 0) return h("p", { class: "faint" }, "None.");
  return h("div", { class: "cards" }, service.slos.map((slo) => h("section", { class: "card" },
    h("h3", {}, slo.name),
    slo.description && h("p", { class: "faint" }, slo.description),
    h("div", { class: "figures" },
      h("div", {}, h("b", {}, slo.objective), h("span", {}, "objective")),
      h("div", {}, h("b", {}, slo.budget), h("span", {}, `error budget per ${slo.window}`))),
    slo.budget_alerts.length > 0 && h("div", { class: "tape", title: "Error budget alerts" },
      slo.budget_alerts.map((alert) => h("i", { style: `left: ${alert.share * 100}%` }, h("span", {}, `${alert.consumed} ${alert.severity}`)))),
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
      const query = new URLSearchParams({ service, slo });
      if (environment) query.set("environment", environment);
      const answer = await fetch(`api/detection?${query}`);
      const found = await answer.json();
      place.replaceChildren(answer.ok
        ? h("table", {},
          h("tr", {}, found.columns.map((title) => h("th", {}, title))),
          found.rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))
        : h("p", { class: "faint" }, found.error));
    } catch {
      asked = false;
      place.replaceChildren(h("p", { class: "faint" }, "The preview does not answer."));
    }
  };
  const shown = h("details", {}, h("summary", {}, "Detection times"), place);
  shown.addEventListener("toggle", open);
  return shown;
}

function alerts(found) {
  return h("div", { class: "cards" }, found.map((alert) => h("section", { class: "card" },
    h("h3", {}, `${alert.name} `, h("span", { class: `badge ${alert.severity}` }, alert.severity)),
    alert.summary && h("p", {}, alert.summary),
    h("code", { class: "query" }, `${alert.when}\nfor ${alert.hold}`))));
}

/** What is drawn once its place has a size. */
const painting = [];

function dashboard(name, found) {
  if (!found) return [h("p", { class: "faint" }, "No dashboard.")];
  const panels = opened(found.panels ?? []);
  return [h("div", { class: "dashboard" }, panels.map((panel) => panelView(name, panel)))];
}

/** Rows and panels, with collapsed rows opened. */
function opened(panels) {
  const all = [];
  let shift = 0;
  const place = (panel) => all.push({ ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + shift } });
  for (const panel of panels) {
    place(panel);
    const inside = panel.panels ?? [];
    inside.forEach(place);
    const below = panel.gridPos.y + panel.gridPos.h;
    shift += Math.max(below, ...inside.map((one) => one.gridPos.y + one.gridPos.h)) - below;
  }
  return all;
}

function panelView(dashboardName, panel) {
  const { x, y, w, h: tall } = panel.gridPos;
  const style = `grid-column: ${x + 1} / span ${w}; grid-row: ${y + 1} / span ${tall}`;
  if (panel.type === "row") return h("div", { class: "panel row", style }, panel.title);
  const head = h("h3", { title: panel.description ?? "" }, panel.title || "\u00a0");
  if (panel.type === "text") return h("div", { class: "panel", style }, head, h("div", { class: "words" }, panel.options?.content ?? ""));
  const plot = h("div", { class: "plot" });
  const names = h("div", { class: "legend" });
  const now = Math.floor(Date.now() / 1000);
  const range = { from: now - RANGE, to: now };
  const mine = view;
  const paint = (series, isSample) => {
    if (mine !== view) return;
    names.replaceChildren(...legend(panel, series));
    draw(plot, panel, series, isSample);
  };
  painting.push(() => {
    if (model.live) live(dashboardName, panel, range).then((series) => paint(series, false), (error) => {
      if (mine === view) plot.replaceChildren(h("div", { class: "words" }, error.message));
    });
    else paint(sample(panel, range, known()), true);
  });
  return h("div", { class: "panel", style, "data-panel": panel.id }, head, plot, names);
}

/** The labels of what the rules record: there is a series for each objective. */
function known() {
  return model.services.flatMap((service) => service.slos.map((slo) => ({
    service: service.name,
    slo: slo.name,
    objective: slo.objective,
    period: slo.window,
    team: service.team ?? "",
    tier: service.tier,
    dashboard: service.dashboard?.uid ?? "",
  })));
}

async function live(dashboardName, panel, range) {
  const all = await Promise.all((panel.targets ?? []).map(async (target) => {
    const answer = await fetch("api/values", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ environment: environment || null, dashboard: dashboardName, panel: panel.id, target: target.refId, ...range }),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error ?? `status ${answer.status}`);
    return body.series.map((one) => ({ name: called(target, one.labels), labels: one.labels, points: one.points }));
  }));
  return all.flat();
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
let resizing;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(route, 150);
});
load().then(follow, fail);
