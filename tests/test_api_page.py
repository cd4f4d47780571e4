"""docs/api.md says what is here, what differs and what is missing; a missing name says it too."""

from pathlib import Path

import pytest

import lesson_lib
from lesson_lib.core import parity
from scripts.make_api_page import PAGE, documented, ours, page, state


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python scripts/make_api_page.py"


@pytest.mark.filterwarnings("ignore")
def test_the_list_of_names_is_pytorchs(torch):
    for path, names in parity.torch_names().items():
        if path not in ("torch.utils.cpp_extension", "torch.distributed"):  # these depend on the machine
            assert documented(path) == names, f"{path}: run: python scripts/make_api_page.py --names"


def test_what_differs_is_here():
    for name in parity.DIFFERS:
        path, _, last = name.rpartition(".")
        assert last in parity.torch_names()[path] and state(path, last) == "differs", name


def test_every_missing_method_is_named_as_missing():
    missing = [name for name in parity.torch_names()["torch.Tensor"] if not hasattr(lesson_lib.Tensor, name)]
    assert missing == [name for name in parity.MISSING_METHODS if name in parity.torch_names()["torch.Tensor"]]


@pytest.mark.parametrize("path", sorted(parity.torch_names()))
def test_a_missing_name_says_why(path):
    if ours(path) is None:
        path, _, name = path.rpartition(".")
        names = [name]
    else:
        names = [name for name in parity.torch_names()[path] if state(path, name) == "missing"]
    for name in names if ours(path) is not None else []:
        with pytest.raises(AttributeError) as caught:
            getattr(ours(path), name)
        first, *_, last = str(caught.value).splitlines()
        assert f"has no attribute '{name}'" in first
        assert f"PyTorch has {path}.{name}" in last and parity.why_missing(f"{path}.{name}") in last


USED = Path(__file__).with_name("used_names.txt").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("name", USED)
def test_names_that_programs_use_are_here(name):
    """used_names.txt: the names of tensors' functions and methods in published PyTorch programs, the commonest first."""
    first, *rest = name.split(".")
    found = lesson_lib.Tensor if first == "Tensor" else lesson_lib
    for part in rest:
        found = getattr(found, part, None)
    assert found is not None


def test_every_reason_is_somebodys():
    missing = [f"{path}.{name}" for path, names in parity.torch_names().items() for name in names if state(path, name) == "missing"]
    given = {parity.why_missing(name) for name in missing}
    assert set(parity.MISSING) <= given


def test_another_name_gets_pythons_own_error():
    with pytest.raises(AttributeError, match="^module 'lesson_lib' has no attribute 'tensro'$"):
        lesson_lib.tensro  # noqa: B018 - asking for it is the point
    with pytest.raises(AttributeError, match="^module 'lesson_lib.linalg' has no attribute 'invert'$"):
        lesson_lib.linalg.invert  # noqa: B018


def test_a_missing_method_is_not_there():
    assert not hasattr(lesson_lib.zeros(2), "to_sparse") and not hasattr(lesson_lib.Tensor, "to_sparse")
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'to_sparse'"):
        lesson_lib.zeros(2).to_sparse()
