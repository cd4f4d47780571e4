"""PyTorch's files of layers under their own paths: ``from lesson_lib.nn.modules.conv import _ConvNd``.

The layers themselves stand in the files beside this folder, which are cut a little differently; the table says what belongs where.
"""

import sys
from types import ModuleType

from .. import activation as _activation
from .. import adaptive as _adaptive
from .. import attention as _attention
from .. import batchnorm as _batchnorm
from .. import container as _container
from .. import conv as _conv
from .. import distance as _distance
from .. import dropout as _dropout
from .. import flatten as _flatten
from .. import fold as _fold
from .. import global_hooks as _global_hooks
from .. import lazy as _lazy
from .. import lazy_layers as _lazy_layers
from .. import linear as _linear
from .. import linear_cross_entropy as _linear_cross_entropy
from .. import loss as _loss
from .. import loss_margin as _loss_margin
from .. import module as _module
from .. import normalization as _normalization
from .. import padding as _padding
from .. import parameter_container as _parameter_container
from .. import pooling as _pooling
from .. import rnn as _rnn
from .. import rnn_cells as _rnn_cells
from .. import sparse as _sparse
from .. import transformer as _transformer
from .. import upsampling as _upsampling
from . import utils

_FILES = {
    "activation": (_activation, _attention), "adaptive": (_adaptive,), "batchnorm": (_batchnorm, _lazy_layers), "channelshuffle": (_upsampling,),
    "container": (_container, _parameter_container), "conv": (_conv, _lazy_layers), "distance": (_distance,), "dropout": (_dropout,),
    "flatten": (_flatten,), "fold": (_fold,), "instancenorm": (_batchnorm, _lazy_layers), "lazy": (_lazy,),
    "linear": (_linear, _lazy_layers, _attention), "linear_cross_entropy_options": (_linear_cross_entropy,), "loss": (_loss, _loss_margin),
    "module": (_module, _global_hooks), "normalization": (_normalization,), "padding": (_padding,), "pixelshuffle": (_upsampling,),
    "pooling": (_pooling,), "rnn": (_rnn_cells, _rnn), "sparse": (_sparse,), "transformer": (_transformer,), "upsampling": (_upsampling,),
}  # fmt: skip


def _face(name, sources):
    """A module of that name with what the sources define."""
    face = ModuleType(f"{__name__}.{name}", f"What PyTorch has in torch/nn/modules/{name}.py.")
    for source in sources:
        defined = {key: value for key, value in vars(source).items() if getattr(value, "__module__", None) == source.__name__}
        face.__dict__.update(defined)
        globals().update({key: value for key, value in defined.items() if isinstance(value, type) and not key.startswith("_")})
    sys.modules[face.__name__] = face  # so that the path can be imported from
    return face


for _name, _sources in _FILES.items():
    globals()[_name] = _face(_name, _sources)
