// Our cards, circles and modules in the boxes that Graphviz laid out, each a button that the mouse and the keyboard reach.
import { clearLabels } from "./clearing.js";

const SVG = "http://www.w3.org/2000/svg";
const MANY = 120; // boxes that are drawn at once and stay: a thousand cards take a second, and memory
const MOST = 240; // boxes that stay drawn when they are out of sight
const INDENT = 10; // points between the frame of an open module and its heading

/**
 * Fill the layout in `stage`; returns {nodes: id → <g>, places: id → its middle, rows: of the headings, edges: number → <g>, if it is drawn, boxes}.
 * Of many boxes only those are drawn that `boxes.look` finds in sight; the others keep the outline that Graphviz drew.
 */
export function fillBoxes(graph, stage, { onSelect, onToggle, onFocus }) {
  const groups = new Map([...stage.querySelectorAll("g[id]")].map((group) => [group.id, group]));
  const nodes = new Map();
  const places = new Map();

  const makeButton = (id, group) => {
    const module = graph.groups?.[id];
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "-1");
    group.setAttribute("aria-pressed", "false");
    group.addEventListener("click", () => (module ? onToggle : onSelect)(id));
    group.addEventListener("focus", () => onFocus(id));
    if (module) group.setAttribute("aria-expanded", String(module.open));
    nodes.set(id, group);
  };

  const ids = boxIds(graph);
  for (const id of ids) {
    const group = groups.get(id);
    places.set(id, centre(group));
    const standsFor = graph.references[id];
    if (standsFor) group.addEventListener("click", () => onSelect(standsFor));
    else makeButton(id, group);
  }
  const boxes = new Boxes(graph, groups, places, ids);
  if (!boxes.areMany) boxes.draw(ids);
  const rows = [];
  for (const [id, words] of drawings(graph.headings ?? {})) {
    const { button, place, row } = heading(groups.get(id), words);
    stage.append(button); // above the arrows, which may cross it
    places.set(id, place);
    makeButton(id, button);
    rows.push(row);
  }
  clearLabels(stage, rows);
  return { nodes, places, rows, boxes, edges: graph.edges.map((_, number) => groups.get(`e${number}`)) };
}

/** Ids of everything that has a box: tensors that are no lines, operations, stand-ins. */
function boxIds(graph) {
  const wires = new Set(graph.wires);
  return [...Object.keys(graph.tensors).filter((id) => !wires.has(id)), ...Object.keys(graph.ops), ...Object.keys(graph.references)];
}

/** Which boxes are drawn. */
class Boxes {
  constructor(graph, groups, places, ids) {
    Object.assign(this, { graph, groups, places, ids });
    this.outlines = new Map(); // id of what is drawn → what Graphviz had there
    this.sight = []; // ids of what is in sight
    this.areMany = ids.length > MANY;
  }

  /** Draw what `seen` says is in sight of those that are here, and return their ids; far too many others go back to outlines. */
  look(seen) {
    this.sight = this.ids.filter((id) => seen(this.places.get(id)));
    const fresh = this.sight.filter((id) => !this.outlines.has(id) && id in this.graph.fragments);
    if (fresh.length) this.draw(fresh);
    if (this.outlines.size > MOST) {
      const near = new Set(this.sight);
      this.undraw([...this.outlines.keys()].filter((id) => !near.has(id)));
    }
    return fresh;
  }

  draw(ids) {
    for (const [id, drawing] of drawings(Object.fromEntries(ids.map((id) => [id, this.graph.fragments[id]])))) {
      const group = this.groups.get(id);
      if (!this.outlines.has(id)) this.outlines.set(id, [...group.childNodes]);
      group.replaceChildren(drawing);
      group.setAttribute("transform", `translate(${this.places.get(id).join(" ")})`);
    }
  }

  undraw(ids) {
    for (const id of ids) {
      this.groups.get(id).replaceChildren(...this.outlines.get(id));
      this.groups.get(id).removeAttribute("transform");
      this.outlines.delete(id);
    }
  }

  /** Other numbers: draw those again that are drawn; what is not here any more waits until it is. */
  redraw(fragments) {
    const drawn = [...this.outlines.keys()];
    this.undraw(drawn.filter((id) => !(id in this.graph.fragments)));
    this.draw(drawn.filter((id) => id in fragments));
  }
}

/** Graphviz's text without what nobody sees: half of the elements of a large graph. */
export function bare(layout) {
  return layout.replace(/<title>[^<]*<\/title>|<!--[^]*?-->/g, "").replace(/>\s+</g, "><");
}

/** [id, element] for every SVG text in `fragments`. */
export function drawings(fragments) {
  const markup = `<svg xmlns="${SVG}">${Object.values(fragments).join("")}</svg>`;
  const drawn = [...document.adoptNode(new DOMParser().parseFromString(markup, "image/svg+xml").documentElement).children];
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
