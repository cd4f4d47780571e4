"""Bad input: PyTorch's type and first line, then the user's own line, then one remedy. Nothing half-done."""

import pytest

import lesson_lib
from lesson_lib.core.errors import TABLE


def backward_twice(torch):
    y = torch.ones(1, requires_grad=True).exp().sum()
    y.backward()
    y.backward()


def saved_then_written(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    z = y.exp() * y
    y.add_(1)
    z.sum().backward()


def leaf_written(torch):
    x = torch.ones(2, requires_grad=True)
    x += 1


def view_of_leaf_written(torch):
    x = torch.ones(2, requires_grad=True)
    x[0] = 1


def unbound_written(torch):
    x = torch.ones(2, 2, requires_grad=True) * 1
    first, _ = x.unbind(0)
    first += 1


#: what a user does wrong, as a program over ``torch``
MISTAKES = {
    "broadcast": lambda torch: torch.ones(4, 2) + torch.ones(3),
    "broadcast, operator method": lambda torch: torch.ones(2, 1, 5).mul(torch.ones(2, 3, 4)),
    "in-place growth": lambda torch: torch.ones(3).add_(torch.ones(2, 3)),
    "matmul": lambda torch: torch.ones(2, 3) @ torch.ones(2, 3),
    "mm of vectors": lambda torch: torch.mm(torch.ones(2), torch.ones(2, 2)),
    "dot": lambda torch: torch.ones(2) @ torch.ones(3),
    "matrix times vector": lambda torch: torch.ones(2, 3) @ torch.ones(2),
    "batched": lambda torch: torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 3, 4)),
    "linear": lambda torch: torch.nn.Linear(3, 2)(torch.ones(5, 4)),
    "view": lambda torch: torch.ones(6).view(4, 2),
    "view two unknowns": lambda torch: torch.ones(6).view(-1, -1),
    "view across strides": lambda torch: torch.ones(2, 3).t().view(6),
    "reshape": lambda torch: torch.ones(6).reshape(5),
    "expand": lambda torch: torch.ones(2, 3).expand(2, 4),
    "dim": lambda torch: torch.ones(2, 3).sum(dim=2),
    "dim negative": lambda torch: torch.ones(2, 3).mean(-3),
    "dim twice": lambda torch: torch.ones(2, 3).sum(dim=(0, 0)),
    "cat": lambda torch: torch.cat([torch.ones(2, 3), torch.ones(2, 4)]),
    "stack": lambda torch: torch.stack([torch.ones(2), torch.ones(3)]),
    "index out of range": lambda torch: torch.ones(3)[3],
    "too many indices": lambda torch: torch.ones(3)[0, 0],
    "two colons for one dimension": lambda torch: torch.ones(3)[:, 1],
    "index of a 0-d tensor": lambda torch: torch.tensor(1.0)[0],
    "index by a float": lambda torch: torch.ones(3)[1.0],
    "index by floats": lambda torch: torch.ones(3)[torch.ones(2)],
    "index tensor out of range": lambda torch: torch.ones(3)[torch.tensor([0, 5])],
    "mask of another shape": lambda torch: torch.ones(3)[torch.tensor([True, False])],
    "negative step": lambda torch: torch.ones(3)[::-1],
    "int in-place float": lambda torch: torch.ones(2, dtype=torch.long).add_(0.5),
    "int divided in place": lambda torch: torch.ones(2, dtype=torch.long).div_(2),
    "mean of ints": lambda torch: torch.tensor([1, 2]).mean(),
    "minus of bools": lambda torch: torch.tensor([True]) - torch.tensor([False]),
    "negative bool": lambda torch: -torch.tensor([True]),
    "matmul dtypes": lambda torch: torch.ones(2, 2) @ torch.ones(2, 2, dtype=torch.long),
    "grad of ints": lambda torch: torch.tensor([1, 2], requires_grad=True),
    "tensor plus text": lambda torch: torch.add(torch.ones(2), "a"),
    "backward twice": backward_twice,
    "backward of many": lambda torch: (torch.ones(2, requires_grad=True) * 2).backward(),
    "backward without grad": lambda torch: torch.ones(1).sum().backward(),
    "saved, then written": saved_then_written,
    "leaf written": leaf_written,
    "view of leaf written": view_of_leaf_written,
    "one of several views written": unbound_written,
    "numpy with grad": lambda torch: torch.ones(2, requires_grad=True).numpy(),
    "item of many": lambda torch: torch.ones(2).item(),
    "truth of many": lambda torch: bool(torch.ones(2)),
    "len of 0-d": lambda torch: len(torch.tensor(1.0)),
    "iterate 0-d": lambda torch: list(torch.tensor(1.0)),
    "device name": lambda torch: torch.device("gpu"),
    "device name in to": lambda torch: torch.ones(2).to("cpux"),
    "conv channels": lambda torch: torch.nn.Conv2d(1, 6, 3)(torch.ones(1, 3, 32, 32)),
    "conv dimensions": lambda torch: torch.nn.Conv2d(1, 6, 3)(torch.ones(32, 32)),
    "conv kernel too large": lambda torch: torch.nn.Conv2d(1, 6, 5)(torch.ones(1, 1, 3, 3)),
    "targets of another length": lambda torch: torch.nn.functional.cross_entropy(torch.ones(3, 5), torch.tensor([1, 2])),
    "target out of range": lambda torch: torch.nn.functional.cross_entropy(torch.ones(2, 5), torch.tensor([1, 7])),
    "ragged list": lambda torch: torch.tensor([[1, 2], [3]]),
    "dropout p": lambda torch: torch.nn.Dropout(1.5),
    "argmax of nothing": lambda torch: torch.ones(0).argmax(),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_type_and_first_line_are_pytorchs(name, torch):
    with pytest.raises(Exception) as theirs:
        MISTAKES[name](torch)
    with pytest.raises(Exception) as ours:
        MISTAKES[name](lesson_lib)
    first_line = str(theirs.value).splitlines()[0]
    if name == "device name":
        # PyTorch lists the device types that its build knows; the list is the same, the order is its own.
        first_line = first_line.split(":")[0]
        assert str(ours.value).startswith(first_line[:20])
    else:
        assert str(ours.value).splitlines()[0] == first_line
    assert type(ours.value) is type(theirs.value) or issubclass(type(theirs.value), type(ours.value))


@pytest.mark.parametrize("name", MISTAKES)
def test_no_bare_numpy_message_and_a_remedy(name):
    with pytest.raises(Exception) as caught:
        MISTAKES[name](lesson_lib)
    text = str(caught.value)
    assert "operands could not be broadcast" not in text and "matmul: Input operand" not in text
    assert "\n  Try: " in text, text


def test_the_users_line_is_named():
    a, b = lesson_lib.ones(2), lesson_lib.ones(3)
    with pytest.raises(RuntimeError) as caught:
        a * b  # the very line
    assert "test_errors.py:" in str(caught.value) and "a * b  # the very line" in str(caught.value)


def test_the_users_line_is_named_through_a_module():
    net = lesson_lib.nn.Sequential(lesson_lib.nn.Linear(3, 2))
    with pytest.raises(RuntimeError) as caught:
        net(lesson_lib.ones(1, 4))  # called here
    assert "net(lesson_lib.ones(1, 4))  # called here" in str(caught.value)


def test_nothing_is_half_written():
    x = lesson_lib.zeros(3)
    for write in (lambda: x.add_(lesson_lib.ones(2, 3)), lambda: x.__setitem__(slice(0, 2), lesson_lib.ones(3)), lambda: x.add_("a")):
        with pytest.raises((RuntimeError, TypeError)):
            write()
    assert x.tolist() == [0, 0, 0] and x._version == 0


def test_every_row_has_a_remedy():
    for kind, (exception, first_line, remedy) in TABLE.items():
        assert issubclass(exception, Exception), kind
        assert first_line and remedy, kind
