// The words and the arithmetic of steps that did not travel with the graph: fetched for the step on screen, and ahead of the reader for those that come next.
import { tell } from "./kernel.js";

const AHEAD = 12; // steps: more than a reader who holds an arrow key passes while the kernel answers

export class Words {
  /** `ask` is the kernel; `arrived` is told when the words of the step on screen came. */
  constructor(graph, player, ask, arrived) {
    Object.assign(this, { graph, player, ask, arrived });
    this.asked = new WeakSet(); // steps
    this.before = -1; // the position at the last look
  }

  /** Fetch what is missing here; and, before the last of what was fetched ahead is reached, what follows in the direction of the reader. */
  look() {
    const { position } = this.player;
    const way = position < this.before ? -1 : 1;
    this.before = position;
    const next = Array.from({ length: AHEAD }, (_, ahead) => position + way * ahead);
    const missing = next.filter((number) => this.isMissing(this.graph.steps[number]));
    if (missing[0] === position || missing.length > AHEAD / 2) this.fetch(missing);
  }

  isMissing(step) {
    return Boolean(step?.later) && !this.asked.has(step);
  }

  async fetch(numbers) {
    const wanted = numbers.map((number) => this.graph.steps[number]);
    for (const step of wanted) this.asked.add(step);
    const { steps } = await this.ask.steps(numbers).catch(() => ({ steps: [] }));
    for (const step of wanted) this.asked.delete(step); // a busy kernel may be asked again
    const current = steps.filter(({ number }) => wanted.includes(this.graph.steps[number])); // else a number was changed since
    for (const told of current) tell(this.graph, told);
    if (current.some(({ number }) => number === this.player.position)) this.arrived();
  }
}
