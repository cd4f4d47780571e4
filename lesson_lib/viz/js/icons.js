// The toolbar's icons, drawn here because the characters ⏮ and ⏵ are missing from many fonts.

const PATHS = {
  first: "M5 4v12M16 4.5 8 10l8 5.5z",
  back: "M13.5 4.5 5.5 10l8 5.5z",
  play: "M6 4l10 6-10 6z",
  pause: "M6.5 4.5v11M13.5 4.5v11",
  next: "M6.5 4.5l8 5.5-8 5.5z",
  last: "M15 4v12M4 4.5l8 5.5-8 5.5z",
  "change before": "M6 6.5 2.5 10 6 13.5zM9 14.5l4-9 4 9z",
  "change after": "M14 6.5l3.5 3.5-3.5 3.5zM3 14.5l4-9 4 9z",
  "zoom in": "M8.5 3a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM12.7 12.7 17 17M8.5 6v5M6 8.5h5",
  "zoom out": "M8.5 3a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM12.7 12.7 17 17M6 8.5h5",
  fit: "M3 7.5V3h4.5M12.5 3H17v4.5M17 12.5V17h-4.5M7.5 17H3v-4.5",
  "as table": "M3 4h14v12H3zM3 8h14M3 12h14M8.5 4v12",
  "as graph": "M5 5.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM15 3a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM15 12.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM7 7l6-1.5M6.5 9l7 4.5",
  naive: "M10 3v4M10 7 4.5 11v5M10 7l5.5 4v5M4.5 11l11 5M15.5 11l-11 5",
  close: "M5 5l10 10M15 5 5 15",
};
const FILLED = new Set(["first", "back", "play", "next", "last", "change before", "change after"]);

/** An icon by name, as an SVG element that screen readers skip. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", FILLED.has(name) ? "icon filled" : "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
