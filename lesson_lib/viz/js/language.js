// The language of a widget.

/** The language that a press on the button leads to: {code, name}. */
export function nextLanguage(model) {
  const catalogues = model.get("texts");
  const codes = Object.keys(catalogues);
  const code = codes[(codes.indexOf(model.get("language")) + 1) % codes.length];
  return { code, name: catalogues[code]["this language"] };
}

/** Buttons and labels change at once; what the kernel words, as soon as it answers. */
export function speakNext(model) {
  model.set("language", nextLanguage(model).code);
  model.save_changes();
}
