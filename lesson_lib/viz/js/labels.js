// What a node of the drawing is called by a screen reader. `at` has the graph, the texts and what is `known` at this step.
import { changedWord } from "./changed.js";
import { shapeText } from "./dom.js";
import { groupLabel } from "./folding.js";

/** A tensor: name, shape, kind, what is known of its value and gradient, and whether the graph keeps it for the way back. */
export function tensorLabel(at, id, node) {
  const { graph, texts, known } = at;
  const words = [`${texts.tensor} ${node.name}`, shapeText(node.shape, texts), texts[node.kind]];
  const say = (role, isKnown) => `${texts[role]} ${isKnown && node[role] ? (node[role].later ? texts.computed : spoken(node[role])) + changedWord(graph, id, role, texts) : absent(at, role, id, node)}`;
  words.push(say("value", known.values.has(id)));
  if (node.kind !== "constant") words.push(say("gradient", known.gradients.has(id)));
  const state = known.memory.states.get(id);
  if (state) words.push(texts[`is ${state}`]);
  return words.join(", ");
}

/** An operation, or a module that is closed. */
export function opLabel({ graph, texts }, id) {
  return graph.groups?.[id] ? groupLabel(graph.groups[id], texts) : `${texts.operation} ${graph.ops[id].label}`;
}

/** The words in place of a value or gradient that is not known. */
export function absent({ graph, texts, known }, role, id, node) {
  if (role === "gradient") return known.partly.get(id) ?? texts["not computed"];
  if (!known.values.has(id) || node.value) return texts["not computed"];
  return texts[graph.poked?.why[id] ? "not followed" : "not recorded"];
}

/** A summary in words: its number if there is only one, else all of a few, else its note. */
export function spoken(summary) {
  const numbers = summary.texts.flat();
  if (!summary.exact) return summary.note;
  return new Set(numbers).size === 1 ? numbers[0] : numbers.join(" ");
}
