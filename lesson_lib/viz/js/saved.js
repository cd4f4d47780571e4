// The rows of the details that tell what is kept for the way back.
import { fill, h } from "./dom.js";
import { bytesText, ROLES } from "./memory.js";

/** By which operations the tensor `id` is saved, as what, and whether it still is. */
export function savedBy(details, id, { states }) {
  const { texts, graph } = details;
  const lines = Object.entries(graph.saved).flatMap(([op, entries]) =>
    entries.filter(([tensor]) => tensor === id).map(([, role, , bytes]) => h("div", {}, details.link(op, graph.ops[op].label), ` ${texts[ROLES[role]]}, ${bytesText(bytes, texts)}`)));
  return lines.length > 0 && details.row("saved by", lines, h("small", {}, stateWord(states.get(id), texts)));
}

/** What an operation or a closed module saves. */
export function saves(details, id, { states }) {
  const { texts, graph } = details;
  const lines = (graph.saved[id] ?? []).map(([tensor, role, , bytes, , count]) => {
    const words = count > 1 ? fill(texts.arrays, { count }) : texts[ROLES[role]];
    return h("div", {}, tensor && [details.link(tensor), " "], `${words}, ${bytesText(bytes, texts)} `, tensor && h("small", {}, stateWord(states.get(tensor), texts)));
  });
  return lines.length > 0 && details.row("saves", lines);
}

function stateWord(state, texts) {
  return texts[state ? `is ${state}` : "not yet"];
}
