"""Marks on graphs so large that they travel as outlines, in a real JupyterLab in a real browser: trouble, and what differs between two."""

import pytest

from .helpers import shown

SETUP = """\
import lesson_lib as torch
from lesson_lib import viz
def loss(middle):
    x = torch.ones(2, requires_grad=True)
    with viz.record():
        h = x
        for _ in range(100):
            h = h * 1.01 + x
        h = middle(h)
        for _ in range(100):
            h = h * 1.01
        return h.sum()"""
TROUBLE = "viz.trouble(loss(lambda h: (h - 1e6).log()))"
COMPARE = "viz.compare(loss(lambda h: h.log()), loss(lambda h: h.tanh()))"
CELLS = (SETUP, TROUBLE, COMPARE)
SIZE = (1500, 1300)

pytestmark = pytest.mark.browser


def test_a_finding_far_away_is_drawn_and_marked_when_it_is_chosen(notebook):
    root = shown(notebook, 1, "svg .op .frame", "attached")
    log = root.locator('svg .op[aria-label^="operation log"]')
    assert log.locator(".frame").count() == 0  # an outline
    assert root.locator("svg .op").count() > 300
    root.locator(".pick", has_text="log made 2 of 2 numbers NaN").click()
    root.locator("svg .mark", has_text="NaN").first.wait_for()
    assert log.get_attribute("aria-description") == "NaN"
    assert log.locator(".frame").evaluate("frame => getComputedStyle(frame).fill") == "rgb(255, 240, 201)"


def test_a_difference_far_away_is_drawn_and_marked_on_both_sides(notebook):
    root = shown(notebook, 2, "svg .op .frame", "attached")
    root.locator(".pick").first.click()
    for side, name in enumerate(("log", "tanh")):
        node = root.locator(".side").nth(side).locator(f'svg .selected.marked[aria-label="operation {name}"]')
        node.wait_for()
        root.locator(".side").nth(side).locator("svg .mark", has_text="only here").first.wait_for()


def test_nothing_failed(notebook):
    assert notebook.problems == []
