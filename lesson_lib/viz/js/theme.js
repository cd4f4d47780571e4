// Light or dark, as the page around the widget is: JupyterLab and Notebook say so on <body>, VS Code and Colab in
// their own ways, everything else through the browser's preference.

const preference = window.matchMedia("(prefers-color-scheme: dark)");

export function isDark() {
  const { body, documentElement } = document;
  if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
  if (body.dataset.vscodeThemeKind) return !body.dataset.vscodeThemeKind.endsWith("light");
  if (documentElement.getAttribute("theme")) return documentElement.getAttribute("theme") === "dark";
  return preference.matches;
}

/** Keep the colours of `root` right for as long as `signal` is not aborted. `palette`: role → [light, dark]. */
export function followTheme(root, palette, signal) {
  const apply = () => {
    const dark = isDark();
    root.dataset.theme = dark ? "dark" : "light";
    for (const [role, pair] of Object.entries(palette)) root.style.setProperty(`--graph-${role.replaceAll("_", "-")}`, pair[dark ? 1 : 0]);
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["theme"] });
  preference.addEventListener("change", apply, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  apply();
}

/** True if the reader asked their system for less motion. */
export function stillness() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
