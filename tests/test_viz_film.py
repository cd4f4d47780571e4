"""A run as a film: frames, losses, norms, and what appeared and vanished from one graph to the next."""

import gc
import re
import weakref
from xml.etree import ElementTree

import pytest

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.core import state
from lesson_lib.nn import global_hooks
from lesson_lib.viz.film import MOST_STRUCTURES
from lesson_lib.viz.outline import Piece, changes
from lesson_lib.viz.svg import can_draw


def switching(iterations=6, **options):
    """The course's tenth program: which weight comes second depends on the loss before."""
    torch.manual_seed(0)
    x, y = torch.randn(4, 3), torch.randn(4, 1)
    w1, w2a, w2b = (torch.randn(3, columns, requires_grad=True) for columns in (3, 1, 1))
    prev_loss, norms = 10.0, []
    with viz.watch(**options) as film:
        for _ in range(iterations):
            w2 = w2a if prev_loss < 5 else w2b
            loss = ((x @ w1).relu() @ w2 - y).pow(2).sum()
            for w in (w1, w2a, w2b):
                w.grad = None
            loss.backward()
            grads = [w.grad for w in (w1, w2a, w2b) if w.grad is not None]
            norms.append(float(torch.stack([g.pow(2).sum() for g in grads]).sum().sqrt()))
            with torch.no_grad():
                for w in (w1, w2a, w2b):
                    if w.grad is not None:
                        w -= 0.02 * w.grad
            prev_loss = loss.item()
    return film, norms


def names(pieces):
    return [piece.name for piece in pieces]


def test_the_graph_that_depends_on_the_loss():
    film, norms = switching()
    assert len(film.frames) == 6
    assert film.losses[0] < 5
    assert film.gradient_norms == pytest.approx(norms)
    assert [frame.changed for frame in film.frames] == [False, True, False, False, False, False]
    assert [frame.structure.number for frame in film.frames] == [0, 1, 1, 1, 1, 1]
    appeared, vanished = film.changes(1)
    assert names(appeared) == ["w2a"]
    assert names(vanished) == ["w2b"]
    assert film.changes(2) == ((), ())
    with pytest.raises(IndexError):
        film.changes(0)
    with pytest.raises(IndexError):
        film.changes(6)


def test_the_table():
    film, _ = switching(3)
    figures = [[viz.summary.number(value) for value in pair] for pair in zip(film.losses, film.gradient_norms, strict=True)]
    assert repr(film).split("\n") == [
        "Film: 3 frames, 2 different structures",
        "frame  loss  gradient norm  graph",
        f"    0  {figures[0][0]:>4}  {figures[0][1]:>13}  6 ops",
        f"    1  {figures[1][0]:>4}  {figures[1][1]:>13}  appeared: w2a; vanished: w2b",
        f"    2  {figures[2][0]:>4}  {figures[2][1]:>13}  as before",
    ]


def test_equal_graphs_share_a_model_that_shows_the_first_of_them():
    film, _ = switching()
    first, second, third = film.frames[:3]
    assert first.model is not second.model
    assert second.model is third.model
    loss = next(card for card in second.model.tensors.values() if card.kind == "loss")
    assert loss.name == "loss"
    assert loss.value.uniform == film.losses[1]
    w1 = next(card for card in first.model.tensors.values() if card.name == "w1")
    assert w1.value.rows[0][0] != next(card for card in second.model.tensors.values() if card.name == "w1").value.rows[0][0]
    assert w1.value_handle[0, 0] == w1.value.rows[0][0]  # the training loop wrote over w1, not over this
    assert second.model.steps[-1].kind == "accumulate"


class Tree(nn.Module):
    """A recursive net: a leaf is a number, a pair is two trees."""

    def __init__(self):
        super().__init__()
        self.word, self.pair = nn.Linear(1, 2), nn.Linear(4, 2)

    def forward(self, tree):
        if isinstance(tree, tuple):
            return torch.tanh(self.pair(torch.cat([self(part) for part in tree])))
        return self.word(torch.tensor([float(tree)]))


def test_a_recursive_net():
    net, film = Tree(), viz.watch()
    for tree in ((1, 2), (3, (1, 2)), (5, 6), ((1, 2), (3, 4)), 7):
        net.zero_grad()
        net(tree).sum().backward()
    film.stop()
    assert [frame.structure.number for frame in film.frames] == [0, 1, 0, 2, 3]
    appeared, vanished = film.changes(1)
    assert vanished == ()
    assert {"cat", "tanh"} <= set(names(appeared))
    assert names(appeared).count("tanh") == 1
    assert names(film.changes(2).vanished) == names(appeared)
    assert {piece.module for piece in appeared} == {"", "word", "pair"}
    assert film.changes(4).appeared == ()


def test_an_rnn_with_sequences_of_different_length():
    torch.manual_seed(0)
    cell, head = nn.RNNCell(2, 3), nn.Linear(3, 1)
    with viz.watch() as film:
        for length in (2, 4, 3, 4):
            h = torch.zeros(1, 3)
            for step in range(length):
                h = cell(torch.ones(1, 2) * step, h)
            loss = head(h).sum()
            loss.backward()
    sizes = [frame.structure.size for frame in film.frames]
    each = (sizes[1] - sizes[0]) // 2
    assert sizes == [sizes[0], sizes[0] + 2 * each, sizes[0] + each, sizes[0] + 2 * each]
    assert film.frames[1].structure is film.frames[3].structure
    assert len(film.changes(1).appeared) == 2 * each
    assert film.changes(1).vanished == ()
    assert len(film.changes(2).vanished) == each
    assert "×2" in repr(film)


def test_frames_by_hand_take_what_went_backward_since():
    a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    with viz.watch(each_backward=False) as film:
        for _ in range(2):
            (a * 2).sum().backward()
            (b * 3).sum().backward()
            film.frame()
        with pytest.raises(ValueError, match="give it the loss"):
            film.frame()
        film.frame((a * b).sum())
    assert film.losses == [3, 3, 1]
    assert [frame.structure.size for frame in film.frames] == [4, 4, 2]
    assert film.gradient_norms[0] == pytest.approx((2**2 + 3**2) ** 0.5)


def test_a_backward_that_starts_from_no_number_and_one_that_never_ran():
    x = torch.ones(2, requires_grad=True)
    with viz.watch() as film:
        film.frame((x * 2).sum())
        (x * 2).backward(torch.ones(2))
    assert film.gradient_norms[0] is None
    assert film.losses == [2 * 2, None]
    assert "–" in repr(film)
    assert "NaN" not in repr(film)


def test_nothing_is_left_behind_and_nothing_is_paid_without_a_film():
    hooks = [len(value) for value in vars(global_hooks).values() if isinstance(value, dict | list)]
    before = len(state.watchers), len(state.passes)
    film, _ = switching(2)
    film.stop()
    assert (len(state.watchers), len(state.passes)) == before
    assert before[1] == 0
    assert [len(value) for value in vars(global_hooks).values() if isinstance(value, dict | list)] == hooks
    torch.ones(1, requires_grad=True).sum().backward()
    assert len(film.frames) == 2


def test_a_film_holds_no_graph():
    def run():
        w = torch.ones(2, requires_grad=True)
        with viz.watch() as film:
            loss = (w * w).exp().sum()
            loss.backward()
        return film, weakref.ref(loss.grad_fn)

    film, node = run()
    gc.collect()
    assert node() is None
    assert film.frames[0].model is not None


def test_few_models_are_kept():
    x = torch.ones(1, requires_grad=True)
    with viz.watch(keep=2) as film:
        for turns in (1, 2, 3, 4, 1):
            y = x
            for _ in range(turns):
                y = y * 2
            y.sum().backward()
    assert [frame.model is not None for frame in film.frames] == [True, True, False, False, True]
    assert len(film.changes(3).appeared) == 1
    assert MOST_STRUCTURES >= 100


def test_outlines_beyond_the_most_are_forgotten(monkeypatch):
    monkeypatch.setattr("lesson_lib.viz.film.MOST_STRUCTURES", 1)
    x = torch.ones(1, requires_grad=True)
    with viz.watch() as film:
        for turns in (1, 2):
            y = x
            for _ in range(turns):
                y = y * 2
            y.sum().backward()
    with pytest.raises(ValueError, match="the first 1 different ones"):
        film.changes(1)
    assert "graph changed" in repr(film)


def test_shapes_do_not_make_a_new_structure_and_joints_do():
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    with viz.watch() as film:
        for size in (2, 3):
            x = torch.ones(size, requires_grad=True)
            x.exp().sum().backward()
        for first, second in ((a, b), (b, a)):
            (first - second).sum().backward()
    assert [frame.structure.number for frame in film.frames] == [0, 0, 1, 2]


def test_alignment():
    before = tuple(Piece("op", name) for name in "abcabcabx")
    after = tuple(Piece("op", name) for name in "abcababcabcabx")
    found = changes(before, after)
    assert found.vanished == ()
    assert len(found.appeared) == len(after) - len(before)
    assert changes(before, before) == ((), ())
    assert changes((), after).appeared == tuple(range(len(after)))


def test_a_long_run_has_a_short_table_and_a_short_curve():
    w = torch.tensor([4.0], requires_grad=True)
    with viz.watch() as film:
        for turn in range(600):
            w.grad = None
            (w * w if turn != 300 else w * w * 1).sum().backward()
    assert len(repr(film).split("\n")) < 50
    assert re.search(r"^ *300 ", repr(film), re.MULTILINE)
    assert "… " in repr(film)


def test_an_empty_film():
    with viz.watch() as film:
        pass
    assert film._repr_mimebundle_() == {"text/plain": "Film: 0 frames, 0 different structures"}


@pytest.mark.skipif(not can_draw(), reason="needs Graphviz")
def test_the_picture():
    film, _ = switching()
    bundle = film._repr_mimebundle_()
    assert bundle["text/plain"] == repr(film)
    picture = bundle["image/svg+xml"]
    assert picture == film.svg()  # the same each time
    root = ElementTree.fromstring(picture)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    svg = "{http://www.w3.org/2000/svg}"
    assert len([path for path in root.iter(f"{svg}path") if path.get("class") == "curve"]) == 2
    assert len([path for path in root.iter(f"{svg}path") if path.get("class") == "tick"]) == 1
    words = [element.text for element in root.iter(f"{svg}text")]
    assert {"loss", "gradient norm", "appeared", "vanished", "frame 0 · 6 ops", "frame 1 · 6 ops", "appeared: w2a", "vanished: w2b"} <= set(words)
    marked = [rect for rect in root.iter(f"{svg}rect") if rect.get("class") in ("appeared", "vanished")]
    assert len({rect.get("stroke-dasharray") for rect in marked}) == len(marked) == 2
    assert film.svg(theme="dark") != picture


@pytest.mark.skipif(not can_draw(), reason="needs Graphviz")
def test_a_leaf_keeps_its_name_when_a_loop_gives_it_another_variable():
    w = torch.tensor(0.0)  # an older variable comes first when names are looked up
    w1, w2 = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    with viz.watch() as film:
        for _ in range(3):
            (w1 * w2).backward()
            for w in (w1, w2):
                w.grad = None
    assert [frame.changed for frame in film.frames] == [False] * 3
    with viz.watch() as late:
        (w1 * w2).backward()
        del w
        (w1 * w2 * 2).backward()
    assert {piece.kind for piece in late.changes(1).appeared} == {"op"}
    assert {card.name for card in late.frames[1].model.tensors.values() if card.kind == "leaf"} == {"w1", "w"}


def test_a_parameter_named_like_a_tag_shows_as_text():
    net = nn.Module()
    net.register_parameter("<script>alert(1)</script>", nn.Parameter(torch.ones(1)))
    with viz.watch() as film:
        for turns in (1, 2):
            y = next(net.parameters())
            for _ in range(turns):
                y = y * 2
            y.sum().backward()
    assert "<script" not in film.svg()
    assert "&lt;script&gt;" in film.svg()
