// Where we are in the film.
import { fill } from "./dom.js";
import { Player } from "./player.js";

const BEAT = 800; // milliseconds per frame while playing

/** A Player whose steps are frames: what there is to say about one comes later. */
export class FilmPlayer extends Player {
  constructor(count, position, words) {
    super({ length: count }, position);
    Object.assign(this, { words, beat: BEAT, known: null });
  }

  /** The kernel told about a frame. */
  told(number, { text }) {
    this.known = { number, text };
  }

  get step() {
    const text = this.known?.number === this.position ? this.known.text : fill(this.words, { number: this.position });
    return { kind: "start", text, at: null, flows: [] };
  }

  /** Nothing goes back in a film. */
  get turn() {
    return -1;
  }

  /** How far Page Up and Page Down go. */
  get leap() {
    return Math.max(1, Math.round(this.last / 10));
  }
}
