// Large graphs have no arrows of their own for the way back: there the line of the computation itself turns round.
import { clear } from "./clearing.js";

const NS = "http://www.w3.org/2000/svg";
const ARROW = 7; // length of an arrow head, in points

/** Dashed arrows along those of `lines` that the flows of `step` take, each with its sum, drawn into `layer`; `rows` are those of the headings. */
export function drawBackflow(layer, lines, graph, step, rows) {
  layer.replaceChildren();
  const turned = new Set();
  for (const flow of step.flows.map((id) => graph.flows[id])) {
    const edges = graph.edges.flatMap(([source, target], number) => (source === flow.tensor && target === flow.op ? [number] : []));
    edges.forEach((number, place) => {
      const line = lines[number].querySelector("path");
      layer.append(arrow(line), ...(place === 0 ? [label(line, flow.label, rows)] : []));
      turned.add(number);
    });
  }
  lines.forEach((line, number) => line?.classList.toggle("turned", turned.has(number)));
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
