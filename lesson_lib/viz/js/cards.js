// The cards and numbers of a large graph are fetched when they come into sight: what travels with it is its outline.
import { listen } from "./listen.js";

const AT_ONCE = 64; // boxes that one question asks for

export class Cards {
  /** `arrived` is told the ids of what came, which then stands in `graph`. */
  constructor(model, graph, signal, arrived) {
    Object.assign(this, { model, graph, arrived });
    this.complete = new Set(); // ids of tensors and operations whose facts are here
    this.waiting = { sight: [], table: [] };
    this.key = null;
    listen(model, signal, { "msg:custom": (message) => message.type === "cards" && this.receive(message) });
  }

  /** Fetch what of `ids` is not here. `where` is "sight" or "table": what was wanted there before and did not come is wanted no more. */
  want(ids, where = "sight") {
    if (!this.graph.follows) return;
    this.waiting[where] = ids.filter((id) => !this.isHere(id));
    this.next();
  }

  isHere(id) {
    return id in this.graph.references ? id in this.graph.fragments : this.complete.has(id);
  }

  /** One question at a time: a reader who scrolls fast is not followed by a long queue. */
  next() {
    if (this.key !== null) return;
    const { sight, table } = this.waiting;
    const ids = (sight.length ? sight : table).splice(0, AT_ONCE);
    if (!ids.length) return;
    this.key = `cards ${Math.random()}`;
    this.model.send({ type: "cards", key: this.key, ids });
  }

  /** Another view of the same graph may have asked. */
  receive({ key, fragments, tensors, ops }) {
    if (key === this.key) this.key = null;
    this.takeIn(fragments, tensors, ops);
    const ids = [...Object.keys(fragments), ...Object.keys(tensors)];
    for (const where of ["sight", "table"]) this.waiting[where] = this.waiting[where].filter((id) => !this.isHere(id));
    this.arrived(new Set(ids));
    this.next();
  }

  takeIn(fragments, tensors, ops = {}) {
    Object.assign(this.graph.fragments, fragments);
    Object.assign(this.graph.tensors, tensors);
    Object.assign(this.graph.ops, ops);
    for (const id of [...Object.keys(tensors), ...Object.keys(ops)]) this.complete.add(id);
  }

  /** Numbers were changed: those that did not come along have to be fetched again. */
  renew(fragments, tensors, seen) {
    const { graph } = this;
    for (const id of Object.keys(graph.fragments)) if (graph.tensors[id]) delete graph.fragments[id];
    for (const id of [...this.complete].filter((id) => graph.tensors[id])) {
      this.complete.delete(id);
      graph.tensors[id] = outline(graph.tensors[id]);
    }
    Object.assign(graph.tensors, tensors);
    Object.assign(graph.fragments, fragments);
    for (const id of seen) if (tensors[id]) this.complete.add(id);
  }
}

/** A tensor without its numbers. */
function outline(tensor) {
  const later = { texts: [], heat: [], exact: false, note: "", later: true, shape: tensor.shape };
  return { ...tensor, value: tensor.value && later, gradient: tensor.gradient && later, grad: tensor.grad && later };
}
