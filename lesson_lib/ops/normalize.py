"""The normalisations as functions: what they check, and how they are put together from the operations in ``norm.py``.

The signatures are those of ``torch.batch_norm`` and its like; ``nn.functional`` has the same functions in a friendlier order.
"""

from ..core.dtypes import COMPLEX, FLOATING, finfo, float32
from ..core.errors import error
from ..core.grad_mode import no_grad
from .norm import native_layer_norm, native_rms_norm
from .norm_channels import batch_norm_eval, batch_norm_train, native_group_norm, unbiased


def batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=True):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ for each channel: with the batch's moments in training, else the running ones.

    In training the running moments move towards the batch's: r ← (1 − momentum)·r + momentum·new, in place.

    Source: S. Ioffe and C. Szegedy, https://arxiv.org/abs/1502.03167;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
    """
    if input.numel() == 0:
        return _of_nothing(input, weight, bias)
    running = {"running_mean": running_mean, "running_var": running_var}
    for what, vector in running.items():
        if vector is None and not training:
            raise error("norm_running", what=what)
    _check_channels(input, **running, weight=weight, bias=bias)
    if is_mixed(input, weight, bias, running_mean, running_var):
        return batch_norm(input.float(), weight, bias, running_mean, running_var, training, momentum, eps).to(input.dtype)
    if not training:
        return batch_norm_eval.op.raw(input, weight, bias, running_mean, running_var, eps=eps)
    y, mean, variance = batch_norm_train.op.raw(input, weight, bias, eps=eps)
    with no_grad():
        for vector, new in ((running_mean, mean), (running_var, unbiased(variance, input.shape))):
            if vector is not None:
                vector.mul_(1 - momentum).add_(new.reshape(-1), alpha=momentum)
    return y


def _check_channels(input, **vectors):
    for what, vector in vectors.items():
        if vector is not None and vector.numel() != input.size(1):
            raise error("norm_channels", what=what, expected=input.size(1), found=vector.numel())


def _of_nothing(input, weight, bias):
    """A tensor without elements has no moments; its copy still hangs on the parameters."""
    y = input.clone()
    y = y if weight is None else y * weight[0]
    return y if bias is None else y + bias[0]


def is_mixed(input, *vectors):
    """True for a half-precision input with float32 parameters, the one mixture that there is; any other mixture is an error."""
    vectors = [vector for vector in vectors if vector is not None]
    if not vectors or vectors[0].dtype is input.dtype:
        for vector in vectors:
            if vector.dtype is not input.dtype:
                raise error("dtype_expected", expected=input.dtype.title, found=vector.dtype.title)
        return False
    if any(vector.dtype is not float32 for vector in vectors):
        raise error("norm_mixed", what="expect parameter to have scalar type of Float")
    if input.dtype.np.itemsize != 2:
        raise error("norm_mixed", what="all inputs must share same datatype.")
    return True


def instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled=True):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ with the moments of each channel of each sample.

    It is the batch normalisation of one sample that has all channels of all samples.

    Source: D. Ulyanov et al., https://arxiv.org/abs/1607.08022;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
    """
    if not use_input_stats and (running_mean is None or running_var is None):
        raise error("norm_instance_running")
    count, channels = input.shape[:2]
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    weight, bias = (None if vector is None else vector.repeat(count) for vector in (weight, bias))
    means, variances = (None if vector is None else vector.repeat(count) for vector in (running_mean, running_var))
    side_by_side = input.contiguous().view(1, count * channels, *input.shape[2:])
    y = batch_norm(side_by_side, weight, bias, means, variances, use_input_stats, momentum, eps)
    if use_input_stats:  # the running moments move by the mean over the samples
        with no_grad():
            for vector, moved in ((running_mean, means), (running_var, variances)):
                if vector is not None:
                    vector.copy_(moved.view(count, channels).mean(0))
    return y.view(input.shape)


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05, cudnn_enabled=True):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ with the moments of each sample's groups of channels; w, b: one number per channel.

    One group is a layer normalisation, as many groups as channels an instance normalisation.

    >>> import lesson_lib as torch
    >>> torch.group_norm(torch.tensor([[1., 3., 10., 30.]]), 2, eps=0)
    tensor([[-1.,  1., -1.,  1.]])

    Errors: RuntimeError if the channels do not divide into the groups.
    Source: Y. Wu and K. He, https://arxiv.org/abs/1803.08494; https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
    """
    if input.ndim < 2:
        raise error("norm_group_dims", ndim=input.ndim)
    if input.size(1) % num_groups:
        raise error("norm_groups", shape=list(input.shape), groups=num_groups)
    for what, vector in (("weight", weight), ("bias", bias)):
        if vector is not None and vector.shape != (input.size(1),):
            raise error("norm_group_vector", what=what, found=list(vector.shape), shape=list(input.shape))
    if is_mixed(input, weight, bias):
        return group_norm(input.float(), num_groups, weight, bias, eps).to(input.dtype)
    return native_group_norm.op.raw(input, weight, bias, groups=num_groups, eps=eps)[0]


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05, cudnn_enable=True):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ with the moments of each sample over the last dimensions.

    >>> import lesson_lib as torch
    >>> torch.layer_norm(torch.tensor([[1., 3.]]), (2,), eps=0)
    tensor([[-1.,  1.]])

    Errors: RuntimeError if ``normalized_shape`` is not the input's last dimensions.
    Source: J. Ba et al., https://arxiv.org/abs/1607.06450; https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
    """
    shape = _normalized("layer_norm", normalized_shape, weight=weight, bias=bias)
    if tuple(input.shape[-len(shape) :]) != shape:
        raise error("norm_shape", shape=list(shape), expected=str(["*", *shape]).replace("'", ""), found=list(input.shape))
    if is_mixed(input, weight, bias):
        return layer_norm(input.float(), shape, weight, bias, eps).to(input.dtype)
    return native_layer_norm.op.raw(input, weight, bias, ndims=len(shape), eps=eps)[0]


def _normalized(name, shape, **vectors):
    """``normalized_shape`` as a tuple, if it and the parameters fit each other."""
    if isinstance(shape, int):
        raise error("norm_shape_type", name=name, type="int")
    shape = tuple(shape)
    if not shape:
        raise error("norm_empty_shape", shape=[])
    for what, vector in vectors.items():
        if vector is not None and tuple(vector.shape) != shape:
            raise error("norm_parameter", what=what, found=list(vector.shape), shape=list(shape))
    return shape


def rms_norm(input, normalized_shape, weight=None, eps=None):
    r"""$y = w\,x/\sqrt{\overline{x^2} + \epsilon}$ with the mean square over the last dimensions: a layer normalisation that leaves the mean alone.

    ``eps`` is the dtype's precision if not given.

    >>> import lesson_lib as torch
    >>> torch.rms_norm(torch.tensor([[3., 4.]]), (2,))
    tensor([[0.8485, 1.1314]])

    Errors: RuntimeError if ``normalized_shape`` is not the input's last dimensions.
    Source: B. Zhang and R. Sennrich, https://arxiv.org/abs/1910.07467; https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
    """
    shape = _normalized("rms_norm", normalized_shape, weight=weight)
    if len(shape) > input.ndim:
        raise error("rms_dims", least=len(shape), ndim=input.ndim)
    if tuple(input.shape[-len(shape) :]) != shape:
        raise error("rms_shape", shape=list(shape), expected=f"[*{', '.join(map(str, shape))}]", found=list(input.shape))
    if input.dtype.category < FLOATING:
        raise error("not_implemented_for", kernel="rms_norm", dtype=input.dtype.title)
    x = input.float() if input.dtype.np.itemsize == 2 else input  # squares of half-precision numbers soon overflow
    options = {"ndims": len(shape), "eps": finfo(x.dtype).eps if eps is None else eps}
    if x.dtype.category == COMPLEX or (weight is not None and weight.dtype is not x.dtype):
        return native_rms_norm.op.composite(x, weight, **options).to(input.dtype)
    return native_rms_norm.op.raw(x, weight, **options)[0].to(input.dtype)
