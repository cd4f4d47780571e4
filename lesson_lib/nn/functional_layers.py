"""The layers of ``nn.functional`` that are made of several operations, or keep count of something."""

from math import ceil, floor, prod

from ..core.errors import error, tensor_title
from ..core.grad_mode import no_grad
from ..ops.embedding import embedding_rows
from ..ops.join import stack
from ..ops.norm import batch_norm_eval, batch_norm_train, native_layer_norm, unbiased
from ..ops.pool import avg_pool2d
from ..ops.spatial import pair


def adaptive_avg_pool2d(input, output_size):
    """Means of windows that tile the image so that the output is (…, *output_size); None keeps a dimension's size.

    Window i of n runs from ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(16.).view(1, 4, 4), 1)
    tensor([[[7.5000]]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
    """
    wanted = pair(output_size) if output_size is not None else (None, None)
    height, width = (size if n is None else n for size, n in zip(input.shape[-2:], wanted))
    if (height, width) == (1, 1):
        return input.mean((-1, -2), keepdim=True)
    if input.size(-2) % height == 0 and input.size(-1) % width == 0:  # equal windows
        return avg_pool2d(input, (input.size(-2) // height, input.size(-1) // width))
    rows, columns = _windows(input.size(-2), height), _windows(input.size(-1), width)
    return stack([stack([input[..., r, c].mean((-1, -2)) for c in columns], -1) for r in rows], -2)


def _windows(size, count):
    return [slice(floor(i * size / count), ceil((i + 1) * size / count)) for i in range(count)]


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ for each channel: with the batch's moments in training, else the running ones.

    In training the running moments move towards the batch's: r ← (1 − momentum)·r + momentum·new, in place.

    Errors: ValueError if a channel has only one value in training.
    Source: S. Ioffe and C. Szegedy, https://arxiv.org/abs/1502.03167;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
    """
    if eps < 0 or (training and eps == 0):
        raise error("norm_eps", wanted="positive during training" if training else "non-negative", eps=eps)
    _check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if not training:
        if running_mean is None or running_var is None:
            raise error("norm_running")
        return batch_norm_eval.op.raw(input, weight, bias, running_mean, running_var, eps=eps)
    if prod(input.shape) == input.size(1):
        raise error("norm_one_value", size=input.shape)
    y, mean, variance = batch_norm_train.op.raw(input, weight, bias, eps=eps)
    with no_grad():
        for running, new in ((running_mean, mean), (running_var, unbiased(variance, input.shape))):
            if running is not None:
                running.mul_(1 - momentum).add_(new.reshape(-1), alpha=momentum)
    return y


def _check_channels(input, **vectors):
    for name, vector in vectors.items():
        if vector is not None and vector.numel() != input.size(1):
            raise error("norm_channels", what=name, expected=input.size(1), found=vector.numel())


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ with the moments of each sample over the last dimensions.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1., 3.]]), (2,), eps=0)
    tensor([[-1.,  1.]])

    Errors: RuntimeError if ``normalized_shape`` is not the input's last dimensions.
    Source: J. Ba et al., https://arxiv.org/abs/1607.06450; https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
    """
    shape = tuple(normalized_shape)
    if tuple(input.shape[-len(shape) :]) != shape:
        expected = "[*, " + ", ".join(map(str, shape)) + "]"
        raise error("norm_shape", shape=list(shape), expected=expected, found=list(input.shape))
    return native_layer_norm.op.raw(input, weight, bias, ndims=len(shape), eps=eps)[0]


def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
    """Row ``input[i]`` of ``weight`` for each i: input (*) int, weight (rows, d) → (*, d).

    ``padding_idx``: a row that gets no gradient. ``max_norm``: longer rows are first shortened, in place.
    ``scale_grad_by_freq``: a row's gradient is divided by how often it was looked up.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.embedding(torch.tensor([1, 1]), torch.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [3., 4.]])

    Errors: IndexError for a row that does not exist, NotImplementedError for ``sparse``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    if sparse:
        raise error("embedding_sparse")
    if weight.ndim != 2:
        raise error("embedding_matrix")
    if input._a.dtype.name not in ("int64", "int32"):
        raise error("embedding_index", type=tensor_title(input._a.dtype))
    if padding_idx is not None:
        if not -weight.size(0) <= padding_idx < weight.size(0):
            raise error("embedding_padding")
        padding_idx %= weight.size(0)
    if max_norm is not None:
        _shorten(weight, input, max_norm, norm_type)
    return embedding_rows.op.raw(weight, input, padding_idx=padding_idx, scale_grad_by_freq=scale_grad_by_freq)


@no_grad()
def _shorten(weight, input, max_norm, norm_type):
    """Rows that are looked up and longer than ``max_norm``, scaled down to it."""
    for row in sorted(set(input.reshape(-1).tolist())):
        length = float((weight[row].abs() ** norm_type).sum() ** (1 / norm_type))
        if length > max_norm:
            weight[row] = weight[row] * (max_norm / (length + 1e-7))


def one_hot(tensor, num_classes=-1):
    """Class numbers as rows of zeros with a single 1: (*) int64 → (*, num_classes).

    >>> import lesson_lib as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])

    Errors: RuntimeError for a class number that is negative or not below ``num_classes``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
    """
    if tensor._a.dtype != "int64":
        raise error("one_hot", message="one_hot is only applicable to index tensor of type LongTensor.")
    if tensor.numel() and tensor.min() < 0:
        raise error("one_hot", message="Class values must be non-negative.")
    if num_classes == -1:
        if not tensor.numel():
            raise error("one_hot", message="Can not infer total number of classes from empty tensor.")
        num_classes = int(tensor.max()) + 1
    elif tensor.numel() and tensor.max() >= num_classes:
        raise error("one_hot", message="Class values must be smaller than num_classes.")
    result = tensor.new_zeros((*tensor.shape, num_classes))
    return result.scatter_(-1, tensor.unsqueeze(-1), 1)


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """x / max(‖x‖ₚ, ε) along ``dim``.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """
    length = (input.abs() ** p).sum(dim, keepdim=True) ** (1 / p)
    result = input / length.clamp_min(eps)
    return result if out is None else out.copy_(result)
