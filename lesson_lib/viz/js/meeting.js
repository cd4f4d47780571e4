// Where gradients meet: what has arrived at a tensor so far, and its sum.
import { cells } from "./cells.js";
import { fill, h } from "./dom.js";
import { spoken } from "./labels.js";

const TERMS = 5; // shown of many; the kernel sends as many

/** The tensors whose gradients are added at the step at `position`: [{tensor, terms: [{from, summary}], more, sum, waits}, …]. */
export function meetings(graph, steps, position, known, texts) {
  const step = steps[position];
  if (step.kind !== "backward" && step.kind !== "accumulate") return [];
  const targets = step.kind === "accumulate" ? [step.at] : [...new Set(step.flows.map((id) => graph.flows[id].tensor))];
  return targets.map((tensor) => {
    const isWhole = known.gradients.has(tensor);
    const flows = steps.slice(0, position + 1).flatMap((past) => past.flows).filter((id) => graph.flows[id].tensor === tensor);
    const terms = flows.flatMap((id) => graph.flows[id].parts?.map((part) => ({ from: graph.ops[graph.flows[id].op].label, summary: part.contribution })) ?? []);
    if (graph.seeds[tensor]) terms.unshift({ from: texts["given gradient"], summary: graph.seeds[tensor] });
    const hidden = flows.filter((id) => !graph.flows[id].parts).length;
    const shown = terms.length > TERMS ? [...terms.slice(0, TERMS - 1), terms.at(-1)] : terms;
    const more = terms.length - shown.length + hidden;
    return { tensor, terms: shown, more, sum: isWhole ? graph.tensors[tensor].gradient : null, waits: isWhole ? "" : known.partly.get(tensor) ?? "" };
  }).filter(({ terms, more, waits }) => terms.length && (terms.length + more > 1 || waits));
}

/** One meeting as a picture: A + B = sum. */
export function meetingPanel({ tensor, terms, more, sum, waits }, graph, texts) {
  const sign = (words) => h("span", { class: "sign" }, words);
  const parts = terms.flatMap(({ from, summary }, number) => [
    number > 0 && sign("+"), number === terms.length - 1 && more > 0 && [h("span", { class: "rule" }, fill(texts["more terms"], { count: more })), sign("+")],
    picture(summary, `${texts.from} ${from}`, texts.contribution)]);
  parts.push(sign("="), sum && !sum.later ? picture(sum, `${texts.gradient} · ${graph.tensors[tensor].name}`, texts.gradient) : h("span", { class: "rule waits" }, waits || "…"));
  return h("div", { class: "chain meeting" }, parts);
}

/** The same as a sentence. */
export function meetingWords({ tensor, terms, more, sum, waits }, graph, texts) {
  const told = terms.map(({ summary }) => bracketed(summary));
  if (more) told.splice(-1, 0, fill(texts["more terms"], { count: more }));
  const end = sum && !sum.later ? ` = ${bracketed(sum)}` : waits && ` · ${waits}`;
  return fill(texts.meet, { tensor: graph.tensors[tensor].name, sum: told.join(" + ") + end });
}

/** A summary in words; several numbers stand in brackets. */
function bracketed(summary) {
  const words = spoken(summary);
  return summary.exact && words.includes(" ") ? `[${words}]` : words;
}

/** Numbers or a heat map, with the words under it. */
export function picture(summary, words, caption) {
  return h("div", { class: "term" }, cells({ ...summary, note: "" }, "gradient", caption), h("span", { class: "name gradient" }, words));
}
