// A badge on each tensor that the graph keeps for the way back: a full square and a word, and after it is freed an empty one and another word.

const SIDE = 5; // of the square, in points

/** Put the badges of `states` (id → "saved" | "freed") on the drawn `nodes`. A value that is a line has its square at the operation that made it. `isWide`: no line leaves a card below. */
export function markSaved(nodes, graph, texts, states, isWide) {
  const wires = new Set(graph.wires);
  const wanted = new Map();
  for (const [id, state] of states) {
    const at = wires.has(id) ? graph.tensors[id].madeBy : id;
    if (wanted.get(at)?.state !== "saved") wanted.set(at, { state, brief: Boolean(graph.wires.length) || !graph.tensors[at] });
  }
  for (const [id, group] of nodes) {
    const badge = group.querySelector(".badge");
    const { state, brief } = wanted.get(id) ?? {};
    const words = state && texts[state === "saved" && !isWide ? "badge saved" : `is ${state}`];
    if (badge?.dataset.state === state && badge?.dataset.words === words) continue;
    badge?.remove();
    const frame = state && group.querySelector(".frame"); // a box that is out of sight has none yet
    if (frame) group.append(draw(frame, state, brief, words));
  }
}

/** A pill over the lower side of the frame. */
function draw(frame, state, brief, words) {
  const make = (name, attributes) => {
    const element = document.createElementNS(frame.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const [x, y, across, height] = ["x", "y", "width", "height"].map((name) => Number(frame.getAttribute(name)));
  const letters = [...words].reduce((sum, letter) => sum + (letter > "\u2e80" ? 8.4 : 4.7), 0);
  const width = brief ? SIDE + 6 : SIDE + letters + 12;
  const left = brief ? 8 : Math.min(8, (across - width) / 2); // a long word stands in the middle of a narrow card
  const badge = make("g", { class: `badge ${state}`, transform: `translate(${x + left} ${y + height})` });
  badge.dataset.state = state;
  badge.dataset.words = words;
  const title = make("title", {});
  title.textContent = words;
  badge.append(title, make("rect", { class: "pill", x: 0, y: -5.5, width, height: 11, rx: 5.5 }), make("rect", { class: "square", x: brief ? 3 : 5, y: -SIDE / 2, width: SIDE, height: SIDE }));
  if (!brief) {
    const text = make("text", { x: SIDE + 8, y: 2.8, "font-size": 8 });
    text.textContent = words;
    badge.append(text);
  }
  return badge;
}
