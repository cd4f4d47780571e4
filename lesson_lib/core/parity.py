"""Which of PyTorch's names differ here or are missing, and why: one table for the error message and for the page docs/api.md.

``torch_names.txt`` beside this file lists what PyTorch documents, module by module; ``scripts/make_api_page.py`` writes both.
"""

import functools
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

from .errors import error

NAMES_FILE = Path(__file__).with_name("torch_names.txt")
VERSION = "2.13"  # of PyTorch, whose names these are

#: why -> the names, or patterns of names, that are missing for that reason; the first row that fits counts
MISSING = {
    "tensors are dense here: there is no sparse layout": (
        "*sparse*", "*Sparse*", "*.c*_indices*", "torch.*indices_copy", "torch.values_copy", "torch.hspmm", "*.smm", "*.sspaddmm",
        "torch.Tensor.indices", "torch.Tensor.values", "torch.Tensor.coalesce", "torch.Tensor.is_coalesced", "torch.Tensor.dense_dim",
        "torch.Tensor.to_dense",
    ),
    "tensors are dense here: there is no nested layout": ("torch.nested*", "*.to_padded_tensor"),
    "numbers are not quantized here": ("*quant*", "torch.q[iu]*", "torch.Tensor.q_*", "torch.Tensor.qscheme", "torch.Tensor.int_repr", "*caled_*mm"),
    "NumPy has no numbers of 8 bits with a point, nor smaller ones": ("torch.float[48]_*",),
    "a tensor's elements are whole bytes here": ("torch.bit", "torch.bits*", "torch.*int[1-7]"),
    "there is one memory layout here: strides over NumPy or CuPy memory": ("*.to_mkldnn",),
    "the devices are cpu and cuda": (
        "torch.Tensor.*[xi]pu", "torch.Tensor.*xla", "torch.Tensor.*mps", "torch.Tensor.*mtia", "torch.mps*", "torch.xpu*", "torch.cpu*",
    ),
    "CuPy keeps the order of work on the GPU": ("*.record_stream", "*Stream*", "*stream*", "torch.cuda.*[gG]raph*", "torch.Event"),
    "CuPy looks after the GPU's memory and settings": ("torch.cuda.*",),
    "programs run as they are written: there is no compiler": (
        "torch.compile*", "torch.jit*", "torch.fx*", "torch.export*", "torch.onnx*", "torch.Script*", "torch.Sym*", "torch.Dispatch*", "torch.Tag",
        "torch.parse_*", "torch.*type_comment", "torch.import_ir*", "torch.unify_type_list", "torch.fork", "torch.wait", "torch.AggregationType",
        "torch.cond", "torch.while_loop", "torch.func.functionalize",
    ),
    "attention is computed in one way here": ("torch.nn.attention.*flash_attention_impl*",),
    "a dimension is a number here, not an object": ("torch.Tensor.index",),
    "an operation is declared in Python, with @op": ("torch.library*", "torch.package*", "torch.utils.cpp_extension*"),
    "a subclass overrides methods, as in Python; there is no __torch_function__": ("*has_torch_function*", "*handle_torch_function*", "torch.overrides*"),
    "a file is written whole and checked whole, in the machine's own byte order, for the devices cpu and cuda": (
        "torch.serialization.*crc32*", "torch.serialization.*endianness", "torch.serialization.skip_data", "torch.serialization.register_package",
        "torch.serialization.default_restore_location", "torch.serialization.check_module_version*",
    ),
    "it belongs to Kineto, PyTorch's recorder in C++": (
        "torch.profiler.ExecutionTraceObserver", "torch.autograd.profiler.KinetoStepTracker", "torch.autograd.profiler.MemRecordsAcc",
    ),
    "it is for NVIDIA's and Intel's own profilers, which look at a GPU or a processor": (
        "torch.autograd.profiler.emit_*", "torch.autograd.profiler.load_nvprof", "torch.autograd.profiler.parse_nvprof_trace", "torch.autograd.profiler.EnforceUnique",
    ),
    "data sets are Datasets and IterableDatasets here: PyTorch gives data pipes up": ("*DataPipe",),
    "one process computes here": ("torch.distributed*", "torch.multiprocessing*", "torch.futures*", "torch.monitor*", "*DistributedDataParallel"),
}  # fmt: skip
NOT_BUILT = "it is not built yet"

#: Tensor's methods and attributes among them: each is put into the class as a MissingMethod
MISSING_METHODS = (
    "coalesce", "col_indices", "crow_indices", "dense_dim", "dequantize", "index", "indices", "int_repr", "ipu", "is_coalesced", "is_ipu", "is_mps",
    "is_sparse_csr", "is_xla", "is_xpu", "mtia", "q_per_channel_axis", "q_per_channel_scales", "q_per_channel_zero_points", "q_scale", "q_zero_point",
    "qscheme", "record_stream", "smm", "sparse_dim", "sparse_mask", "sparse_resize_", "sparse_resize_and_clear_", "sspaddmm", "to_dense",
    "to_mkldnn", "to_padded_tensor", "to_sparse", "to_sparse_bsc", "to_sparse_bsr", "to_sparse_coo", "to_sparse_csc", "to_sparse_csr", "values", "xpu",
)  # fmt: skip

#: how the names of the graph's nodes differ -> where; values and gradients agree
NODES = {
    "its nodes are those of the operations it is made of": (
        "torch.block_diag", "torch.cdist", "torch.cholesky", "torch.cholesky_inverse", "torch.combinations", "torch.conv_tbc",
        "torch.cumulative_trapezoid", "torch.dist", "torch.index_reduce", "torch.linalg.householder_product", "torch.linalg.lu",
        "torch.linalg.lu_solve", "torch.linalg.vecdot", "torch.lu_solve", "torch.lu_unpack", "torch.nn.functional.pdist", "torch.ormqr",
        "torch.pdist", "torch.renorm", "torch.std_mean", "torch.triangular_solve", "torch.var_mean", "torch.vdot",
    ),
    "its node is that of clone, CloneBackward0": (
        "torch.alias_copy", "torch.as_strided_copy", "torch.diagonal_copy", "torch.expand_copy", "torch.narrow_copy", "torch.permute_copy",
        "torch.select_copy", "torch.slice_copy", "torch.split_copy", "torch.split_with_sizes_copy", "torch.squeeze_copy", "torch.t_copy",
        "torch.transpose_copy", "torch.unbind_copy", "torch.unfold_copy", "torch.unsqueeze_copy", "torch.view_as_real_copy", "torch.view_copy",
    ),
    "its node is that of clone, CloneBackward0; PyTorch has no gradient": ("torch.detach_copy", "torch.view_as_complex_copy"),
    "one kind of node for the modes reflect, replicate and circular: BorderPadBackward0": ("torch.nn.functional.pad",),
    "the node of its last division or product counts as one by a tensor, Backward0, where PyTorch's counts as one by a number, Backward1": (
        "torch.special.ndtr", "torch.trapezoid", "torch.trapz",
    ),
    "it is one node, NllLossBackward0, where PyTorch has that of log_softmax before it": ("torch.nn.functional.cross_entropy",),
    "it is one node, MulBackward0, where PyTorch has several before it": ("torch.nn.functional.rms_norm",),
    "it is one node, ScaledDotProductFlashAttentionForCpuBackward0, whatever the arguments": ("torch.nn.functional.scaled_dot_product_attention",),
    "one node for a whole sequence in one layer and direction, such as LstmSequenceBackward0": ("torch.nn.GRU", "torch.nn.LSTM", "torch.nn.RNN"),
    "the nodes that bring the result into its shape are others": (
        "torch.einsum", "torch.kron", "torch.linalg.cond", "torch.linalg.matrix_norm", "torch.linalg.norm", "torch.linalg.tensorinv", "torch.matmul",
        "torch.nanquantile", "torch.nn.functional.dropout3d", "torch.nn.functional.linear", "torch.quantile", "torch.stft",
    ),
    "of order 0 its node is that of clone, CloneBackward0": ("torch.diff",),
    "of exponent 0 its node is that of the copy into a part": ("torch.linalg.matrix_power", "torch.matrix_power"),
    "with decimals=0 its node is RoundBackward0": ("torch.round",),
    "its last node is the sum over all, SumBackward0, where no dim is given": ("torch.masked.sum",),
}  # fmt: skip

#: name -> how it differs
DIFFERS = {
    **{name: how for how, names in NODES.items() for name in names},
    **dict.fromkeys(
        ("torch.clone", "torch.Tensor.clone", "torch.Tensor.contiguous", "torch.Tensor.is_contiguous", "torch.Tensor.to"),
        "memory_format=channels_last changes nothing: a copy is in row-major order",
    ),
    **dict.fromkeys(
        ("torch.profiler.profile", "torch.autograd.profiler.profile"),
        "the events are those of the operations here: linear is t and addmm, and what makes a tensor of nothing (ones, randn) is none; times are those "
        "of the CPU, memory that of results; with_stack names the user's lines only",
    ),
    "torch.autograd.profiler.EventList": "with stacks and FLOPs in one table each number stands under its own title",
    **dict.fromkeys(
        ("torch.profiler.kineto_available", "torch.autograd.kineto_available", "torch.autograd.profiler.kineto_available"),
        "False: the profiler is Python's",
    ),
    "torch.special.bessel_j0": "right to 16 digits; PyTorch's is off by up to 4e-7 beyond 5",
    "torch.special.bessel_j1": "right to 16 digits; PyTorch's is off by up to 4e-7 beyond 5",
    "torch.special.bessel_y0": "right to 16 digits; PyTorch's is off by up to 2e-7 beyond 5",
    "torch.special.bessel_y1": "right to 16 digits; PyTorch's is off by up to 9e-7 beyond 5",
    "torch.arange": "float32 numbers may differ in the last bit",
    "torch.linspace": "float32 numbers may differ in the last bit",
    "torch.randn": "float64, 16 numbers or more: one number in a thousand differs in the last digit",
    "torch.Tensor.normal_": "float64, 16 numbers or more: one number in a thousand differs in the last digit",
    "torch.as_strided_scatter": "its gradient is 0 where src was written; that of PyTorch 2.13 is 0 elsewhere",
    "torch.Tensor.as_strided_scatter": "its gradient is 0 where src was written; that of PyTorch 2.13 is 0 elsewhere",
    "torch.Tensor.resize_": "what is new in memory that grew is 0; other views made before keep the old memory",
    "torch.set_num_threads": "needs the package threadpoolctl; without it there is a warning",
    "torch.is_inference": "False: what is made in inference mode is an ordinary tensor",
    "torch.Tensor.as_subclass": "detach() and data of a subclass give plain tensors",
    "torch.as_strided": "its node bears the name of the view that is replayed, not AsStridedBackward0",
    "torch.nn.functional.linear_cross_entropy": "options are checked and save no memory: the scores are made at once, and the nodes are those of that",
    "torch.vmap": "calls the function once for each example: the results are equal, the speed is a loop's",
    **dict.fromkeys(
        ("torch.load", "torch.serialization.load"),
        "weights_only=False reads no more than True does: no code of a file ever runs. A changed byte is an error (PyTorch ignores checksums), and so are "
        "compressed entries",
    ),
    **dict.fromkeys(
        ("torch.save", "torch.serialization.save"),
        "the file is replaced at once or not at all; the format from before 1.6 is not written, pickle_module not used",
    ),
    "torch.func.vmap": "calls the function once for each example: the results are equal, the speed is a loop's",
    "torch.optim.swa_utils.get_swa_multi_avg_fn": "averages integers too, rounded towards zero, as get_swa_avg_fn does",
    "torch.optim.lr_scheduler.CyclicLR": "load_state_dict leaves the dictionary as it is",
    **dict.fromkeys(
        ("torch.nn.utils.convert_conv2d_weight_memory_format", "torch.nn.utils.convert_conv3d_weight_memory_format"),
        "there is one memory format here: the weights stay as they are",
    ),
    "torch.nn.attention.sdpa_kernel": "attention is computed in one way here: the choice changes nothing",
    "torch.nn.utils.skip_init": "the weights are drawn and dropped, and the generator goes on as if they were not",
    "torch.optim.Optimizer": "load_state_dict copies the state it is given",
    "torch.optim.SGD": "differentiable=True: the first momentum keeps the history of its gradient, which PyTorch detaches",
}


@functools.cache
def torch_names():
    """{module: the names that PyTorch documents in it}, in alphabetical order."""
    rows = (line.partition(": ") for line in NAMES_FILE.read_text(encoding="utf-8").splitlines())
    return {module: names.split() for module, _, names in rows}


def why_missing(name):
    """The reason why ``torch.xyz`` is not here."""
    return next((why for why, patterns in MISSING.items() if any(fnmatchcase(name, pattern) for pattern in patterns)), NOT_BUILT)


def missing_from(module, called=None, later=()):
    """A module's ``__getattr__``: a name that PyTorch has in ``module`` and that is missing here gets its reason.

    ``later`` maps names that are here, and only not imported yet, to the submodule that they are in (None: they are one).
    """
    called = called or module.replace("torch", "lesson_lib", 1)

    def __getattr__(name):
        if name in later:
            source = import_module(f"{called}.{later[name] or name}")
            return source if later[name] is None else getattr(source, name)
        plain = f"module '{called}' has no attribute '{name}'"
        full = f"{module}.{name}"
        if name.startswith("_") or (name not in torch_names().get(module, ()) and full not in torch_names()):
            raise AttributeError(plain, name=name)
        raise _missing(plain, full)

    return __getattr__


def _missing(first_line, name):
    return error("missing_name", first=first_line, name=name, why=why_missing(name))


class MissingMethod:
    """Stands in a class for a method of PyTorch's that is missing: asking for it tells why, and ``hasattr`` says no."""

    def __init__(self, name):
        self.name = name

    def __get__(self, instance, owner):
        who = f"type object '{owner.__name__}'" if instance is None else f"'{owner.__name__}' object"
        plain = f"{who} has no attribute '{self.name}'"
        raise _missing(plain, f"torch.Tensor.{self.name}")
