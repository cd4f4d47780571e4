// Large graphs have no arrows of their own for the way back: there the line of the computation itself turns round.
import { clear } from "./clearing.js";

const NS = "http://www.w3.org/2000/svg";
const ARROW = 7; // length of an arrow head, in points

export class Backflow {
  /** `lines`: number of an edge → its <g>; `rows` are those of the headings. */
  constructor(graph, lines, rows) {
    Object.assign(this, { graph, rows });
    this.layer = document.createElementNS(NS, "g");
    this.layer.setAttribute("class", "backflow");
    this.turned = [];
    this.along = new Map(); // "tensor op" → the lines between the two
    graph.edges.forEach(([source, target], number) => {
      const key = `${source} ${target}`;
      this.along.set(key, [...(this.along.get(key) ?? []), lines[number]]);
    });
  }

  /** Dashed arrows along the lines that the flows of `step` take, each with its sum. */
  draw(step) {
    this.layer.replaceChildren();
    for (const line of this.turned) line.classList.remove("turned");
    this.turned = [];
    for (const { tensor, op, label: sum } of step.flows.map((id) => this.graph.flows[id])) {
      const lines = this.along.get(`${tensor} ${op}`) ?? [];
      lines.forEach((line, place) => {
        const path = line.querySelector("path");
        this.layer.append(arrow(path), ...(place === 0 ? [label(path, sum, this.rows)] : []));
        line.classList.add("turned");
      });
      this.turned.push(...lines);
    }
  }
}

/** The line again, dashed, with its head at the other end. */
function arrow(line) {
  const group = document.createElementNS(NS, "g");
  const path = document.createElementNS(NS, "path");
  path.setAttribute("d", line.getAttribute("d"));
  path.setAttribute("fill", "none");
  const tip = line.getPointAtLength(0);
  const from = line.getPointAtLength(ARROW);
  const [dx, dy] = [(tip.x - from.x) / 2.6, (tip.y - from.y) / 2.6];
  const head = document.createElementNS(NS, "polygon");
  head.setAttribute("points", `${tip.x},${tip.y} ${from.x - dy},${from.y + dx} ${from.x + dy},${from.y - dx}`);
  group.append(path, head);
  return group;
}

/** The sum, a line of text for each line of `words`, beside the middle of the path. */
function label(line, words, rows) {
  const middle = line.getPointAtLength(line.getTotalLength() / 2);
  const parts = words.split("\n").map((part, i) => ({ x: middle.x + 9, y: middle.y + 3 + 11 * i, words: part }));
  const moved = clear(parts, rows);
  const text = document.createElementNS(NS, "text");
  for (const { x, y, words: part } of parts) {
    const row = document.createElementNS(NS, "tspan");
    row.setAttribute("x", x);
    row.setAttribute("y", y + moved);
    row.textContent = part;
    text.append(row);
  }
  return text;
}
