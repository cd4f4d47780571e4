"""Averages of a network's parameters along the training: stochastic weight averaging (SWA) and exponential moving averages (EMA).

Source: P. Izmailov, D. Podoprikhin, T. Garipov, D. Vetrov and A. Wilson, https://arxiv.org/abs/1803.05407;
https://pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema
"""

import math
from copy import deepcopy
from itertools import chain

from ..core.errors import error
from ..core.grad_mode import no_grad
from ..core.parity import missing_from
from ..nn.batchnorm import _BatchNorm
from ..nn.module import Module
from ..ops.data import tensor
from .schedule import LRScheduler, one_each

__all__ = ["SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn", "update_bn"]


def get_ema_avg_fn(decay=0.999):
    r"""The function of one parameter that makes an exponential moving average, $\bar\theta \leftarrow d\,\bar\theta + (1 - d)\,\theta$.

    >>> import lesson_lib as torch
    >>> average = torch.optim.swa_utils.get_ema_avg_fn(decay=0.75)
    >>> average(torch.tensor([4.0]), torch.tensor([8.0]), 1)
    tensor([5.])

    Errors: ValueError if the decay is not in [0, 1].
    Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.get_ema_avg_fn.html
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param, current_param, num_averaged):
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn():
    r"""The function of one parameter that makes an equal average of all models so far, $\bar\theta \leftarrow \bar\theta + (\theta - \bar\theta)/(n + 1)$.

    >>> import lesson_lib as torch
    >>> average = torch.optim.swa_utils.get_swa_avg_fn()
    >>> average(torch.tensor([4.0]), torch.tensor([8.0]), 3)
    tensor([5.])

    Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.get_swa_avg_fn.html
    """

    @no_grad()
    def swa_update(averaged_param, current_param, num_averaged):
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_ema_multi_avg_fn(decay=0.999):
    """``get_ema_avg_fn`` for lists of parameters, changed in place.

    >>> import lesson_lib as torch
    >>> averages = [torch.tensor([4.0])]
    >>> torch.optim.swa_utils.get_ema_multi_avg_fn(decay=0.75)(averages, [torch.tensor([8.0])], 1)
    >>> averages
    [tensor([5.])]

    Errors: ValueError if the decay is not in [0, 1].
    Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.get_ema_multi_avg_fn.html
    """
    average = get_ema_avg_fn(decay)

    def ema_update(ema_param_list, current_param_list, num_averaged):
        _each_in_place(average, ema_param_list, current_param_list, num_averaged)

    return ema_update


def get_swa_multi_avg_fn():
    """``get_swa_avg_fn`` for lists of parameters, changed in place.

    >>> import lesson_lib as torch
    >>> averages = [torch.tensor([4.0])]
    >>> torch.optim.swa_utils.get_swa_multi_avg_fn()(averages, [torch.tensor([8.0])], 3)
    >>> averages
    [tensor([5.])]

    Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.get_swa_multi_avg_fn.html
    """
    average = get_swa_avg_fn()

    def swa_update(averaged_param_list, current_param_list, num_averaged):
        _each_in_place(average, averaged_param_list, current_param_list, num_averaged)

    return swa_update


def _check_decay(decay):
    if decay < 0.0 or decay > 1.0:
        raise error("average_decay", decay=decay)


@no_grad()
def _each_in_place(average, averages, values, count):
    for mean, value in zip(averages, values, strict=True):
        mean.copy_(average(mean, value.to(mean.device), count))


class AveragedModel(Module):
    """A copy of a network whose parameters are averages of the network's own, one value for each ``update_parameters(network)``.

    The first update copies the parameters. From then on ``avg_fn(average, value, count)`` gives each new average, or
    ``multi_avg_fn(averages, values, count)`` changes a list of all in place; the default is an equal average. Buffers are averaged
    with ``use_buffers``, otherwise copied. The copy stands in ``module``; the number of updates is the buffer ``n_averaged``.

    >>> import lesson_lib as torch
    >>> net = torch.nn.Linear(1, 1)
    >>> average = torch.optim.swa_utils.AveragedModel(net)
    >>> for value in [1.0, 2.0, 6.0]:
    ...     _ = torch.nn.init.constant_(net.weight, value)
    ...     average.update_parameters(net)
    >>> average.module.weight.item()
    3.0

    Errors: AssertionError if both functions are given.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html
    """

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise error("average_functions")
        self.module = deepcopy(model) if device is None else deepcopy(model).to(device)
        self.register_buffer("n_averaged", tensor(0, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args, **kwargs):
        """The averaged network's own."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model):
        """Take the parameters of ``model``, as they are now, into the averages."""
        averages, values = (self._averaged_tensors(network) for network in (self.module, model))
        if self.n_averaged == 0:
            _copy_each(averages, values)
        elif self.multi_avg_fn is not None:
            self.multi_avg_fn(averages, values, self.n_averaged)
        else:
            _each_in_place(self.avg_fn or get_swa_avg_fn(), averages, values, self.n_averaged)
        if not self.use_buffers:
            _copy_each(self.module.buffers(), model.buffers())
        self.n_averaged += 1

    def _averaged_tensors(self, network):
        tensors = chain(network.parameters(), network.buffers()) if self.use_buffers else network.parameters()
        return [tensor.detach() for tensor in tensors]


def _copy_each(targets, sources):
    for target, source in zip(targets, sources, strict=True):
        target.detach().copy_(source.detach())


@no_grad()
def update_bn(loader, model, device=None):
    """Measure the running means and variances of all batch norms anew, in one pass over the data: an averaged network has never seen any.

    A batch is a tensor, or a list or tuple that begins with one. The statistics are equal averages over the batches.

    >>> import lesson_lib as torch
    >>> net = torch.nn.BatchNorm1d(1)
    >>> torch.optim.swa_utils.update_bn([torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0], [7.0]])], net)
    >>> net.running_mean
    tensor([4.])

    Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    momenta, was_training = [norm.momentum for norm in norms], model.training
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # equal weights
    model.train()
    for batch in loader:
        x = batch[0] if isinstance(batch, list | tuple) else batch
        model(x if device is None else x.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    r"""From the rate as it is to ``swa_lr`` in ``anneal_epochs`` epochs, then level, as weight averaging wants it.

    Unchanged by other schedules it is $\gamma_t = \alpha_t s + (1 - \alpha_t)\gamma_0$ with $s$ = ``swa_lr`` and $x = t/T$: half a
    cosine, $\alpha = (1 - \cos \pi x)/2$, or a straight line, $\alpha = x$ ("linear"). A list gives each group a rate of its own.

    >>> import lesson_lib as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 0.75, 0.5, 0.5]

    Errors: ValueError for an unknown strategy, a number of epochs that is no integer from 0, and a list of another length than the groups.
    Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html
    """

    def __init__(self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy="cos", last_epoch=-1):
        for group, lr in zip(optimizer.param_groups, one_each("swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = lr
        if anneal_strategy not in ("cos", "linear"):
            raise error("scheduler_value", message=f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise error("scheduler_value", message=f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _alpha(self, step):
        """The share of ``swa_lr`` in the rate."""
        x = max(0, min(1, step / max(1, self.anneal_epochs)))
        return x if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * x)) / 2

    def get_lr(self):
        """The next point of the curve: from the rates as they are back to the first ones, from there to the new ones."""
        self._warn_if_asked_by_user()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, alpha = self._alpha(step - 1), self._alpha(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, last = group["lr"], group["swa_lr"]
            first = last if before == 1 else (lr - before * last) / (1 - before)
            rates.append(last * alpha + first * (1 - alpha))
        return rates


__getattr__ = missing_from("torch.optim.swa_utils")  # a name that is missing here says why
