"""Batch and instance normalisation: each channel with mean 0 and variance 1, then a learned scale and shift.

The moments are those of the data; running ones, kept as buffers, may take their place in evaluation.
"""

import warnings

from ..core.errors import error
from ..ops.create import empty, ones, zeros
from ..ops.data import tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


class _NormBase(Module):
    """What batch and instance normalisation share: the learned scale and shift, and the running moments as buffers."""

    _version = 2
    dims = ()  # how many dimensions an input may have

    def __init__(self, num_features, eps, momentum, affine, track_running_stats, device, dtype, bias):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        options = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(num_features, **options)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_features, **options)) if affine and bias else None)
        self.register_buffer("running_mean", zeros(num_features, **options) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features, **options) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", tensor(0, device=device) if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self):
        """Forget the batches seen so far."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        """Scale 1, shift 0, and no batches seen."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_dims(self, input):
        if input.ndim not in self.dims:
            raise error("norm_dims", wanted=" or ".join(f"{n}D" for n in self.dims), ndim=input.ndim)

    def extra_repr(self):
        """The settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        # The first version did not count batches.
        if local_metadata.get("version", 1) < 2 and self.track_running_stats:
            state_dict.setdefault(prefix + "num_batches_tracked", self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class _BatchNorm(_NormBase):
    """Batch normalisation of any number of dimensions."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None, *, bias=True
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input):
        """In training: normalised by the batch's moments, which also move the running ones. In evaluation: by the running ones."""
        self._check_dims(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the plain mean of all batches
                momentum = 1.0 / float(self.num_batches_tracked)
        by_batch = self.training or self.running_mean is None
        keeps_count = not self.training or self.track_running_stats
        running = (self.running_mean, self.running_var) if keeps_count else (None, None)
        return F.batch_norm(input, *running, self.weight, self.bias, by_batch, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L): each channel with mean 0 and variance 1 over the batch.

    >>> import lesson_lib as torch
    >>> torch.nn.BatchNorm1d(2)(torch.tensor([[1., 0.], [3., 4.]])).mean(0)
    tensor([0., 0.], grad_fn=<MeanBackward1>)

    Errors: ValueError for another number of dimensions, or one value per channel in training.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
    """

    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images (N, C, H, W): each channel with mean 0 and variance 1 over batch and pixels.

    Errors: ValueError for another number of dimensions, or one value per channel in training.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """

    dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of volumes (N, C, D, H, W): each channel with mean 0 and variance 1 over batch and voxels.

    Errors: ValueError for another number of dimensions, or one value per channel in training.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
    """

    dims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation whose moments are those of all processes. One process computes here: it is batch norm of (N, C, ...).

    ``convert_sync_batchnorm`` puts it in the place of every batch norm of a module.

    >>> import lesson_lib as torch
    >>> torch.nn.SyncBatchNorm.convert_sync_batchnorm(torch.nn.Sequential(torch.nn.BatchNorm1d(2)))
    Sequential(
      (0): SyncBatchNorm(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    )

    Errors: ValueError for fewer than two dimensions, or no channel.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html
    """

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, process_group=None, device=None, dtype=None, *, bias=True
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_dims(self, input):
        if input.ndim < 2:
            raise error("norm_dims", wanted="at least 2D", ndim=input.ndim)
        if input.size(1) == 0:
            raise error("sync_norm_no_channels")

    @classmethod
    def convert_sync_batchnorm(cls, module, process_group=None):
        """``module`` with this class in place of every batch norm in it, the parameters and buffers being the same."""
        converted = module
        if isinstance(module, _BatchNorm):
            settings = (module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats, process_group)
            converted = SyncBatchNorm(*settings, bias=module.bias is not None)
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(converted, name, getattr(module, name))
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted


class _InstanceNorm(_NormBase):
    """Instance normalisation: each channel of each sample by itself. The input may be a single sample without a batch dimension."""

    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, device=None, dtype=None, *, bias=True
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input):
        """Normalised by the moments of each sample's channels; in evaluation by the running ones, if they are tracked."""
        self._check_dims(input)
        single = input.ndim == self.dims[0]
        channels = input.size(0 if single else 1)
        if channels != self.num_features:
            if self.affine:
                raise error("norm_features", dim=0 if single else 1, expected=self.num_features, found=channels)
            warnings.warn(
                f"input's size at dim={0 if single else 1} does not match num_features. You can silence this warning by not passing in num_features, "
                "which is not used because affine=False", stacklevel=2,
            )  # fmt: skip
        return self._normalised(input.unsqueeze(0)).squeeze(0) if single else self._normalised(input)

    def _normalised(self, input):
        by_sample = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        return F.instance_norm(input, self.running_mean, self.running_var, self.weight, self.bias, by_sample, momentum, self.eps)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of sequences (N, C, L) or (C, L): each channel of each sample with mean 0 and variance 1.

    >>> import lesson_lib as torch
    >>> torch.nn.InstanceNorm1d(1)(torch.tensor([[[1., 3.]], [[0., 100.]]]))
    tensor([[[-1.0000,  1.0000]],
    <BLANKLINE>
            [[-1.0000,  1.0000]]])

    Errors: ValueError for another number of dimensions, or one value per channel.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
    """

    dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation of images (N, C, H, W) or (C, H, W): each channel of each image with mean 0 and variance 1.

    Errors: ValueError for another number of dimensions, or one value per channel.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """

    dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of volumes (N, C, D, H, W) or (C, D, H, W): each channel of each volume with mean 0 and variance 1.

    Errors: ValueError for another number of dimensions, or one value per channel.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
    """

    dims = (4, 5)
