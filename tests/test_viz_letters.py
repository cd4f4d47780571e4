"""Words stay inside their cards, in whatever font: measured with DejaVu Sans, the widest that a picture meets, whose letters stand in every PNG and PDF."""

import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from PIL import ImageFont

import lesson_lib as torch
from benchmarks.gpt import GPT
from lesson_lib import nn, viz
from lesson_lib.viz.letters import LETTERS, text_width

SVG = "{http://www.w3.org/2000/svg}"
FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")
ROUNDING = 0.5  # points; a card's size is a whole number


def s2():
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    return viz.graph((y * y * 3).mean(), step=-3)


def numbers():
    """Numbers of all lengths, a complex one among them."""
    wild = torch.tensor([[-1.25e-4, 123456.0], [-0.125, 99999.0]], requires_grad=True)
    turned = torch.tensor([[1.5 - 2.25j, -0.125 + 1e-5j]], requires_grad=True)
    return viz.graph((wild * -3.14159).exp(), (turned * turned).abs())


def gpt():
    torch.manual_seed(0)
    ids = torch.randint(0, 65, (4, 32))
    with viz.record():
        loss = nn.functional.cross_entropy(GPT()(ids).view(-1, 65), ids.view(-1))
    return viz.show(loss)


def conv():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 10))
    with viz.record():
        loss = nn.functional.cross_entropy(net(torch.randn(2, 1, 8, 8)), torch.tensor([1, 2]))
    return viz.show(loss)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("made", [s2, numbers, gpt, conv])
def test_no_text_is_wider_than_its_card(made, language):
    viz.language(language)
    try:
        drawn = made().svg()
    finally:
        viz.language("en")
    assert [row for row in measured(drawn) if row[0] < -ROUNDING] == []
    assert len(list(measured(drawn))) > 10


@pytest.mark.parametrize("made", [gpt, conv])
def test_headings_stay_within_their_frames(made):
    root = ElementTree.fromstring(made().svg())
    found = 0
    for group in root.iter(f"{SVG}g"):
        if "group" not in group.get("class", "").split():
            continue
        frame, heading = group.find(f"{SVG}path"), group.find(f"{SVG}text")
        right = max(float(x) for x, _ in re.findall(r"(-?[\d.]+),(-?[\d.]+)", frame.get("d")))
        assert float(heading.get("x")) + width_of(heading) <= right, "".join(heading.itertext())
        found += 1
    assert found > 0


def test_the_table_of_widths_is_that_of_the_font():
    for bold in (False, True):
        for letter in LETTERS:
            assert 0 <= text_width(letter, 100, bold) - font(bold).getlength(letter) / 10 <= 1.01, letter
    assert text_width("ȳ", 10) == text_width("y", 10)


# --- measuring ------------------------------------------------------------------------------------------------------


@cache
def font(bold):
    return ImageFont.truetype(str(FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")), 1000)


def real_width(words, size, bold):
    """In points; Chinese letters, which DejaVu has not, are as wide as they are high."""
    chinese = sum(ord(letter) >= 0x2E80 for letter in words)
    return chinese * size + font(bold).getlength("".join(letter for letter in words if ord(letter) < 0x2E80)) * size / 1000


def width_of(text):
    """The width of a <text>, its <tspan>s included."""
    parts = [(text.text, text), *((part.text, part) for part in text)]
    gaps = sum(float(part.get("dx", 0)) for part in text)
    return gaps + sum(real_width(words, float(part.get("font-size")), part.get("font-weight") == "bold") for words, part in parts if words and words.strip())


def measured(svg):
    """(room that is left, words) for every text on a card, and for every number in its cell."""
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        frame = group.find(f"{SVG}rect[@class]")
        if frame is None or not frame.get("class").startswith("frame"):
            continue
        left, room = float(frame.get("x")), float(frame.get("width"))
        for text in group.iter(f"{SVG}text"):
            start, width = float(text.get("x")), width_of(text)
            if text.get("text-anchor") == "middle":
                start -= width / 2
            if start < left + room:  # a caption beside a circle stands outside of it
                yield min(start - left, left + room - start - width), "".join(text.itertext())
        for cells in group.iter(f"{SVG}g"):
            if cells.get("class") == "cells":
                widths = {float(width) for path in cells.iter(f"{SVG}path") for width in re.findall(r"h([\d.]+)v", path.get("d"))}
                yield from ((min(widths) - width_of(text), text.text) for text in cells.iter(f"{SVG}text"))
