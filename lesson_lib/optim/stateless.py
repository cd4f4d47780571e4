"""An optimizer at work on other parameters for a while."""

from collections import defaultdict
from contextlib import contextmanager

from ..core.errors import error


@contextmanager
def swap_in_optimizer_params_and_state(optimizer, swapin_parameters, swapin_optim_state):
    """Inside, ``optimizer`` has these parameters and this state; afterwards its own again.

    ``swapin_parameters`` is a dictionary {name: tensor} in the order of the optimizer's own parameters, ``swapin_optim_state``
    what ``optimizer.state_dict()`` gives. Steps change the tensors of both in place.

    >>> import lesson_lib as torch
    >>> w, other = torch.ones(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    >>> w.grad = other.grad = torch.ones(1)
    >>> optimizer.step()
    >>> with torch.optim.swap_in_optimizer_params_and_state(optimizer, {"w": other}, optimizer.state_dict()):
    ...     optimizer.step()
    >>> w, other
    (tensor([0.9000], requires_grad=True), tensor([-0.1900], requires_grad=True))

    Errors: RuntimeError for an optimizer without state, or for numbers of groups or parameters that do not fit.
    Source: https://pytorch.org/docs/stable/optim.html
    """
    params, saved = list(swapin_parameters.values()), swapin_optim_state["param_groups"]
    _check(optimizer, params, saved)
    by_number = dict(zip((number for group in saved for number in group["params"]), params, strict=False))
    extra = [number for number in swapin_optim_state["state"] if number not in by_number]
    if extra:
        text = "swap_in_optimizer_params_and_state requires swapin_optim_state['state'] to be keyed only by packed parameter ids from"
        raise error("swap_in", message=f"{text} param_groups[*]['params']; got extra keys {extra}.")
    state = {by_number[number]: dict(values) for number, values in swapin_optim_state["state"].items()}
    own = optimizer.param_groups[:], optimizer.state
    optimizer.param_groups[:] = [{**group, "params": [by_number[number] for number in group["params"]]} for group in saved]
    optimizer.state = defaultdict(dict, state)
    try:
        yield
    finally:
        optimizer.param_groups[:], optimizer.state = own


def _check(optimizer, params, saved):
    if not optimizer.state:
        raise error("swap_in", message="swap_in_optimizer_params_and_state requires initialized optimizer state.")
    if len(saved) != len(optimizer.param_groups):
        raise error("swap_in", message="swapin_optim_state has a different number of parameter groups than the live optimizer.")
    for index, (theirs, group) in enumerate(zip(saved, optimizer.param_groups, strict=True)):
        if len(theirs["params"]) != len(group["params"]):
            text = "has a different number of params than the live optimizer param group."
            raise error("swap_in", message=f"swapin_optim_state param group {index} {text}")
    if len(params) < sum(len(group["params"]) for group in saved):
        text = "swap_in_optimizer_params_and_state requires the explicit parameter state to match optimizer.param_groups ordering."
        raise error("swap_in", message=text)
