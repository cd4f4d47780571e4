"""All parameters as one vector, and back."""

from ...core.errors import error, typename
from ...core.tensor import Tensor
from ...ops.join import cat


def parameters_to_vector(parameters):
    """The parameters one after the other, as one vector.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.parameters_to_vector([torch.ones(2, 1), torch.zeros(2)])
    tensor([1., 1., 0., 0.])

    Errors: TypeError for parameters on several devices.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
    """
    parameters = _on_one_device(parameters)
    return cat([parameter.view(-1) for parameter in parameters])


def vector_to_parameters(vec, parameters):
    """Let every parameter look into its part of the vector; the inverse of ``parameters_to_vector``.

    >>> import lesson_lib as torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> torch.nn.utils.vector_to_parameters(torch.tensor([1., 2., 3.]), layer.parameters())
    >>> layer.bias
    Parameter containing:
    tensor([3.], requires_grad=True)

    Errors: TypeError for parameters on several devices, or a vector that is not a tensor.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html
    """
    if not isinstance(vec, Tensor):
        raise error("vector_type", type=typename(vec))
    start = 0
    for parameter in _on_one_device(parameters):
        end = start + parameter.numel()
        parameter.data = vec[start:end].view_as(parameter).data
        start = end


def _on_one_device(parameters):
    parameters = list(parameters)
    if len({parameter.device for parameter in parameters}) > 1:
        raise error("vector_devices")
    return parameters
