// What the kernel tells about the frames and graphs of a film. Each is asked for when it is looked at, and the last ones are kept.
import { questions } from "./kernel.js";

const FRAMES = 400; // words of frames that are kept
const GRAPHS = 12;

export class FilmSource {
  constructor(model, signal) {
    this.words = questions(model, signal, GRAPHS);
    this.graphs = questions(model, signal, GRAPHS);
    this.kept = new Map(); // number → what was told, the oldest first
  }

  /** What there is to say about these frames, in one question. */
  async frames(numbers) {
    const found = new Map(numbers.map((number) => [number, this.kept.get(number)]));
    const missing = [...found.keys()].filter((number) => !found.get(number));
    if (missing.length) {
      const { frames } = await this.words.ask(`frames ${missing}`, { type: "frames", numbers: missing });
      for (const number of missing) {
        found.set(number, frames[number]);
        this.kept.set(number, frames[number]);
      }
      while (this.kept.size > FRAMES) this.kept.delete(this.kept.keys().next().value);
    }
    return numbers.map((number) => found.get(number));
  }

  async frame(number) {
    return (await this.frames([number]))[0];
  }

  structure(number) {
    return this.graphs.ask(`structure ${number}`, { type: "structure", number });
  }

  /** The same graph with another module open; what is marked in it stands elsewhere then. */
  toggle(number, token) {
    this.kept.clear();
    this.words.asked.clear();
    this.graphs.asked.clear();
    return this.graphs.ask(`structure ${number}`, { type: "structure", number, toggle: token });
  }

  async window(structure, id, which) {
    return (await this.words.ask(`window ${structure} ${id}.${which}`, { type: "window", structure, id, which })).window;
  }
}
