"""Words in English and in Chinese: two catalogues of one shape, and a switch that pictures, trees, errors and widgets follow."""

import re
import string
import threading

import pytest

import lesson_lib as torch
from lesson_lib import nn, viz
from lesson_lib.viz import export
from lesson_lib.viz.letters import text_width
from lesson_lib.viz.texts import CATALOGUES, ENGLISH, language, speaking, text
from lesson_lib.viz.texts_zh import CHINESE
from lesson_lib.viz.units import columns

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def english_again():
    yield
    viz.language("en")


@pytest.fixture
def out():
    with viz.record():
        x = torch.ones(2, 2, requires_grad=True)
        y = x * 3
        return (y * y).mean()


def fields(words):
    return sorted(name for _, name, _, _ in string.Formatter().parse(words) if name is not None)


def test_the_catalogues_have_the_same_rows_and_placeholders():
    assert list(CHINESE) == list(ENGLISH)
    assert {key: fields(words) for key, words in CHINESE.items()} == {key: fields(words) for key, words in ENGLISH.items()}


def test_every_row_is_translated_but_for_signs():
    def has_words(row):
        return bool(re.search("[a-z]{2}", re.sub(r"\{\w*\}|NaN", "", row)))

    assert [key for key in ENGLISH if ENGLISH[key] == CHINESE[key] and has_words(ENGLISH[key])] == []
    assert [key for key in ENGLISH if has_words(ENGLISH[key]) and not HAN.search(CHINESE[key])] == []


def test_it_begins_in_english_and_knows_two_languages():
    assert viz.language() == "en"
    assert set(CATALOGUES) == {"en", "zh"}
    with pytest.raises(ValueError, match="'en' or 'zh', not 'tlh'"):
        viz.language("tlh")
    assert viz.language() == "en"


def test_a_switch_reaches_all_threads_and_an_answer_only_its_own():
    seen = []
    viz.language("zh")
    with speaking("en"):
        thread = threading.Thread(target=lambda: seen.append(language()))
        thread.start()
        thread.join()
        seen.append(language())
    assert seen == ["zh", "en"]
    assert viz.language() == "zh"


def test_trees_and_pictures_follow(out):
    graph = viz.graph(out)
    english = repr(graph), graph.model.steps[-1].text
    assert english[0].startswith("out  scalar = 9")
    viz.language("zh")
    assert repr(graph).startswith("out  标量 = 9")
    assert "叶子" in repr(viz.graph(out))
    assert graph.model.steps[-1].text == "反向 4/4 · AccumulateGrad：叶子.grad += 4.5"
    assert ">梯度<" in "".join(viz.step(out).data["fragments"].values())
    viz.language("en")
    assert (repr(graph), graph.model.steps[-1].text) == english


def test_words_in_place_of_names_follow():
    with viz.record():
        total = (torch.ones(2, requires_grad=True) * torch.ones(2) + torch.ones(2, requires_grad=True)).sum() * 1
    graph, shown = viz.graph(total), viz.show(total * 2)

    def names(model):
        return [card.name for card in model.tensors.values()]

    english = names(graph.model), names(shown.full), graph.model.to_json()["tensors"]["t0"]["name"]
    assert english[0][:3] == ["leaf", "constant", "mul"]
    assert "leaf 2" in english[0]
    assert english[1][-1] == "output"
    viz.language("zh")
    chinese = names(graph.model)
    assert chinese[:3] == ["叶子", "常量", "叶子·常量"]
    assert "叶子 2" in chinese
    assert names(shown.full)[-1] == "输出"
    assert "叶子" in "".join(viz.step(total).data["fragments"].values())
    assert "输出" in shown.svg()
    assert "output" not in shown.svg()
    viz.language("en")
    assert (names(graph.model), names(shown.full), graph.model.to_json()["tensors"]["t0"]["name"]) == english


def test_notes_reasons_and_half_sums_follow():
    x = torch.ones(3, 40, 40, requires_grad=True)
    graph = viz.graph(x * 2)
    note = graph.model.tensors["t0"].value.note
    assert (note, graph.model.reason) == ("[0] of 3×40×40, 40×40, averaged to 8×10 cells", ENGLISH["needs gradient"])
    y = torch.ones(2, requires_grad=True)
    with viz.record():
        twice = y * 2
        total = (twice.exp() + twice).sum()
    steps = viz.graph(total).model.steps
    partly = [words for step in steps for _, words in step.partly]
    viz.language("zh")
    assert graph.model.tensors["t0"].value.note == "3×40×40 中的 [0], 40×40，平均为 8×10 格"
    assert graph.model.reason == CHINESE["needs gradient"]
    assert "1 of 2 added" in partly
    assert "已累加 1/2" in [words for step in steps for _, words in step.partly]


def test_errors_follow_and_exceptions_stay_pytorchs():
    viz.language("zh")
    with pytest.raises(RuntimeError, match="The size of tensor a") as caught:
        torch.ones(2, 3) + torch.ones(2)
    shown = repr(viz.failure(caught.value))
    assert shown.startswith("✕ add 失败：The size of tensor a (3) must match")
    assert "你的代码" in shown


def test_trouble_and_films_follow():
    viz.language("zh")
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    with viz.record():
        loss = x.log().sum()
    assert "log 的输入都是有限的" in viz.trouble(loss).findings[0].text
    with viz.watch() as film:
        (x * 2).sum().backward()
    assert repr(film).startswith("影片：1 帧，1 种结构")


@pytest.fixture
def view(out):
    return viz.step(out)


def test_a_widget_speaks_for_itself(view):
    position = view.position
    assert view.language == "en"
    assert view.texts is not None
    assert set(view.texts) == {"en", "zh"}
    view.language = "zh"
    assert view.data["steps"][1]["text"].startswith("前向 1/3")
    assert ">尚未计算<" in "".join(view.data["fragments"].values())
    assert (viz.language(), view.position) == ("en", position)
    view.language = "en"
    assert view.data["steps"][1]["text"].startswith("forward 1 of 3")
    with pytest.raises(ValueError, match="not 'tlh'"):
        view.language = "tlh"


def test_a_new_widget_takes_the_language_of_the_process(out):
    viz.language("zh")
    view = viz.step(out)
    assert view.language == "zh"
    assert view.data["steps"][0]["text"].startswith("开始")


def test_a_folded_widget_answers_in_its_language():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    shown = viz.show(net, torch.ones(3, 4), opened=[])
    view = shown.widget()
    view.language = "zh"
    assert "个运算" in next(iter(view.data["groups"].values()))["facts"]
    sent = []
    view.send = sent.append
    view._hear(view, {"type": "steps", "key": "steps 1", "numbers": [1]}, [])
    assert sent[0]["steps"][0]["text"].startswith("前向 1/1")
    view._hear(view, {"type": "toggle", "id": "g0"}, [])
    assert view.data["said"].startswith("已展开 Sequential")
    assert view.data["steps"][1]["text"].startswith("前向")
    assert viz.language() == "en"
    assert "operation" in text("opened", title="", count=1)


def test_chinese_letters_are_wide():
    assert text_width("张量", 10) > 1.6 * text_width("ab", 10)
    assert (columns("张量 ab"), columns("é"), columns("（")) == (7, 1, 2)
    viz.language("zh")
    x = torch.ones(2, requires_grad=True)
    with viz.record():
        loss = (x * 2).exp().sum()
    card = viz.graph(loss).dot
    assert "尚未计算" in card
    with viz.watch() as film:
        (x * 2).sum().backward()
    head, row = repr(film).splitlines()[1:3]
    assert columns(head[: head.rindex("图")]) == columns(row[: row.index("2 个运算")])


def test_a_picture_with_chinese_words_needs_a_chinese_font(out, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "CHINESE_FONTS", ())
    viz.graph(out).save(tmp_path / "english.png")
    viz.language("zh")
    graph = viz.graph(out)
    for name in ("chinese.png", "chinese.pdf"):
        with pytest.raises(RuntimeError, match=r"no font with Chinese letters .* Noto Sans CJK .* viz.language\('en'\)"):
            graph.save(tmp_path / name)
    monkeypatch.setattr(export, "CHINESE_FONTS", ("DejaVu Sans",))  # stands in for one
    for name in ("chinese.png", "chinese.pdf"):
        graph.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000
