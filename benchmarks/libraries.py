"""The libraries that are compared. lesson_lib and PyTorch run the same function; the others are written in their own style, for what they can run."""

import importlib
import importlib.util
import os
import warnings

BOTH = ("lesson_lib", "torch")
OTHERS = ("mygrad", "autograd", "tinygrad", "jax")  # each has a file of its own in benchmarks/others
TITLES = {"mygrad": "MyGrad", "autograd": "HIPS autograd", "tinygrad": "tinygrad", "jax": "JAX"}
THREAD_NAMES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUM_CPU_THREADS")


def environment(threads):
    """The environment of a measurement. These names are read when a library is loaded, so each number of threads needs its own process."""
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}  # it can pin NumPy's BLAS to older kernels
    if threads == 1:
        kept["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    kept |= {"JAX_PLATFORMS": "cpu", "PARALLEL": "0"}  # tinygrad compiles in this process, not in others
    return kept | dict.fromkeys(THREAD_NAMES, str(threads))


def installed(name):
    return importlib.util.find_spec(name) is not None


def loaded(name, threads):
    """lesson_lib or PyTorch, set to this number of threads."""
    lib = importlib.import_module(name)
    if name == "torch":
        lib.set_num_threads(threads)
    return lib


def step_of(work, name, threads, **sizes):
    """The step of a workload in this library, or None where it cannot run it."""
    if name in BOTH:
        return work.prepared(loaded(name, threads), **sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(f"benchmarks.others.{name}_style").prepared(work.name)
