// The services and what they need, in layers: who depends stands left of what it depends on.

import { h, s } from "./dom.js";

const WIDTH = 160;
const HEIGHT = 40;
const GAP_X = 64;
const GAP_Y = 16;

function collect(services) {
  const nodes = new Map();
  const edges = [];
  for (const service of services) {
    nodes.set(`service:${service.name}`, { title: service.name, note: service.team ?? "", link: service.name });
  }
  for (const service of services) {
    for (const dependency of service.dependencies) {
      const known = dependency.service && nodes.has(`service:${dependency.service}`);
      const key = known ? `service:${dependency.service}` : `needs:${service.name}/${dependency.name}`;
      if (!nodes.has(key)) {
        nodes.set(key, { title: dependency.name, note: dependency.technology ?? dependency.service ?? "" });
      }
      edges.push({ from: `service:${service.name}`, to: key, hard: dependency.criticality === "hard" });
    }
  }
  return { nodes, edges };
}

/** The edges that lead back to where a way through the others came from. */
function backward(nodes, edges) {
  const found = new Set();
  const state = new Map();
  const visit = (key) => {
    state.set(key, "open");
    for (const edge of edges.filter((one) => one.from === key)) {
      if (state.get(edge.to) === "open") found.add(edge);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(key, "done");
  };
  // A way begins where nothing leads to, if there is such a place.
  const targets = new Set(edges.map((edge) => edge.to));
  const keys = [...nodes.keys()].sort((left, right) => targets.has(left) - targets.has(right));
  for (const key of keys) if (!state.has(key)) visit(key);
  return found;
}

/** The layer of each node: the longest way to it, without the edges that lead back. */
function layers(nodes, edges) {
  const back = backward(nodes, edges);
  const forward = edges.filter((edge) => !back.has(edge));
  const depth = new Map([...nodes.keys()].map((key) => [key, 0]));
  for (let moved = true; moved;) {
    moved = false;
    for (const edge of forward) {
      if (depth.get(edge.from) + 1 > depth.get(edge.to)) {
        depth.set(edge.to, depth.get(edge.from) + 1);
        moved = true;
      }
    }
  }
  return depth;
}

/** The graph as an element. */
export function graph(services) {
  const { nodes, edges } = collect(services);
  const depth = layers(nodes, edges);
  const columns = [];
  for (const [key, at] of depth) (columns[at] ??= []).push(key);
  const places = new Map();
  const filled = columns.filter(Boolean);
  filled.forEach((column, x) => {
    const middle = (key) => {
      const before = edges.filter((edge) => edge.to === key && places.has(edge.from)).map((edge) => places.get(edge.from).y);
      return before.length > 0 ? before.reduce((sum, y) => sum + y, 0) / before.length : 0;
    };
    column.sort((left, right) => middle(left) - middle(right) || (left < right ? -1 : 1));
    column.forEach((key, y) => places.set(key, { x: 20 + x * (WIDTH + GAP_X), y: 20 + y * (HEIGHT + GAP_Y) }));
  });
  const width = 40 + filled.length * (WIDTH + GAP_X) - GAP_X;
  const height = 40 + Math.max(1, ...filled.map((column) => column.length)) * (HEIGHT + GAP_Y);
  const arrow = s("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, s("path", { d: "M0 0 8 4 0 8z" }));
  const paths = edges.map((edge) => {
    const from = places.get(edge.from);
    const to = places.get(edge.to);
    const start = `${from.x + WIDTH} ${from.y + HEIGHT / 2}`;
    const end = `${to.x} ${to.y + HEIGHT / 2}`;
    const bend = `${from.x + WIDTH + GAP_X / 2} ${from.y + HEIGHT / 2} ${to.x - GAP_X / 2} ${to.y + HEIGHT / 2}`;
    return s("path", { class: edge.hard ? "hard" : "soft", d: `M${start} C${bend} ${end}`, "marker-end": "url(#arrow)" });
  });
  const cut = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);
  const boxes = [...nodes].map(([key, node]) => {
    const place = places.get(key);
    const box = [
      s("title", {}, node.title),
      s("rect", { x: place.x, y: place.y, width: WIDTH, height: HEIGHT, rx: 5 }),
      s("text", { x: place.x + 10, y: place.y + 17 }, cut(node.title)),
      s("text", { class: "faint", x: place.x + 10, y: place.y + 32 }, cut(node.note)),
    ];
    return node.link ? s("a", { href: `#/service/${encodeURIComponent(node.link)}` }, box) : s("g", {}, box);
  });
  return h("div", { id: "graph" }, s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Dependencies" }, s("defs", {}, arrow), paths, boxes));
}
