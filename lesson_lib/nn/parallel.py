"""One batch over several devices: cut along a dimension, computed by copies of a module, and put together again.

Autograd does the rest: the copies are made by ``to``, whose gradient goes back to the one set of parameters and is summed there.

Source: https://pytorch.org/docs/stable/nn.html#dataparallel-layers-multi-gpu-distributed
"""

import warnings

from .. import cuda
from ..core.device import device as as_device
from ..core.errors import error
from ..core.parity import missing_from
from ..core.tensor import Tensor
from ..func.modules import functional_call
from ..ops.join import cat
from .module import Module

__all__ = ["DataParallel", "data_parallel", "gather", "scatter"]


class DataParallel(Module):
    """Every input is cut along ``dim`` into one piece for each GPU; the outputs are joined on ``output_device``.

    The gradients are those of one device with the whole batch, but for what looks at the batch as a whole: batch norm takes the
    moments of each piece. Without a GPU, as in PyTorch, it is the module itself.

    ``device_ids``: numbers of GPUs, all by default. ``output_device``: the first of them by default.

    >>> import lesson_lib as torch
    >>> net = torch.nn.DataParallel(torch.nn.Linear(3, 2))
    >>> net(torch.ones(4, 3)).shape
    torch.Size([4, 2])

    Errors: RuntimeError if the module's tensors are not on the first device.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
    """

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.module = module
        if not cuda.is_available():
            self.device_ids = []
            return
        self.dim = dim
        self.device_ids = [as_device(one).index for one in (range(cuda.device_count()) if device_ids is None else device_ids)]
        self.output_device = self.device_ids[0] if output_device is None else as_device(output_device).index
        self.src_device_obj = as_device(self.device_ids[0])
        if len(self.device_ids) == 1:
            self.module.to(self.src_device_obj)

    def forward(self, *inputs, **kwargs):
        """The module's output for the whole batch."""
        if not self.device_ids:
            return self.module(*inputs, **kwargs)
        return data_parallel(self.module, inputs, self.device_ids, self.output_device, self.dim, kwargs)


def data_parallel(module, inputs, device_ids=None, output_device=None, dim=0, module_kwargs=None):
    """``module(*inputs, **module_kwargs)``, computed in pieces on ``device_ids`` (numbers of GPUs, or devices of any kind).

    >>> import lesson_lib as torch
    >>> net, x, cpu = torch.nn.Linear(3, 2), torch.randn(5, 3), torch.device("cpu")
    >>> torch.allclose(torch.nn.parallel.data_parallel(net, x, [cpu, cpu]), net(x))
    True

    Errors: RuntimeError if there is no device, or if the module's tensors are not on the first one.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.torch.nn.parallel.data_parallel.html
    """
    devices = [as_device(one) for one in (range(cuda.device_count()) if device_ids is None else device_ids)]
    if not devices:
        raise error("no_parallel_device")
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for tensor in tensors.values():
        if tensor.device != devices[0]:
            raise error("parallel_module_device", wanted=devices[0], found=tensor.device)
    inputs = inputs if isinstance(inputs, tuple) else () if inputs is None else (inputs,)
    pieces = scatter((inputs, module_kwargs or {}), devices, dim) or [((), {})]
    outputs = []
    for device, (args, kwargs) in zip(devices, pieces):
        copies = {name: tensor.to(device) for name, tensor in tensors.items()}
        outputs.append(functional_call(module, copies, args, kwargs))
    return gather(outputs, devices[0] if output_device is None else as_device(output_device), dim)


def scatter(inputs, target_gpus, dim=0):
    """One piece of ``inputs`` for each device: tensors are cut along ``dim``, other values go to every device.

    Tensors may stand in tuples, lists and dictionaries. There are fewer pieces than devices if the batch is too small.

    >>> import lesson_lib as torch
    >>> [piece.tolist() for piece in torch.nn.parallel.scatter(torch.arange(5), [torch.device("cpu")] * 2)]
    [[0, 1, 2], [3, 4]]

    Source: https://pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
    """
    devices = [as_device(one) for one in target_gpus]
    if isinstance(inputs, Tensor):
        return [piece.to(device) for device, piece in zip(devices, inputs.chunk(len(devices), dim))]
    if isinstance(inputs, dict):
        return [type(inputs)(zip(inputs, values)) for values in _together(inputs.values(), devices, dim)]
    if isinstance(inputs, tuple | list) and inputs:
        kind = type(inputs)
        return [kind(*values) if hasattr(kind, "_fields") else kind(values) for values in _together(inputs, devices, dim)]
    return [inputs] * len(devices)


def _together(values, devices, dim):
    """The pieces of several values, device by device; as many as the value with the fewest pieces has."""
    return list(zip(*(scatter(value, devices, dim) for value in values))) if values else [()] * len(devices)


def gather(outputs, target_device, dim=0):
    """What the devices gave, joined along ``dim`` on ``target_device``; numbers become a vector, with PyTorch's warning.

    >>> import lesson_lib as torch
    >>> torch.nn.parallel.gather([torch.ones(2), torch.zeros(1)], torch.device("cpu"))
    tensor([1., 1., 0.])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
    """
    first = outputs[0]
    if isinstance(first, Tensor):
        if first.ndim == 0 and dim == 0:
            warnings.warn(
                "Was asked to gather along dimension 0, but all input tensors were scalars; will instead unsqueeze and return a vector.", stacklevel=2
            )
            outputs = [output.unsqueeze(0) for output in outputs]
        return cat([output.to(as_device(target_device)) for output in outputs], dim)
    if first is None:
        return None
    if isinstance(first, dict):
        return type(first)((key, gather([output[key] for output in outputs], target_device, dim)) for key in first)
    values = [gather(list(parts), target_device, dim) for parts in zip(*outputs)]
    return type(first)(*values) if hasattr(first, "_fields") else type(first)(values)


__getattr__ = missing_from("torch.nn.parallel")  # a name that is missing here says why
