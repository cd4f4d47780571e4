"""The words on arrows lie on no heading of an open module, whichever modules are open and whatever step is shown."""

from itertools import combinations
from xml.etree import ElementTree

import pytest

import lesson_lib as torch
from benchmarks.gpt import GPT
from lesson_lib import nn, viz
from lesson_lib.viz.card import text_width
from lesson_lib.viz.clearing import SVG
from lesson_lib.viz.clearing import clear as moved

OPENED = ["blocks.0.attn", "blocks.0.mlp", "blocks.0.attn.q", "blocks.5.mlp"]


def boxes(picture):
    """(left, top, right, bottom, words) of every heading, and of all words on arrows."""
    headings, labels = [], []
    for group in ElementTree.fromstring(picture).iter(f"{SVG}g"):
        kinds = group.get("class", "").split()
        for text in group.findall(f"{SVG}text"):
            x, y, words = float(text.get("x")), float(text.get("y")), "".join(text.itertext())
            if "group" in kinds:
                width = sum(text_width(span.text, float(span.get("font-size")), bold=span.get("font-weight") == "bold") + 6 for span in text)
                headings.append((x, y - 10, x + width, y + 3, words))
            elif "edge" in kinds and words:
                width = text_width(words, 9)
                labels.append((x - width / 2, y - 7, x + width / 2, y + 2, words))
    return headings, labels


def over(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.fixture(scope="module")
def loss():
    torch.manual_seed(0)
    gpt, ids = GPT(), torch.randint(0, 65, (4, 32))
    with viz.record():
        loss = nn.functional.cross_entropy(gpt(ids).view(-1, 65), ids.view(-1))
    return loss


@pytest.mark.parametrize("opened", [pair for count in (1, 2) for pair in combinations(OPENED, count)], ids="+".join)
def test_no_shape_lies_on_a_heading(loss, opened):
    headings, labels = boxes(viz.show(loss, opened=list(opened)).svg())
    assert len(headings) >= 3
    assert len(labels) > 10
    assert not [(heading[4], label[4]) for heading in headings for label in labels if over(heading, label)]


def test_nested_headings_are_passed_one_after_the_other():
    assert moved([(50, 100, "2×3")], [(0, 90, 104), (0, 90, 121)]) == 34  # under the first it would lie on the second
    assert moved([(50, 100, "2×3"), (50, 111, "= 4")], [(0, 90, 104)]) == 17
    assert moved([(150, 100, "2×3")], [(0, 90, 104)]) == 0
    assert moved([(50, 100, "2×3")], []) == 0


def test_deep_modules_and_steps():
    net = nn.Sequential(*[nn.Sequential(nn.Linear(8, 8), nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)), nn.ReLU()) for _ in range(12)])
    shown = viz.show(net, torch.ones(2, 8), opened=["0.1", "1", "3.1"])
    for step in (None, 3, len(shown.model.steps) - 2):
        headings, labels = boxes(shown.svg(step=step))
        assert not [(heading[4], label[4]) for heading in headings for label in labels if over(heading, label)]
