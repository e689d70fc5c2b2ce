// A dashboard: rows that open and close, and panels that are drawn once they are seen.

import { onTheme } from "./colors.js";
import { draw } from "./charts.js";
import { h } from "./dom.js";

/** The rows that somebody opened or closed, which stay so when a file is saved. */
const open = new Map();

/** Removes what the dashboard before this one drew: only one is shown at a time. */
let remove = () => {};
let repaint = () => {};
onTheme(() => repaint());

/** Rows with their panels, each panel with its place below the row. */
function sections(panels) {
  const all = [];
  for (const panel of panels) {
    if (panel.type === "row") all.push({ row: panel, top: panel.gridPos.y + 1, panels: [...(panel.panels ?? [])] });
    else {
      if (all.length === 0) all.push({ row: null, top: 0, panels: [] });
      all.at(-1).panels.push(panel);
    }
  }
  return all;
}

/** The panels of a dashboard, as an element. `data` gives the series of each. */
export function dashboard(key, found, data) {
  remove();
  const place = h("div", { class: "dashboard" });
  const charts = new Map();
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) charts.get(entry.target)?.show();
  }, { rootMargin: "300px" });
  const sized = new ResizeObserver((entries) => {
    for (const entry of entries) charts.get(entry.target.closest(".panel"))?.resize();
  });
  repaint = () => charts.forEach((chart) => chart.repaint());
  remove = () => {
    seen.disconnect();
    sized.disconnect();
    charts.forEach((chart) => chart.remove());
  };
  const parts = sections(found.panels ?? []).map((section) => {
    const id = `${key}/${section.row?.id}`;
    const isOpen = () => open.get(id) ?? !section.row?.collapsed;
    const views = section.panels.map((panel) => panelView(panel, data, { charts, seen, sized }));
    const title = section.row && rowView(section, isOpen, () => {
      open.set(id, !isOpen());
      layout();
    });
    place.append(...[title?.node, ...views].filter(Boolean));
    return { section, isOpen, views, title };
  });
  const layout = () => {
    let y = 1;
    for (const { section, isOpen, views, title } of parts) {
      if (title) {
        title.node.style.gridArea = `${y} / 1 / span 1 / span 24`;
        title.update();
        y += 1;
      }
      let below = 0;
      views.forEach((view, at) => {
        const { x, y: top, w, h: tall } = section.panels[at].gridPos;
        view.hidden = !isOpen();
        view.style.gridArea = `${y + top - section.top} / ${x + 1} / span ${tall} / span ${w}`;
        below = Math.max(below, top - section.top + tall);
      });
      if (isOpen()) y += below;
    }
  };
  layout();
  return place;
}

function rowView(section, isOpen, toggle) {
  const count = section.panels.length;
  const note = h("span", { class: "faint" });
  const button = h("button", { type: "button" }, section.row.title, note);
  button.addEventListener("click", toggle);
  const update = () => {
    button.setAttribute("aria-expanded", String(isOpen()));
    note.textContent = isOpen() ? "" : ` (${count} panel${count === 1 ? "" : "s"})`;
  };
  return { node: h("h3", { class: "row" }, button), update };
}

function panelView(panel, data, { charts, seen, sized }) {
  const head = h("h4", { title: panel.description ?? "" }, h("span", {}, panel.title || "\u00a0"));
  if (panel.type === "text") return h("section", { class: "panel" }, head, h("div", { class: "words" }, panel.options?.content ?? ""));
  const plot = h("div", { class: "plot" });
  const names = h("div", { class: "legend" });
  const view = h("section", { class: "panel", "data-panel": panel.id, "data-type": panel.type }, head, plot, names);
  let chart;
  let asked = false;
  let values;
  const paint = () => {
    chart?.destroy();
    chart = draw(plot, names, panel, values.series, values.range);
  };
  const show = async () => {
    if (asked) return;
    asked = true;
    try {
      values = await data(panel);
      if (!view.isConnected) return;
      if (values.isGuessed) head.append(h("span", { class: "guess", title: "No SLO and no alert reads these metrics: the values are guessed by their names." }, "sample"));
      paint();
      sized.observe(plot);
    } catch (error) {
      asked = false;
      plot.replaceChildren(h("div", { class: "words" }, error.message));
    }
    view.dataset.drawn = "";
  };
  charts.set(view, {
    show,
    resize: () => chart?.resize(),
    repaint: () => chart && paint(),
    remove: () => chart?.destroy(),
  });
  seen.observe(view);
  return view;
}
