// The icons, drawn here because the characters ⏮ and ⏵ are missing from many fonts.

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
  // kinds of trouble, and a difference
  nan: "M7 7.5a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M10 15.8v.2",
  inf: "M10 10C8 7 6.8 6.5 5.5 6.5a3.5 3.5 0 0 0 0 7C6.8 13.5 8 13 10 10s3.2-3.5 4.5-3.5a3.5 3.5 0 0 1 0 7C13.2 13.5 12 13 10 10z",
  vanishing: "M3 4v12M7 6.5v7M11 8.5v3M15 9.7v.6",
  exploding: "M5 9.7v.6M9 8.5v3M13 6.5v7M17 4v12",
  dead: "M3 15h7l5-9M4 4l5 5M9 4 4 9",
  unused: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5.5 14.5l9-9",
  broadcast: "M7 10H2.5M5 7.5 2.5 10 5 12.5M13 10h4.5M15 7.5l2.5 2.5-2.5 2.5M10 4v12",
  detached: "M3 10h4M13 10h4M9 5 8 15M12 5l-1 10",
  only: "M10 3v9M5.5 7.5h9M5.5 16h9",
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
