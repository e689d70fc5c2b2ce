// The services and what they need, in layers: who depends stands left of what it depends on.

import { h, s } from "./dom.js";

const WIDTH = 170;
const HEIGHT = 40;
const GAP_X = 90;
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

/** The layer of each node: the longest way to it. What goes in a circle stays where it was found. */
function layers(nodes, edges) {
  const depth = new Map([...nodes.keys()].map((key) => [key, 0]));
  for (let round = 0; round < nodes.size; round += 1) {
    let moved = false;
    for (const edge of edges) {
      const wanted = depth.get(edge.from) + 1;
      if (wanted > depth.get(edge.to) && wanted < nodes.size) {
        depth.set(edge.to, wanted);
        moved = true;
      }
    }
    if (!moved) break;
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
