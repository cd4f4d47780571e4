"""Every sample of every declaration gives what PyTorch gave when golden.jsonl was written: no PyTorch needed."""

import numpy as np
import pytest

from . import golden

RECORDED = golden.recorded()


def test_every_sample_is_recorded():
    assert list(RECORDED) == golden.cases(), "run: python -m tests.golden"


@pytest.mark.parametrize(("name", "number"), RECORDED, ids=str)
def test_equals_what_pytorch_gave(name, number):
    mine, wanted = golden.ours(name, number), RECORDED[name, number]
    assert mine["dtypes"] == wanted["dtypes"] and mine["shapes"] == wanted["shapes"]
    for kind in ("values", "gradients") if wanted["gradients"] else ("values",):
        for a, b in zip(mine[kind], wanted[kind], strict=True):
            assert (a is None) == (b is None)
            np.testing.assert_allclose(np.asarray(a or [], dtype=float), np.asarray(b or [], dtype=float), rtol=1e-5, atol=1e-6, err_msg=kind)
