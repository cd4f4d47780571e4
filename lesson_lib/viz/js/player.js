// Where we are in the computation, and what is known there. Everything on screen listens to this one.

const BEAT = 1400; // milliseconds per step while playing

export class Player extends EventTarget {
  constructor(steps, position) {
    super();
    this.steps = steps;
    this.position = this.clamp(position);
    this.timer = null;
    this.beat = BEAT;
  }

  get step() {
    return this.steps[this.position];
  }

  get last() {
    return this.steps.length - 1;
  }

  /** The first step that goes back; -1 if none does. */
  get turn() {
    return this.steps.findIndex((step) => direction(step) === "backward");
  }

  get playing() {
    return this.timer !== null;
  }

  clamp(position) {
    return Math.min(Math.max(position, 0), this.steps.length - 1);
  }

  go(position) {
    const target = this.clamp(position);
    if (target === this.position) return;
    this.position = target;
    if (target === this.last) this.pause();
    this.dispatchEvent(new Event("step"));
  }

  move(by) {
    this.go(this.position + by);
  }

  toggle() {
    if (this.playing) return this.pause();
    if (this.position === this.last) this.go(0);
    this.timer = setInterval(() => this.move(1), this.beat);
    this.dispatchEvent(new Event("play"));
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.dispatchEvent(new Event("play"));
  }

  /** Other steps through the same graph: a value that is not followed has none on the way back. */
  take(steps, position = this.position) {
    this.steps = steps;
    this.position = this.clamp(position);
  }

  /** What is known at this position: sets of ids, and the words for gradients that are still being summed. */
  known() {
    const values = new Set();
    const gradients = new Set();
    const partly = new Map();
    for (const step of this.steps.slice(0, this.position + 1)) {
      step.values.forEach((id) => values.add(id));
      step.gradients.forEach((id) => gradients.add(id));
      step.partly.forEach(([id, words]) => partly.set(id, words));
    }
    return { values, gradients, partly, step: this.step, position: this.position, steps: this.steps };
  }
}

/** Ids of what is known otherwise after a move from one `known()` to another: null if it may be anything. */
export function touched(before, now) {
  if (!now.steps || before?.steps !== now.steps) return null; // nobody steps through a frame of a film
  const [from, to] = [before.position, now.position].sort((a, b) => a - b);
  const passed = now.steps.slice(from + 1, to + 1).flatMap((step) => [...step.values, ...step.gradients, ...step.partly.map(([id]) => id)]);
  const [one, other] = [before.memory.states, now.memory.states];
  const kept = [...one.keys(), ...other.keys()].filter((id) => one.get(id) !== other.get(id));
  return new Set([before.step.at, now.step.at, ...passed, ...kept]);
}

/** "forward" or "backward": the direction, and so the colour, of a step. */
export function direction(step) {
  return step.kind === "start" || step.kind === "forward" ? "forward" : "backward";
}
