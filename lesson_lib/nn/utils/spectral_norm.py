"""Spectral normalisation in its older form: a hook that computes the weight before every call.

The largest singular value of W is estimated by the power method: v ← Wᵀu/‖Wᵀu‖, u ← Wv/‖Wv‖, one step for each call in training.
``parametrizations.spectral_norm`` is the newer form. Source: T. Miyato et al., https://arxiv.org/abs/1802.05957
"""

from ...core.errors import error
from ...core.grad_mode import no_grad
from ...ops.matmul import dot, mv
from .. import functional as F
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..parameter import Parameter, UninitializedParameter


def as_matrix(weight, dim):
    """The weight with ``dim`` as its rows and everything else as its columns."""
    return weight.movedim(dim, 0).flatten(1)


def default_dim(module, dim):
    """The dimension of the outputs, which is 1 in transposed convolutions."""
    if dim is not None:
        return dim
    return 1 if isinstance(module, ConvTranspose1d | ConvTranspose2d | ConvTranspose3d) else 0


class SpectralNorm:
    """The hook: ``weight`` from ``weight_orig``, with the vectors ``weight_u`` and ``weight_v`` as buffers."""

    _version = 1

    def __init__(self, name="weight", n_power_iterations=1, dim=0, eps=1e-12):
        if n_power_iterations <= 0:
            raise error("power_iterations", found=n_power_iterations)
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def reshape_weight_to_matrix(self, weight):
        """The weight as the matrix whose norm is meant."""
        return as_matrix(weight, self.dim)

    def compute_weight(self, module, do_power_iteration):
        """The weight as it is now; ``do_power_iteration`` also moves u and v."""
        weight, u, v = (getattr(module, self.name + end) for end in ("_orig", "_u", "_v"))
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    F.normalize(mv(matrix.t(), u), dim=0, eps=self.eps, out=v)
                    F.normalize(mv(matrix, v), dim=0, eps=self.eps, out=u)
                u, v = u.clone(), v.clone()  # a second call before backward changes the buffers, which this graph must not see
        return weight / dot(u, mv(matrix, v))

    @staticmethod
    def apply(module, name, n_power_iterations, dim, eps):
        """Move the weight aside, draw u and v, and register the hook."""
        if _hook_of(module, name) is not None:
            raise error("two_hooks", norm="spectral_norm", name=name)
        hook, weight = SpectralNorm(name, n_power_iterations, dim, eps), module._parameters[name]
        if weight is None:
            raise error("spectral_none", name=name)
        if isinstance(weight, UninitializedParameter):
            raise error("norm_uninitialized", norm="SpectralNorm", long="spectral")
        with no_grad():
            sizes = hook.reshape_weight_to_matrix(weight).size()
            u, v = (F.normalize(weight.new_empty(size).normal_(0, 1), dim=0, eps=eps) for size in sizes)
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)  # a plain attribute until the first call
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        return hook

    def remove(self, module):
        """Make the weight a parameter again."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for end in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + end)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


class SpectralNormStateDictHook:
    """Notes in a ``state_dict`` which version of the hook it was saved with, as PyTorch does."""

    def __init__(self, fn):
        self.fn = fn

    def __call__(self, module, state_dict, prefix, local_metadata):
        local_metadata.setdefault("spectral_norm", {})[self.fn.name + ".version"] = self.fn._version


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """Let the weight be W/σ(W), where σ is an estimate of the largest singular value: a layer that stretches no input.

    >>> import lesson_lib as torch
    >>> layer = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 2))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']

    Errors: RuntimeError the second time, ValueError for a lazy module before its first call.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html
    """
    SpectralNorm.apply(module, name, n_power_iterations, default_dim(module, dim), eps)
    return module


def remove_spectral_norm(module, name="weight"):
    """Make the weight an ordinary parameter again.

    Errors: ValueError if it has no spectral_norm.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.remove_spectral_norm.html
    """
    hook = _hook_of(module, name)
    if hook is None:
        raise error("norm_hook_missing", norm="spectral_norm", name=name, module=module)
    hook.function.remove(module)
    module._forward_pre_hooks.remove(hook)
    module._state_dict_hooks[:] = [
        pair for pair in module._state_dict_hooks if not (isinstance(pair[0], SpectralNormStateDictHook) and pair[0].fn.name == name)
    ]
    return module


def _hook_of(module, name):
    return next((hook for hook in module._forward_pre_hooks if isinstance(hook.function, SpectralNorm) and hook.function.name == name), None)
