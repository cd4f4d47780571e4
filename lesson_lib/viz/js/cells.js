// A tensor's numbers as a small table, each cell as deep in colour as the number is large.
import { h } from "./dom.js";

/** The table for a summary {texts, heat, note}; `role` is "value" or "gradient". `caption` names it for screen readers. `edit(text, row, column)` makes a field. */
export function cells(summary, role, caption, edit = (text) => text) {
  const rows = summary.heat.map((row, i) =>
    h("tr", {}, row.map((share, j) => {
      const cell = h("td", { class: share < 0 ? `${role} negative` : role }, summary.texts.length ? edit(summary.texts[i][j], i, j) : "");
      cell.style.setProperty("--depth", `${Math.round(Math.abs(share) * 50 + 5)}%`);
      return cell;
    })),
  );
  const table = h("table", { class: "cells", "aria-label": caption }, h("tbody", {}, rows));
  const look = summary.texts.length ? "numbers" : "numbers dense";
  return h("figure", { class: look }, h("div", { class: "scroll", tabindex: rows.length > 6 ? "0" : null }, table), summary.note && h("figcaption", {}, summary.note));
}
