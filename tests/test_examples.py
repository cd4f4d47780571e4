"""The examples in docstrings run and print what they say."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import lesson_lib

OPTIONAL = ("lesson_lib.core.gpu", "lesson_lib.core.kernels", "lesson_lib.viz", "lesson_lib.course")  # they need more than NumPy


def modules():
    for info in pkgutil.walk_packages(lesson_lib.__path__, "lesson_lib."):
        if not info.name.startswith(OPTIONAL):
            yield importlib.import_module(info.name)


def documented(module):
    """(name, docstring) of what the module defines: functions, classes and their methods."""
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) != module.__name__ or not (inspect.isclass(value) or callable(value)):
            continue
        yield name, inspect.getdoc(value)
        for method_name, method in vars(value).items() if inspect.isclass(value) else ():
            if isinstance(method, property) or getattr(method, "__module__", None) == module.__name__:
                yield f"{name}.{method_name}", inspect.getdoc(method)


def examples():
    for module in modules():
        for name, text in documented(module):
            if ">>>" in (text or ""):
                yield pytest.param(text, id=f"{module.__name__.removeprefix('lesson_lib.')}.{name}")


@pytest.mark.parametrize("text", list(examples()))
def test_example(text):
    test = doctest.DocTestParser().get_doctest(text, {}, "example", None, 0)
    wrong = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=wrong.append)
    assert not wrong, "".join(wrong)
