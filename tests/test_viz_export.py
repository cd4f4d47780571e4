"""A picture saved as SVG, PNG, PDF and DOT: what other programs find in the files."""

import io
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pypdf
import pytest
from PIL import Image

import lesson_lib as torch
from lesson_lib import viz
from lesson_lib.viz.theme import theme

ORANGE = tuple(int(theme("light")["gradient"][i : i + 2], 16) for i in (1, 3, 5))


@pytest.fixture(scope="module")
def graph():
    with viz.record():
        x = torch.ones(2, 2, requires_grad=True)
        y = x + 2
        out = (y * y * 3).mean()
    return viz.graph(out, step=-3)


def size_of(svg):
    return [float(number) for number in ElementTree.fromstring(svg).get("viewBox").split()[2:]]


def test_png(graph, tmp_path):
    graph.save(tmp_path / "g.png")
    with Image.open(tmp_path / "g.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    width, height = size_of(graph.svg())
    assert abs(pixels.shape[1] - 2 * width) <= 2 and abs(pixels.shape[0] - 2 * height) <= 2
    assert tuple(pixels[0, 0]) == (255, 255, 255)
    near_orange = (abs(pixels - ORANGE) < 8).all(-1)
    assert near_orange.sum() > 300  # the thick ring of the current step, and its arrow
    letters = (pixels.max(-1) < 90).sum()
    assert letters > 1000  # without a font there would be none


def test_a_dark_png_is_dark(tmp_path):
    x = torch.ones(1, requires_grad=True)
    viz.graph(x * 2, theme="dark").save(tmp_path / "g.png")
    with Image.open(tmp_path / "g.png") as picture:
        assert picture.convert("RGB").getpixel((0, 0)) == (0x16, 0x1B, 0x22)


def test_pdf(graph, tmp_path):
    graph.save(tmp_path / "g.pdf")
    reader = pypdf.PdfReader(io.BytesIO((tmp_path / "g.pdf").read_bytes()))
    (page,) = reader.pages
    assert [float(page.mediabox.width), float(page.mediabox.height)] == pytest.approx(size_of(graph.svg()), abs=0.1)
    words = page.extract_text().split()
    assert {"x", "out", "value", "gradient", "4.5", "×", "x̄", "0.75"} <= set(words)
    fonts = page["/Resources"]["/Font"]
    assert {str(font.get_object()["/BaseFont"]).partition("+")[2] for font in fonts.values()} >= {"DejaVuSansBook", "DejaVuSansBold"}
    assert "/XObject" not in page["/Resources"]  # lines and letters, no pixels


def test_only_these_endings(graph, tmp_path):
    for name in ("g.gif", "g"):
        with pytest.raises(ValueError, match="a picture is saved as .svg, .png, .pdf, .dot, .html, not as"):
            graph.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["svg", "png", "pdf", "dot", "html"])
def test_a_failure_leaves_the_old_file(graph, tmp_path, monkeypatch, ending):
    path = tmp_path / f"g.{ending}"
    path.write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        graph.save(path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("package", "ending"), [("resvg_py", "png"), ("fpdf", "pdf"), ("matplotlib", "png"), ("matplotlib", "pdf")])
def test_what_is_missing_is_said(package, ending, tmp_path):
    program = (
        f"import sys; sys.modules[{package!r}] = None; import lesson_lib as torch; from lesson_lib import viz\n"
        f"try: viz.graph(torch.ones(1, requires_grad=True) * 2).save({str(tmp_path / 'g')!r} + '.{ending}')\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"To save a picture as {ending.upper()}, run: python -m pip install ")
    assert list(tmp_path.iterdir()) == []
