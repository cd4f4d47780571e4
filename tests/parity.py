"""What the comparisons with PyTorch share: the names of a graph, and arrays that must be close."""

import numpy as np

import lesson_lib


def graph(node):
    """The names of the nodes, from the end to the leaves.

    Left out: constants (PyTorch's C++ code does not always leave a place for them) and the number of the overload.
    """
    parents = [graph(parent) for parent, _ in node.next_functions if parent is not None]
    return [node.name().rstrip("01234"), parents]


def as_array(tensor):
    return tensor.detach().numpy()


def compare(ours, theirs, rtol=1e-5):
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert value.dtype == theirs[name].dtype, name
        scale = np.abs(theirs[name]).max(initial=1e-3)
        np.testing.assert_allclose(value, theirs[name], rtol=rtol, atol=rtol * scale, err_msg=name)


def both(torch, program, *args):
    """What a program gives with lesson_lib and with PyTorch, each started from the seed 0."""
    results = []
    for library in (lesson_lib, torch):
        library.manual_seed(0)
        results.append(program(library, *args))
    return results
