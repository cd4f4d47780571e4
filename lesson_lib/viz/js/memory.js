// What the graph holds for the way back: saved by an operation going forward, freed when that operation is through going back.
import { fill } from "./dom.js";

export const ROLES = ["role input", "role output", "role own"]; // as saved.py numbers them

/** {states: id of a tensor → "saved" | "freed", holders: id → operations that hold it, tensors, bytes, leafBytes, saved, freed} at `position`. */
export function memoryAt(graph, steps, position) {
  const states = new Map();
  const holders = new Map(); // what is saved → {entry, ops}
  const found = { states, saved: [], freed: [], tensors: 0, bytes: 0, leafBytes: 0, holders };
  steps.slice(0, position + 1).forEach((step, number) => {
    const entries = graph.saved[step.at] ?? [];
    const news = { saved: [], freed: [] };
    if (step.kind === "forward") for (const entry of entries) take(holders, states, step.at, entry, news.saved);
    if (step.kind === "backward") for (const entry of entries) release(holders, states, step.at, entry, news.freed);
    if (number === position) Object.assign(found, news);
  });
  const sizes = new Map();
  for (const { entry } of holders.values()) {
    const [, , memory, bytes, leaf, count] = entry;
    found.tensors += count;
    if (sizes.has(memory)) continue;
    sizes.set(memory, bytes);
    found.bytes += bytes;
    if (leaf) found.leafBytes += bytes;
  }
  return found;
}

function identity([tensor, , memory]) {
  return tensor ?? `memory ${memory}`;
}

function take(holders, states, op, entry, news) {
  const key = identity(entry);
  if (!holders.has(key)) {
    holders.set(key, { entry, ops: new Set() });
    news.push(entry);
  }
  holders.get(key).ops.add(op);
  if (entry[0]) states.set(entry[0], "saved");
}

function release(holders, states, op, entry, news) {
  const key = identity(entry);
  holders.get(key)?.ops.delete(op);
  if (holders.get(key)?.ops.size !== 0) return;
  holders.delete(key);
  news.push(entry);
  if (entry[0]) states.set(entry[0], "freed");
}

/** "1 tensor, 16 bytes · saved now: y": the running figure, in words. */
export function heldWords(graph, texts, memory, isNaive) {
  const tensors = memory.tensors === 1 ? texts["one tensor"] : fill(texts.tensors, { count: memory.tensors });
  const words = [fill(texts.held, { tensors, bytes: bytesText(memory.bytes, texts) })];
  if (memory.leafBytes) words.push(fill(texts["held leaves"], { bytes: bytesText(memory.leafBytes, texts) }));
  if (isNaive) return [...words, texts["naive held"]].join(" · ");
  for (const what of ["saved", "freed"]) {
    if (memory[what].length) words.push(fill(texts[`now ${what}`], { names: names(graph, texts, memory[what]) }));
  }
  return words.join(" · ");
}

/** The names of what was saved; arrays without a card are counted. */
export function names(graph, texts, entries) {
  const known = entries.filter(([tensor]) => tensor).map(([tensor]) => graph.tensors[tensor].name);
  const own = entries.filter(([tensor]) => !tensor).reduce((sum, entry) => sum + entry[5], 0);
  if (own) known.push(own === 1 ? texts["role own"] : fill(texts.arrays, { count: own }));
  return known.join(", ");
}

/** "48 bytes" up to a thousand, else "24.6 kB". */
export function bytesText(bytes, texts) {
  if (bytes < 1000) return fill(texts.bytes, { count: bytes });
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${["", "kB", "MB", "GB", "TB"][power]}`;
}
