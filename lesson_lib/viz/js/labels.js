// What a screen reader says of the nodes of the drawing.
import { changedWord } from "./changed.js";
import { shapeText } from "./dom.js";
import { groupLabel } from "./folding.js";

/** A tensor: name, shape, kind, value, gradient, and whether the graph keeps it for the way back. `absent(role)` gives the words in place of what is not known. */
export function tensorLabel(graph, id, known, texts, absent) {
  const node = graph.tensors[id];
  const words = [`${texts.tensor} ${node.name}`, shapeText(node.shape, texts), texts[node.kind]];
  const say = (role, isKnown) => `${texts[role]} ${isKnown && node[role] ? (node[role].later ? texts.computed : spoken(node[role])) + changedWord(graph, id, role, texts) : absent(role)}`;
  words.push(say("value", known.values.has(id)));
  if (node.kind !== "constant") words.push(say("gradient", known.gradients.has(id)));
  const state = known.memory.states.get(id);
  if (state) words.push(texts[`is ${state}`]);
  return words.join(", ");
}

/** An operation or a module. */
export function opLabel(graph, id, texts) {
  return graph.groups?.[id] ? groupLabel(graph.groups[id], texts) : `${texts.operation} ${graph.ops[id].label}`;
}

/** A summary in words: its number if there is only one, else all of a few, else its note. */
export function spoken(summary) {
  const numbers = summary.texts.flat();
  if (!summary.exact) return summary.note;
  return new Set(numbers).size === 1 ? numbers[0] : numbers.join(" ");
}
