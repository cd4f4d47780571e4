// A frame's graph, in which what was not there in the frame before is marked: by a dashed outline, a plus and a word.
import { Canvas } from "./canvas.js";
import { h, svg } from "./dom.js";

const OUT = 5; // points between a frame and the outline around it

export class FilmCanvas extends Canvas {
  marks = {}; // id → the words at it

  /** Mark these, and nothing else; the first of them comes into sight. */
  marked(marks) {
    this.marks = marks;
    if (!this.svg) return;
    this.apply(this.known);
    const first = this.order.find((id) => marks[id]);
    if (first) this.viewport.follow(this.places.get(first));
  }

  mark() {
    super.mark();
    if (!Object.keys(this.marks).length && !this.wasMarked) return;
    for (const [id, group] of this.nodes) {
      const [frame, old] = [group.querySelector(".frame"), group.querySelector(".appeared")];
      if (old?.textContent === `+ ${this.marks[id]}`) continue;
      old?.remove();
      if (this.marks[id] && frame) group.append(outline(frame, this.marks[id]));
    }
    this.wasMarked = Object.keys(this.marks).length > 0;
  }

  label(group, id, words) {
    super.label(group, id, this.marks[id] ? `${words}, ${this.marks[id]}` : words);
  }
}

function outline(frame, words) {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(frame.getAttribute(name)));
  return svg("g", { class: "appeared" },
    svg("rect", { x: x - OUT, y: y - OUT, width: width + 2 * OUT, height: height + 2 * OUT, rx: 10 }),
    svg("text", { x: x - OUT + 2, y: y - OUT - 3, "font-size": 9 }, `+ ${words}`));
}

/** The same in the rows of the table: id → row. */
export function markRows(rows, marks) {
  for (const [id, row] of rows) {
    row.querySelector(".mark")?.remove();
    if (marks[id]) row.firstChild.append(h("span", { class: "mark" }, " ", h("span", { class: "appeared" }, `+ ${marks[id]}`)));
  }
}
