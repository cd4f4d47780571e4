"""The same program in lesson_lib and in PyTorch, for programs that return all kinds of data: equal results, errors and warnings."""

import re
import warnings

import numpy as np

import lesson_lib

from .sameness import first_line


class Failure(list):
    """The type and the first line of an exception."""


def plain(value):
    """A result as nested lists of arrays, texts and numbers."""
    if hasattr(value, "requires_grad"):
        return [str(value.dtype), value.requires_grad, value.detach().numpy().copy()]
    if isinstance(value, float):
        return np.array(value)
    if isinstance(value, dict):
        return [[plain(key), plain(item)] for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if type(value).__module__.split(".")[0] in ("torch", "lesson_lib") else value


def message(problem):
    """The first line; a KeyError's without Python's quotes, a class without its path, and without PyTorch's wish for a report."""
    text = first_line(problem.args[0] if isinstance(problem, KeyError) else problem)
    return re.sub(r"<class '[\w.]*?(\w+)'>", r"<class '\1'>", text).split(" Please file an issue")[0]


def outcome(torch, program):
    """What ``program(torch)`` gives from the seed 0, or its error's type and first line; and its warnings."""
    torch.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = plain(program(torch))
        except Exception as problem:
            result = Failure([type(problem).__name__, message(problem)])
    return result, [[warning.category.__name__, first_line(warning.message)] for warning in caught]


def compare(ours, theirs, rtol, path="result"):
    if isinstance(theirs, np.ndarray):
        assert isinstance(ours, np.ndarray), (path, ours)
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), path
        finite = np.abs(theirs[np.isfinite(theirs)]) if theirs.dtype.kind in "fc" else np.abs(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * finite.max(initial=1e-3), err_msg=path)
    elif isinstance(theirs, list) and isinstance(ours, list):
        assert len(ours) == len(theirs), (path, ours, theirs)
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            compare(one, other, rtol, f"{path}[{number}]")
    else:
        assert ours == theirs, path


def alike(torch, program, rtol=2e-5, fails=False):
    """``program(torch)`` gives the same in both libraries; ``fails`` says that this is an error (None: it may be one)."""
    (ours, our_warnings), (theirs, their_warnings) = outcome(lesson_lib, program), outcome(torch, program)
    assert fails in (None, isinstance(theirs, Failure)), theirs
    compare(ours, theirs, rtol)
    assert our_warnings == their_warnings
