// Small helpers to make elements. Text always becomes a text node, never markup.

/** An element with attributes, listeners (`onclick`) and children; null and false children are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The same for a drawing. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** `template` with its `{name}`s filled in, as Python's `str.format` does. */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** ×-joined sizes, or the word for a scalar. */
export function shapeText(shape, texts) {
  return shape.join("×") || texts.scalar;
}

/** `shift` so that no room is wasted: a drawing larger than the frame fills it, a smaller one stands in its middle. `spare` is the room left. */
export function within(shift, spare) {
  return spare < 0 ? Math.min(Math.max(shift, spare), 0) : spare / 2;
}
