"""The memory format of convolution weights, of which there is one here."""


def convert_conv2d_weight_memory_format(module, memory_format):
    """The module as it is: tensors here have one memory format, row-major.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.convert_conv2d_weight_memory_format.html
    """
    return module


def convert_conv3d_weight_memory_format(module, memory_format):
    """The module as it is: tensors here have one memory format, row-major.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.convert_conv3d_weight_memory_format.html
    """
    return module
