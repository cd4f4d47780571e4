// Words on arrows keep clear of headings: the same rule as in ../clearing.py.

const [ABOVE, BELOW] = [11, 4]; // of the base line of a heading: the room that is the heading's own
const [ASCENT, DESCENT] = [8, 2]; // of a line of small print
const LETTER = 6; // points, nearly

/** How far down to move lines of text {x, y, words} about the same middle; `rows` are the headings, {left, right, base}. */
export function clear(lines, rows) {
  const half = (LETTER * Math.max(...lines.map(({ words }) => words.length))) / 2;
  const [top, bottom] = [Math.min(...lines.map(({ y }) => y)) - ASCENT, Math.max(...lines.map(({ y }) => y)) + DESCENT];
  let moved = 0;
  for (const { left, right, base } of rows.toSorted((one, other) => one.base - other.base)) {
    const across = left < lines[0].x + half && lines[0].x - half < right;
    if (across && top + moved < base + BELOW && base - ABOVE < bottom + moved) moved = base + BELOW + 1 - top;
  }
  return moved;
}

/** Move the words on the arrows of a laid-out drawing. */
export function clearLabels(stage, rows) {
  for (const edge of rows.length ? stage.querySelectorAll(".edge") : []) {
    const texts = [...edge.querySelectorAll("text")].filter((text) => text.textContent);
    if (!texts.length) continue;
    const moved = clear(texts.map((text) => ({ x: Number(text.getAttribute("x")), y: Number(text.getAttribute("y")), words: text.textContent })), rows);
    for (const text of moved ? texts : []) text.setAttribute("y", Number(text.getAttribute("y")) + moved);
  }
}
