"""The old place of ``torch.func.functional_call``."""

from ...core.parity import missing_from
from ...func.modules import functional_call as call
from ..outdated import outdated


@outdated(
    "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future version of PyTorch. "
    "Please use `torch.func.functional_call` instead which is a drop-in replacement."
)
def functional_call(module, parameters_and_buffers, args=None, kwargs=None, *, tie_weights=True, strict=False):
    """``torch.func.functional_call`` under its old name.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.stateless.functional_call.html
    """
    return call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


__getattr__ = missing_from("torch.nn.utils.stateless")  # a name that is missing here says why
