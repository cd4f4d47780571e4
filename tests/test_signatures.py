"""Shift-Tab: every public function shows PyTorch's signature and a docstring of ours."""

import inspect
import re

import pytest

import lesson_lib

#: PyTorch's page names a parameter otherwise than its own argument parser does, or a second overload differently
DOCUMENTED_OTHERWISE = {"broadcast_to": {"shape"}, "swapaxes": {"axis0", "axis1"}, "swapdims": {"dim0", "dim1"}, "true_divide": {"dividend", "divisor"},
                        "concatenate": {"axis"}, "matrix_exp": {"A"}, "searchsorted": {"values"}, "unsafe_split": {"split_size_or_sections"}}  # fmt: skip
#: accepted and without meaning here, or on PyTorch's page of one overload only
NOT_COMPARED = {"out", "names", "layout", "pin_memory", "memory_format", "generator", "also", "*", "/", "..."}
FUNCTIONS = sorted(
    name for name, value in vars(lesson_lib).items() if callable(value) and not name.startswith("_") and not inspect.isclass(value) and value.__doc__
)


def documented_parameters(name, doc):
    """The parameter names of the first signature in a PyTorch docstring, in order; None if it has none."""
    found = re.search(rf"^\s*(?:torch\.)?{name}\((.*?)\)\s*->", doc or "", re.MULTILINE | re.DOTALL)
    if not found:
        return None
    flat = found.group(1)
    while flat != (flat := re.sub(r"\([^()]*\)|\[[^][]*\]", "", flat)):  # defaults and types in brackets, from the inside out
        pass
    return [re.split(r"[=:\s]", part.strip())[0].lstrip("*\\") for part in flat.split(",") if part.strip()]


def positional_count(name, torch):
    """How many parameters stand before the ``*``."""
    head = re.split(r",\s*\\?\*[,\s]", re.search(rf"{name}\((.*?)\)\s*->", getattr(torch, name).__doc__, re.DOTALL).group(1))[0]
    return len([part for part in head.split(",") if part.strip()])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_is_pytorchs(name, torch):
    wanted = documented_parameters(name, getattr(getattr(torch, name, None), "__doc__", None))
    if wanted is None:
        return  # a function that PyTorch writes in Python, or documents without a signature: covered by its own tests
    ours = [p for p in inspect.signature(getattr(lesson_lib, name)).parameters if p not in NOT_COMPARED]
    wanted = [w for w in wanted if w and w not in NOT_COMPARED and w not in DOCUMENTED_OTHERWISE.get(name, ())]
    missing = [w for w in wanted if w not in ours]
    if missing == ["self"] or (ours and ours[0] == "self"):  # a method that is also a function: its first name is never spelt out
        wanted, ours, missing = wanted[1:], ours[1:], [w for w in missing if w != "input"]
    assert not missing, f"PyTorch has {wanted}, here are {ours}"
    positional = wanted[: positional_count(name, torch)]  # keyword-only parameters may stand in any order
    assert [p for p in ours if p in positional] == positional


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_says_what_it_does(name):
    doc = inspect.getdoc(getattr(lesson_lib, name))
    assert len(doc.splitlines()[0]) > 10


def test_show_source_finds_the_declaration():
    assert inspect.getsource(lesson_lib.mul).startswith("@op\nclass mul(Elementwise):")
    assert inspect.getsource(lesson_lib.Tensor.sum).startswith("@op\nclass sum(")
    assert str(inspect.signature(lesson_lib.mul)) == "(input, other, *, out=None)"


def test_nothing_public_is_without_a_docstring():
    bare = [name for name, value in vars(lesson_lib).items() if callable(value) and not name.startswith("_") and not value.__doc__]
    assert bare == []
