"""A batch of a TensorDataset is read at once: the same batch as sample by sample, and only where nobody's own code would be passed over."""

import pytest

import lesson_lib
from lesson_lib.utils.data import DataLoader, Subset, TensorDataset, default_collate
from lesson_lib.utils.data._utils import fetch


def tensors(t):
    return t.arange(60.0).reshape(20, 3), t.arange(20), t.arange(40.0, dtype=t.float64).reshape(2, 20).t(), t.arange(20) > 7


@pytest.fixture
def quick(monkeypatch):
    """How often a batch was read at once."""
    found, original = [], fetch.rows_at_once
    monkeypatch.setattr(fetch, "rows_at_once", lambda *args: found.append(original(*args) is not None) or original(*args))
    return found


@pytest.mark.parametrize("part", [False, True])
def test_the_batches_are_pytorchs(part, quick, torch):
    batches = []
    for t in (lesson_lib, torch):
        data = t.utils.data.TensorDataset(*tensors(t))
        if part:
            data = t.utils.data.Subset(t.utils.data.Subset(data, range(3, 17)), [5, 3, -1, 0, 2])
        t.manual_seed(0)
        batches.append(list(t.utils.data.DataLoader(data, 4, shuffle=True)))
    assert quick and all(quick)
    for mine, theirs in zip(*batches, strict=True):
        assert type(mine) is type(theirs)
        for x, y in zip(mine, theirs, strict=True):
            assert x.tolist() == y.tolist() and str(x.dtype) == str(y.dtype) and x.stride() == y.stride()


def test_a_batch_is_a_copy(quick):
    x = lesson_lib.zeros(4, 2)
    next(iter(DataLoader(TensorDataset(x), 2)))[0].fill_(1)
    assert quick == [True] and x.sum() == 0


def test_a_class_of_the_users_slows_no_plain_tensors(quick):
    class Own(lesson_lib.Tensor):
        pass

    next(iter(DataLoader(TensorDataset(lesson_lib.ones(4)), 2)))
    own = TensorDataset(lesson_lib.ones(4).as_subclass(Own))
    assert quick == [True] and type(next(iter(DataLoader(own, 2)))[0]) is Own


class Doubled(TensorDataset):
    def __getitem__(self, index):
        return tuple(2 * x for x in super().__getitem__(index))


class Other(Subset):
    def __getitems__(self, indices):
        return super().__getitems__([0 for _ in indices])


def test_own_code_is_called(quick):
    x = lesson_lib.arange(4.0)
    assert next(iter(DataLoader(Doubled(x), 4)))[0].tolist() == [0, 2, 4, 6]
    assert next(iter(DataLoader(Other(TensorDataset(x), [3, 2]), 2)))[0].tolist() == [3, 3]
    assert next(iter(DataLoader(TensorDataset(x), 4, collate_fn=lambda samples: len(samples)))) == 4
    assert next(iter(DataLoader(TensorDataset(lesson_lib.ones(2, requires_grad=True)), 2)))[0].grad_fn.name() == "StackBackward0"
    assert next(iter(DataLoader(TensorDataset(x), batch_sampler=[[lesson_lib.tensor(2)]])))[0].tolist() == [2]
    assert not any(quick)


def test_own_collating_of_tensors_is_called(monkeypatch):
    from lesson_lib.utils.data._utils import collate

    monkeypatch.setitem(collate.default_collate_fn_map, lesson_lib.Tensor, lambda batch, **_: len(batch))
    assert next(iter(DataLoader(TensorDataset(lesson_lib.arange(4)), 3, collate_fn=default_collate))) == [3]


def test_a_missing_sample_is_named(torch):
    for t in (lesson_lib, torch):
        with pytest.raises(IndexError, match="index 9 is out of bounds for dimension 0 with size 4"):
            next(iter(t.utils.data.DataLoader(t.utils.data.TensorDataset(t.arange(4)), batch_sampler=[[0, 9]])))
