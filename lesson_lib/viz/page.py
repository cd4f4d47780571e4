"""One HTML file that steps through a graph in any browser: no Python, no network. The programs of the widget are in it, and all that they show.

What belongs to the graph stands in the file as data, never as markup or program. The page's own policy forbids whatever is not in the file: the browser
runs the one script whose fingerprint it names, and the programs that this script takes out of the file.
"""

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from .offline import offline_data
from .static_table import table_html
from .svg import can_draw
from .texts import language, text
from .theme import COLOURS

STATIC = Path(__file__).parent / "static"
DRAWN = 400  # operations up to which a picture stands in the file for readers without JavaScript
PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}
body {{ margin: 0; padding: 16px; background: {light}; font: 13px/1.45 Helvetica, Arial, sans-serif; }}
@media (prefers-color-scheme: dark) {{ body {{ background: {dark}; }} }}
noscript svg {{ max-width: 100%; }}
</style>
</head>
<body>
<main id="graph"></main>
<noscript>{still}</noscript>
<script type="application/json" id="data">{data}</script>
<script type="application/json" id="program">{program}</script>
<script type="module">{script}</script>
<script type="text/plain" id="licences">{licences}</script>
</body>
</html>
"""


def to_page(graph):
    """The file for a Graph, as bytes."""
    script = _static("page.js")
    fingerprint = b64encode(sha256(script.encode()).digest()).decode()
    return PAGE.format(
        language=language(),
        policy=f"default-src 'none'; script-src 'sha256-{fingerprint}' blob: 'wasm-unsafe-eval'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        title=escape(_title(graph.model)),
        style=_static("style.css"),
        light=COLOURS["page"][0],
        dark=COLOURS["page"][1],
        still=_still(graph),
        data=_json(offline_data(graph)),
        program=_json(_static("engine.js")),
        script=script,
        licences=escape(_static("THIRD_PARTY_LICENSES.txt"), quote=False),
    ).encode()


def _static(name):
    return (STATIC / name).read_text(encoding="utf-8")


def _title(model):
    """``Computation graph of loss``."""
    return text("page title", name=", ".join(node.name for node in model.tensors.values() if node.kind == "loss"))


def _still(graph):
    """What a reader without JavaScript sees: the picture and the table."""
    picture = graph.svg() if can_draw() and len(graph.model.ops) <= DRAWN else ""
    return picture + table_html(graph.model)


def _json(data):
    """JSON that can stand in a script element: no character of it can end the element or begin a comment."""
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return written.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
