// What is not as the program computed it is marked: by the word "changed" and a tint. Marks of other kinds are put back where numbers were drawn anew.
import { drawMarks } from "./marks.js";

/** Mark those of the drawn `nodes` whose change is `known` at this step, or take the marks off; `was` says if there were any. Returns if there are any. */
export function markChanged(nodes, graph, texts, known, was) {
  drawMarks(nodes, graph.marks);
  const ids = changedIds(graph, known);
  if (!ids.size && !was) return false;
  for (const [id, group] of nodes) {
    const frame = group.querySelector(".frame"); // a box that is out of sight has none yet
    const isChanged = ids.has(id) && frame !== null;
    const word = group.querySelector(".changed-word");
    group.classList.toggle("changed", isChanged);
    if (isChanged && !word) group.append(sign(frame, texts));
    else if (!isChanged) word?.remove();
  }
  return ids.size > 0;
}

/** Ids of what is marked: a value that is a line has its word at the operation that made it. */
function changedIds(graph, known) {
  if (!known || !graph.poked) return new Set();
  const wires = new Set(graph.wires);
  const seen = ["values", "gradients"].flatMap((role) => graph.poked[role].filter((id) => known[role].has(id)));
  return new Set(seen.map((id) => (wires.has(id) ? graph.tensors[id].madeBy : id)));
}

/** The word on the upper side of a frame. */
function sign(frame, texts) {
  const [x, y, width] = ["x", "y", "width"].map((name) => Number(frame.getAttribute(name)));
  const word = document.createElementNS(frame.namespaceURI, "text");
  const look = { class: "changed-word", x: x + width / 2, y: y - 2, "text-anchor": "middle", "font-size": 8 };
  for (const [name, value] of Object.entries(look)) word.setAttribute(name, value);
  word.textContent = texts.changed;
  return word;
}

/** " · changed" behind a value or gradient that is not as the program computed it. */
export function changedWord(graph, id, role, texts) {
  return graph.poked?.[`${role}s`]?.includes(id) ? ` · ${texts.changed}` : "";
}
