"""The HTML of a tensor: right numbers, small, the same every time, nothing unescaped."""

from html.parser import HTMLParser

import pytest

import lesson_lib as torch
from lesson_lib.core.heatmap import tensor_html


class Table(HTMLParser):
    """The texts of the cells, row by row, and whether all tags were closed in order."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.open, self.colours = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.colours.append(dict(attributes)["style"].rpartition("background:")[2])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] == "td":
            self.rows[-1].append(data)


def test_values_and_title():
    html = tensor_html(torch.tensor([[1.0, -2.5], [0.0, float("nan")]]))
    assert Table(html).rows == [["1", "-2.5"], ["0", "nan"]]
    assert "tensor [2, 2] · torch.float32 · cpu" in html


def test_colours_follow_sign_and_size():
    positive, negative, zero, infinite = Table(tensor_html(torch.tensor([1.0, -2.0, 0.0, float("inf")]))).colours
    assert positive == "rgba(230,120,20,0.30)" and negative == "rgba(40,110,220,0.60)"
    assert zero == infinite == "none"


@pytest.mark.parametrize("shape", [(1000, 1000), (10**6,), (50, 60, 70), (2, 3, 4, 5)])
def test_large_tensors_stay_small(shape):
    html = tensor_html(torch.ones(shape))
    assert len(html) < 12_000
    Table(html)


def test_a_long_row_shows_both_ends():
    assert Table(tensor_html(torch.arange(100))).rows == [["0", "1", "2", "3", "…", "96", "97", "98", "99"]]


def test_more_dimensions_show_the_first_matrix():
    html = tensor_html(torch.arange(24).reshape(2, 3, 4))
    assert "the first of 2 matrices, [0, :, :]" in html and Table(html).rows[0] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("value", [True, 3, 2.5, 1 + 2j])
def test_one_number_of_any_kind(value):
    assert Table(tensor_html(torch.tensor(value))).rows == [[f"{value:.4g}" if isinstance(value, complex) else str(value)]]


def test_no_elements():
    assert "no elements" in tensor_html(torch.ones(0, 3))


def test_history_and_gradient_are_named_and_escaped():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    assert "grad_fn=&lt;SumBackward0&gt;" in tensor_html(y) and "<SumBackward0>" not in tensor_html(y)
    assert "requires_grad=True" in tensor_html(x) and "<details>" not in tensor_html(x)
    y.backward()
    html = tensor_html(x)
    assert "<summary>.grad [2] · torch.float32 · cpu</summary>" in html and Table(html).rows == [["1", "2"], ["2", "4"]]
    assert "Parameter [2]" in tensor_html(torch.nn.Parameter(x))


def test_the_same_tensor_gives_the_same_text():
    x = torch.randn(20, 20)
    assert tensor_html(x) == tensor_html(x.clone())


def test_notebooks_show_it():
    x = torch.tensor([1.0, -2.0])
    assert x._repr_html_() == tensor_html(x) and repr(x) == "tensor([ 1., -2.])"
