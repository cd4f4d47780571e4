// What stands out in a graph: a sign and a word on the upper side of a card, an operation or a closed module.

const SIZE = 9; // of the word, in points; the kernel measured it so
const HEIGHT = 14;

/** Put the marks (id → {tone, sign, word, width}) on those of the drawn `nodes` that have none yet. */
export function drawMarks(nodes, marks = {}) {
  for (const [id, mark] of Object.entries(marks)) {
    const group = nodes.get(id);
    const frame = group?.querySelector(".frame"); // a box that is out of sight has none yet
    group?.setAttribute("aria-description", mark.word);
    if (!frame || group.classList.contains("marked")) continue;
    group.classList.add("marked", mark.tone);
    layerOf(group).append(pill(group, frame, mark));
  }
}

/** Above everything else that was drawn: arrows may pass where the words stand. */
function layerOf(group) {
  const stage = group.parentNode;
  if (stage.lastChild.getAttribute("class") !== "marks") {
    const layer = stage.querySelector(":scope > .marks") ?? document.createElementNS(group.namespaceURI, "g");
    layer.setAttribute("class", "marks");
    stage.append(layer);
  }
  return stage.lastChild;
}

/** `! dead` behind the name of a marked thing. */
export function markWords(graph, id) {
  const mark = graph.marks?.[id];
  return mark ? ` ${mark.sign} ${mark.word}` : "";
}

/** Sign and word at the upper right corner; where the frame is too narrow for them they stick out to the right. */
function pill(group, frame, { tone, sign, word, width }) {
  const [x, y, wide] = ["x", "y", "width"].map((name) => Number(frame.getAttribute(name)));
  const whole = width + 24;
  const left = Math.max(x + wide - whole + 6, Math.min(x + wide / 2, x + wide - 8));
  const element = (tag, look, ...children) => {
    const made = document.createElementNS(frame.namespaceURI, tag);
    for (const [name, value] of Object.entries(look)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  return element("g", { class: `mark ${tone}`, transform: `${group.getAttribute("transform")} translate(${left} ${y - HEIGHT + 4})` },
    element("rect", { width: whole, height: HEIGHT, rx: HEIGHT / 2 }),
    element("text", { x: 9, y: HEIGHT / 2 + 3.2, "text-anchor": "middle", "font-size": SIZE }, sign),
    element("text", { x: 17, y: HEIGHT / 2 + 3.2, "font-size": SIZE }, word));
}
