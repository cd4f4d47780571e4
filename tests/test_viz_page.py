"""A graph saved as one HTML file: what stands in it, how large it is, and that nothing of the graph becomes markup or program. What it does: tests/browser."""

import json
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

import lesson_lib as torch
from benchmarks.gpt import GPT
from lesson_lib import nn, viz
from lesson_lib.viz.offline import LARGEST, MOST, offline_data
from lesson_lib.viz.page import STATIC, to_page
from lesson_lib.viz.shared import Shared

HOSTILE = "<script>alert(1)</script>\u2028<!--"
PROGRAMS = sum((STATIC / name).stat().st_size for name in ("engine.js", "page.js", "style.css", "THIRD_PARTY_LICENSES.txt"))


def s2():
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    return viz.graph((y * y * 3).mean())


@pytest.fixture(scope="module")
def gpt():
    torch.manual_seed(0)
    ids = torch.randint(0, 65, (4, 32))
    with viz.record():
        loss = nn.functional.cross_entropy(GPT()(ids).view(-1, 65), ids.view(-1))
    return viz.show(loss)


class Parts(HTMLParser):
    """The elements of a page, and the text of each script."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.scripts, self.policy, self.inside = [], {}, "", None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append((tag, found))
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        self.inside = found.get("id", "start") if tag == "script" else None

    def handle_data(self, data):
        if self.inside is not None:
            self.scripts[self.inside] = self.scripts.get(self.inside, "") + data

    def handle_endtag(self, tag):
        self.inside = None


def whole(value, parts):
    """What the page's script makes of taken-apart data."""
    if isinstance(value, list):
        return [whole(part, parts) for part in value]
    if isinstance(value, dict):
        return whole(parts[value["$"]], parts) if "$" in value else {key: whole(part, parts) for key, part in value.items()}
    return value


def test_what_is_written_once_is_put_together_again():
    data = {"a": [1, "the same words", {"b": "the same words", "c": None, "d": True}], "e": {"f": [0.5] * 40, "g": [0.5] * 40}}
    shared = Shared()
    assert whole(shared.put(data), shared.parts) == data
    assert sum("the same words" in json.dumps(part) for part in shared.parts) == 1


def test_the_page_has_every_step_of_the_graph_in_both_languages():
    graph = s2()
    data = offline_data(graph)
    (picture,) = data["pictures"]
    english, chinese = (whole(picture["languages"][code], data["parts"]) for code in ("en", "zh"))
    assert [step["text"] for step in english["steps"]] == [step.text for step in graph.model.steps]
    assert english["fragments"] == json.loads(json.dumps(graph.picture(graph.model)["fragments"]))
    assert chinese["steps"][0]["text"].startswith("开始")
    assert data["position"] == graph.model.now
    assert offline_data(viz.graph(torch.ones(1, requires_grad=True) * 2, step=-1))["position"] > 1


def test_a_folded_graph_has_the_nearest_pictures(gpt):
    data = offline_data(gpt)
    assert len(data["pictures"]) == MOST
    first = data["pictures"][0]
    pressed = {group["opens"] for group in gpt.picture(gpt.model)["groups"].values()}
    assert first["leads"].keys() == pressed  # whatever is pressed first opens or closes
    number, count = first["leads"][next(key for key, op in gpt.model.ops.items() if op.name == "Attention")]
    opened = whole(data["pictures"][number]["languages"]["en"], data["parts"])
    assert "Attention" in {group["name"] for group in opened["groups"].values() if group["open"]} and count == 44
    assert not any(step["later"] for step in opened["steps"])
    assert all(flow["parts"] is not None for flow in opened["flows"].values())  # the arithmetic, for which a widget asks
    assert data["pictures"][number]["until"][-1] == first["until"][-1]
    token = next(key for key, node in gpt.model.tensors.items() if node.name == "ids")
    window = whole(data["windows"][token]["en"], data["parts"])[f"{token}.value"]
    assert len(window["texts"]) == 4 and len(window["texts"][0]) == 16


def test_the_size_is_bounded(gpt):
    assert len(to_page(s2())) < PROGRAMS + 150_000
    assert len(to_page(gpt)) < PROGRAMS + 1.5 * LARGEST


def test_nothing_of_the_graph_is_markup_or_program():
    net = nn.Module()
    net.register_parameter(HOSTILE, nn.Parameter(torch.ones(2)))
    page = to_page(viz.graph(next(net.parameters()).sum(), model=net)).decode()
    found = Parts(page)
    assert [tag["id"] if "id" in tag else tag["type"] for name, tag in found.tags if name == "script"] == ["data", "program", "module", "licences"]
    assert page.count("<script") == page.count("</script") == 4 and "\u2028" not in found.scripts["data"]
    data = json.loads(found.scripts["data"])
    tensors = whole(data["pictures"][0]["languages"]["en"], data["parts"])["tensors"]
    assert HOSTILE in {node["name"] for node in tensors.values()}


def test_the_policy_allows_this_script_and_nothing_from_elsewhere():
    found = Parts(to_page(s2()).decode())
    fingerprint = b64encode(sha256(found.scripts["start"].encode()).digest()).decode()
    assert found.policy.startswith(f"default-src 'none'; script-src 'sha256-{fingerprint}' blob: 'wasm-unsafe-eval';")
    assert not {name for _, tag in found.tags for name in tag} & {"src", "href", "onclick", "onload"}
    assert json.loads(found.scripts["program"]) == (STATIC / "engine.js").read_text()
    assert "Graphviz" in found.scripts["licences"]


def test_a_reader_without_javascript_sees_the_picture_and_the_table():
    page = to_page(s2()).decode()
    still = re.search(r"<noscript>(.*?)</noscript>", page, re.S)[1]
    assert "<svg" in still
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>(.*?)</tr>", still)]
    assert any(row.startswith("|x||leaf||||2×2||1  1 ; 1  1||4.5  4.5 ; 4.5  4.5|") for row in rows), rows
    assert '<html lang="en">' in page and "<title>Computation graph of mean(y² · 3)</title>" in page


def test_it_needs_no_anywidget(tmp_path):
    program = (
        "import sys; sys.modules['anywidget'] = None; import lesson_lib as torch; from lesson_lib import viz\n"
        f"viz.show(torch.ones(1, requires_grad=True) * 2).save({str(tmp_path / 'g.html')!r})"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (tmp_path / "g.html").stat().st_size > PROGRAMS
