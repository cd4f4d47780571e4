// What may stand beneath a graph: findings to choose from, or a failure and its fixes.
import { FailurePanel } from "./failure.js";
import { PickList } from "./picks.js";

/** The panel for what came with the graph: its element, and the keys that it listens to. */
export function panelOf(graph, texts, { look, folding }) {
  const say = (words) => folding.say(words);
  if (graph.picks) return new PickList(graph.picks, texts, { choose: ({ at }) => at && look(at), state: folding, say });
  if (graph.failure) return new FailurePanel(graph.failure, texts, { say });
  return { element: null, keys: {} };
}
