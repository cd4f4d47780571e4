// The programs of all widgets that show graphs. They come once per kernel, with the engine, by the name that a widget has for its own.
import film from "./film.js";
import view from "./view.js";

export const programs = { film, view };
