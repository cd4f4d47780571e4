"""The normalisations of ``nn.functional``.

y = (x − μ)/√(σ² + ε), then a learned scale and shift. They differ in what the moments μ, σ² are taken over, for x (N, C, H, W):
batch normalisation over N, H, W; layer normalisation over C, H, W; instance normalisation over H, W; group normalisation over H, W
and some of the channels.
"""

from ..core.errors import error
from ..ops import normalize as moments
from ..ops.division import div
from ..ops.join import cat
from ..ops.statistics import vector_norm


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ for each channel: with the batch's moments in training, else the running ones.

    In training the running moments move towards the batch's: r ← (1 − momentum)·r + momentum·new, in place.

    Errors: ValueError if a channel has only one value in training.
    Source: S. Ioffe and C. Szegedy, https://arxiv.org/abs/1502.03167;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
    """
    if eps < 0 or (training and eps == 0):
        raise error("norm_eps", wanted="positive during training" if training else "non-negative", eps=eps)
    if training and _values_per_channel(input.shape) == 1:
        raise error("norm_one_value", size=input.shape)
    return moments.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _values_per_channel(shape):
    """How many values the moments of a channel are taken over, for x (N, C, …)."""
    count = shape[0]
    for size in shape[2:]:
        count *= size
    return count


def instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, eps=1e-05):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ with the moments of each channel of each sample; without ``use_input_stats`` the running ones.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.instance_norm(torch.tensor([[[1., 3.], [10., 30.]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])

    Errors: ValueError if a channel of a sample has only one value.
    Source: D. Ulyanov et al., https://arxiv.org/abs/1607.08022;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
    """
    if use_input_stats and _values_per_channel((1, *input.shape[1:])) == 1:
        raise error("norm_one_element", size=input.shape)
    return moments.instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps)


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-05):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ with the moments of each sample's groups of channels; w, b: one number per channel.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.group_norm(torch.tensor([[1., 3., 10., 30.]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])

    Errors: RuntimeError if the channels do not divide into the groups; ValueError if a group has only one value.
    Source: Y. Wu and K. He, https://arxiv.org/abs/1803.08494; https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
    """
    if input.ndim >= 2:
        samples, channels = input.shape[:2]
        if _values_per_channel((samples * channels // num_groups, num_groups, *input.shape[2:])) == 1:
            raise error("norm_group_value", shape=list(input.shape))
    return moments.group_norm(input, num_groups, weight, bias, eps)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05):
    r"""$y = w\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + b$ with the moments of each sample over the last dimensions.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1., 3.]]), (2,), eps=0)
    tensor([[-1.,  1.]])

    Errors: RuntimeError if ``normalized_shape`` is not the input's last dimensions.
    Source: J. Ba et al., https://arxiv.org/abs/1607.06450; https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
    """
    return moments.layer_norm(input, normalized_shape, weight, bias, eps)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    r"""$y = w\,x/\sqrt{\overline{x^2} + \epsilon}$ with the mean square over the last dimensions.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([[3., 4.]]), (2,))
    tensor([[0.8485, 1.1314]])

    Errors: RuntimeError if ``normalized_shape`` is not the input's last dimensions.
    Source: B. Zhang and R. Sennrich, https://arxiv.org/abs/1910.07467; https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
    """
    return moments.rms_norm(input, normalized_shape, weight, eps)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    r"""$y_c = x_c\,\bigl(k + \frac{\alpha}{n} \sum_{c'} x_{c'}^2\bigr)^{-\beta}$, the sum running over the n = ``size`` neighbouring channels.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.local_response_norm(torch.ones(1, 3, 1), 2, alpha=2., beta=1.)
    tensor([[[0.5000],
             [0.3333],
             [0.3333]]])

    Errors: ValueError for fewer than 3 dimensions.
    Source: A. Krizhevsky et al., https://papers.nips.cc/paper/4824;
    https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
    """
    if input.ndim < 3:
        raise error("norm_across_dims", ndim=input.ndim)
    if size < 1:
        raise error("norm_across_size", size=size)
    if input.numel() == 0:
        return input
    edges = [input.new_zeros((input.size(0), count, *input.shape[2:])) for count in (size // 2, (size - 1) // 2)]
    sums = cat([edges[0], input * input, edges[1]], 1).unfold(1, size, 1).sum(-1)
    mean = sums / size if input.is_floating_point() else sums.div(size, rounding_mode="trunc")
    return input / (mean * alpha + k) ** beta


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """x / max(‖x‖ₚ, ε) along ``dim``.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3., 4.]]))
    tensor([[0.6000, 0.8000]])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """
    length = vector_norm(input, p, dim, keepdim=True).clamp_min(eps)
    return div(input, length.expand_as(input), out=out)
