// Our cards, circles and modules in the boxes that Graphviz laid out, each a button that the mouse and the keyboard reach.
import { clearLabels } from "./clearing.js";

const SVG = "http://www.w3.org/2000/svg";
const MANY = 400; // boxes that are drawn at once
const INDENT = 10; // points between the frame of an open module and its heading

/**
 * Fill the layout in `stage`; returns {nodes: id → <g>, places: id → its middle, rows: of the headings, edges: number → <g>, if it is drawn, drawThose}.
 * Of very many boxes only those are drawn whose place satisfies what `drawThose` is given: a thousand cards take a second.
 */
export function fillBoxes(graph, stage, { onSelect, onToggle, onFocus }) {
  const groups = new Map([...stage.querySelectorAll("g[id]")].map((group) => [group.id, group]));
  const nodes = new Map();
  const places = new Map();

  const makeButton = (id, group) => {
    const module = graph.groups?.[id];
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "-1");
    group.addEventListener("click", () => (module ? onToggle : onSelect)(id));
    group.addEventListener("focus", () => onFocus(id));
    if (module) group.setAttribute("aria-expanded", String(module.open));
    nodes.set(id, group);
  };

  const waiting = new Set(Object.keys(graph.fragments));
  const draw = (ids) => {
    for (const [id, drawing] of drawings(Object.fromEntries(ids.map((id) => [id, graph.fragments[id]])))) {
      groups.get(id).append(drawing);
      waiting.delete(id);
    }
  };
  for (const id of waiting) {
    const group = groups.get(id);
    const [x, y] = centre(group);
    group.replaceChildren();
    group.setAttribute("transform", `translate(${x} ${y})`);
    places.set(id, [x, y]);
    const standsFor = graph.references[id];
    if (standsFor) group.addEventListener("click", () => onSelect(standsFor));
    else makeButton(id, group);
  }
  if (waiting.size <= MANY || !graph.wires?.length) draw([...waiting]); // cards change with the steps, so they must all be there
  const rows = [];
  for (const [id, words] of drawings(graph.headings ?? {})) {
    const { button, place, row } = heading(groups.get(id), words);
    stage.append(button); // above the arrows, which may cross it
    places.set(id, place);
    makeButton(id, button);
    rows.push(row);
  }
  clearLabels(stage, rows);
  const drawThose = (seen) => {
    const ids = [...waiting].filter((id) => seen(places.get(id)));
    if (ids.length) draw(ids);
  };
  return { nodes, places, rows, drawThose, edges: graph.edges.map((_, number) => groups.get(`e${number}`)) };
}

/** [id, element] for every SVG text in `fragments`. */
export function drawings(fragments) {
  const markup = `<svg xmlns="${SVG}">${Object.values(fragments).join("")}</svg>`;
  const drawn = [...document.importNode(new DOMParser().parseFromString(markup, "image/svg+xml").documentElement, true).children];
  return Object.keys(fragments).map((id, index) => [id, drawn[index]]);
}

/** The heading of an open module, in place of the label that kept room for it; all of its line can be pressed. */
function heading(cluster, words) {
  const label = cluster.querySelector("text");
  const [left, right] = sides(cluster.querySelector("path, polygon"));
  const base = Number(label.getAttribute("y"));
  const line = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ class: "frame", x: 2 - INDENT, y: -15, width: right - left - 4, height: 21, rx: 6 })) line.setAttribute(name, value);
  const button = document.createElementNS(SVG, "g");
  button.setAttribute("class", "heading");
  button.setAttribute("transform", `translate(${left + INDENT} ${base})`);
  button.append(line, words);
  label.remove();
  return { button, place: [left + INDENT, base], row: { left, right, base } };
}

/** The middle of the box or circle that Graphviz drew. */
function centre(group) {
  const ellipse = group.querySelector("ellipse");
  if (ellipse) return [Number(ellipse.getAttribute("cx")), Number(ellipse.getAttribute("cy"))];
  const points = group.querySelector("polygon").getAttribute("points").trim().split(/\s+/).map((pair) => pair.split(",").map(Number));
  const middle = (axis) => (Math.min(...points.map((p) => p[axis])) + Math.max(...points.map((p) => p[axis]))) / 2;
  return [middle(0), middle(1)];
}

/** Left and right of the frame that Graphviz drew: a path where its corners are round. */
function sides(frame) {
  const words = frame.getAttribute("d") ?? frame.getAttribute("points");
  const xs = [...words.matchAll(/(-?[\d.]+),-?[\d.]+/g)].map((pair) => Number(pair[1]));
  return [Math.min(...xs), Math.max(...xs)];
}
