"""The switches of the whole library, symbolic numbers and old names: PyTorch's answers and errors."""

import warnings

import pytest

import lesson_lib

from .sameness import same

SAME = """
t.are_deterministic_algorithms_enabled(), t.get_deterministic_debug_mode()
t.use_deterministic_algorithms(True, warn_only=True), t.get_deterministic_debug_mode(), t.is_deterministic_algorithms_warn_only_enabled()
t.set_deterministic_debug_mode("error"), t.are_deterministic_algorithms_enabled(), t.is_deterministic_algorithms_warn_only_enabled()
t.set_deterministic_debug_mode("x")
t.set_deterministic_debug_mode(7)
t.set_deterministic_debug_mode(2.5)
t.use_deterministic_algorithms("a")
t.set_deterministic_debug_mode(0)
t.get_float32_matmul_precision(), t.set_float32_matmul_precision("high"), t.get_float32_matmul_precision()
t.set_float32_matmul_precision("highest")
t.set_float32_matmul_precision(3)
t.set_flush_denormal(3)
t.set_warn_always(True), t.is_warn_always_enabled(), t.set_warn_always(False)
t.set_warn_always(3)
t.set_num_threads(0)
t.set_num_threads("a")
t.set_num_interop_threads(0)
t.set_default_tensor_type(t.DoubleTensor), t.zeros(2), t.set_default_tensor_type("torch.FloatTensor"), t.zeros(2)
t.set_default_tensor_type(t.LongTensor)
t.get_device_module("foo")
t.get_device_module("meta")
t.compiled_with_cxx11_abi()
[t.typename(v) for v in (t.zeros(3), t.zeros(3).bool(), 3, "a", None, [1], len)]
[f(2.7) for f in (t.sym_int, t.sym_float, t.sym_not)], t.sym_int(-2.7), t.sym_not(0)
t.sym_max(1, 2.5), t.sym_max(3, 2.5), t.sym_min(1, 2.5), t.sym_min(1, 2), t.sym_sum([1, 2, 3]), t.sym_ite(True, 1, 2)
t.sym_ite(1, 2, 3)
t.sym_ite(True, 2, 3.0)
t.version.cuda, t.version.debug
t.autograd.Variable(t.zeros(2), requires_grad=True)
isinstance(t.zeros(2), t.autograd.Variable)
t.autograd.is_multithreading_enabled(), t.autograd.set_multithreading_enabled(False).__enter__(), t.autograd.is_multithreading_enabled()
t.autograd.set_multithreading_enabled(True).__enter__()
t.cuda.FloatTensor(2)
isinstance(t.zeros(2), t.cuda.FloatTensor), isinstance(t.zeros(2), t.FloatTensor)
t.zeros(2).type(t.DoubleTensor)
t.BFloat16Tensor([1, 2]).dtype
t.is_inference(t.zeros(2)), t.zeros(2).is_neg()
""".strip().split("\n")


@pytest.mark.parametrize("expression", SAME)
def test_same(expression, torch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(expression, torch)


def test_threads():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lesson_lib.set_num_threads(1)
    assert lesson_lib.get_num_threads() >= 1 and lesson_lib.get_num_interop_threads() >= 1


def test_multithreading_is_restored():
    with lesson_lib.autograd.set_multithreading_enabled(False):
        assert not lesson_lib.autograd.is_multithreading_enabled()
    assert lesson_lib.autograd.is_multithreading_enabled()


def test_an_unknown_precision_is_told():
    with pytest.warns(UserWarning, match="x is not one of 'highest', 'high', or 'medium'"):
        lesson_lib.set_float32_matmul_precision("x")


def test_the_module_of_a_device():
    assert lesson_lib.get_device_module("cpu") is lesson_lib.cpu and lesson_lib.cpu.device_count() == 1
    assert lesson_lib.get_device_module("cuda") is lesson_lib.cuda
