// Bundles the widget modules, the start of a saved page, and the style sheet into ../static (or into the folder given), with the licences of
// what is in them. The same input always gives the same bytes; a test compares them with the committed files.
import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../static");
mkdirSync(out, { recursive: true });

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["engine.js", "graph.js", "page.js", "compare.js", "census.js", "style.css"],
  outdir: out,
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  metafile: true,
});

writeFileSync(join(out, "THIRD_PARTY_LICENSES.txt"), licences(metafile));

/** The licence texts of every package that the bundle contains. */
function licences(meta) {
  const inside = Object.keys(meta.inputs).flatMap((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []);
  const parts = [...new Set(inside)].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence file`);
    const text = readFileSync(join(folder, file), "utf8").trim();
    return `${name} ${version} (${license})\n\n${text}`;
  });
  const rule = "\n\n" + "-".repeat(80) + "\n\n";
  return `The files in this folder contain the following works.\n\n${parts.join(rule)}${rule}${graphviz()}\n`;
}

/** wasm-graphviz carries Graphviz itself, and Expat, which reads its HTML labels, as WebAssembly. */
function graphviz() {
  return readFileSync(join(here, "licenses", "graphviz.txt"), "utf8").trim();
}
