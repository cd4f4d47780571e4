"""``Optimizer``: parameter groups, state per parameter, saving and loading. A method of optimization adds ``update``."""

import functools
import warnings
from collections import defaultdict
from copy import deepcopy
from itertools import chain

from ..core.errors import error, typename
from ..core.grad_mode import enable_grad, set_grad_enabled
from ..core.node import Handle
from ..core.tensor import Tensor, wrap
from .formula import plain_options, real_parts, whole
from .options import LATER_OPTIONS

#: default of an option that every group must give
required = object()

#: hooks around the steps of all optimizers
_every_step_pre_hooks, _every_step_post_hooks = [], []
_HOOKS = ("step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post")


class Optimizer:
    """Changes parameters by their gradients: ``zero_grad()``, ``loss.backward()``, ``step()``.

    ``params`` is an iterable of tensors, of (name, tensor) pairs, or of groups: dictionaries with "params" and
    options of their own. ``defaults`` are the options of groups that do not say otherwise.

    A subclass writes ``update(p, g, state, group)``, which changes the array ``p`` in place by its gradient ``g``
    (which it must leave as it is); or its own ``step``. ``state`` is a dictionary of arrays, empty at first; complex
    arrays come as pairs of real numbers. With the option ``differentiable=True`` the same formula is called on Tensors,
    so that autograd records the step: then ``p`` must not be a leaf that requires grad.

    >>> import lesson_lib as torch
    >>> class Halve(torch.optim.Optimizer):
    ...     def update(self, p, g, state, group):
    ...         p *= 0.5
    >>> w = torch.ones(2, requires_grad=True)
    >>> w.grad = torch.zeros(2)
    >>> Halve([w], {}).step()
    >>> w
    tensor([0.5000, 0.5000], requires_grad=True)

    Source: https://pytorch.org/docs/stable/optim.html
    """

    def __init__(self, params, defaults):
        if isinstance(params, Tensor):
            raise error("optimizer_params", type=typename(params))
        self.defaults = defaults
        self.state = defaultdict(dict)  # parameter -> {name: tensor}
        self.param_groups = []
        self._make_hooks()
        groups = list(params)
        if not groups:
            raise error("optimizer_empty")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _make_hooks(self):
        for kind in _HOOKS:
            self.__dict__.setdefault(f"_{kind}_hooks", [])

    def __init_subclass__(cls):
        if "step" in vars(cls):
            cls.step = _with_hooks(cls.step)

    # --- the step ----------------------------------------------------------------------------------------------

    #: does the method take complex parameters? which state has to be on the GPU for ``capturable``, and on which devices?
    takes_complex = True
    capturable_state = "params and state_steps"
    capturable_devices = "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']"

    def step(self, closure=None):
        """Update every parameter that has a gradient. ``closure()``, if given, computes the loss anew; it is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        recorded = self._is_recorded()
        with set_grad_enabled(recorded):
            for group in self.param_groups:
                options = group if recorded else plain_options(group)
                for p in group["params"]:
                    if p._grad is None:
                        continue
                    self._check_step(p, group)
                    if recorded:
                        self._update_tensor(p, options)
                    else:
                        self._update_array(p, options)
        return loss

    def update(self, p, g, state, group):
        """Change the array ``p`` in place; ``state`` is this parameter's dictionary, ``group`` its options."""
        raise NotImplementedError

    def _update_array(self, p, group):
        parameter, g = p._a, p._grad._a
        given = {name: value._a if isinstance(value, Tensor) else value for name, value in self.state[p].items()} if p in self.state else {}
        if parameter.dtype.kind == "c":
            parameter, g, given = real_parts(parameter), real_parts(g), {name: real_parts(value) for name, value in given.items()}
        state = dict(given)
        self.update(parameter, g, state, group)
        p._ver[0] += 1  # autograd's notice that the values have changed
        for name, value in state.items():
            if value is not given.get(name, given):  # new; all else was changed in place
                self.state[p][name] = whole(value, p)

    def _update_tensor(self, p, group):
        """The step on copies, so that what autograd kept of one step is not overwritten by the next."""
        new = p.clone()
        state = {name: real_parts(value.clone()) if isinstance(value, Tensor) else value for name, value in self.state.get(p, {}).items()}
        self.update(real_parts(new), real_parts(p.grad), state, group)
        p.copy_(new)
        if state:
            self.state[p].update((name, whole(value, p)) for name, value in state.items())

    def _is_recorded(self):
        return bool(self.defaults.get("differentiable"))

    def _check_step(self, p, group):
        if not self.takes_complex and p.is_complex():
            raise error("optimizer_complex", method=type(self).__name__)
        if group.get("capturable") and p.device.type == "cpu":
            raise error("optimizer_capturable", state=self.capturable_state, devices=self.capturable_devices)

    def zero_grad(self, set_to_none=True):
        """Forget all gradients; ``set_to_none=False`` fills them with zeros instead.

        Source: https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
        """
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is None:
                    continue
                if set_to_none:
                    p._grad = None
                else:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    # --- groups ------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group):
        """Add parameters with options of their own, as when a frozen layer is to be trained after all.

        Source: https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.add_param_group.html
        """
        if not isinstance(param_group, dict):
            raise error("optimizer_group", type=type(param_group))
        params = param_group["params"]
        if isinstance(params, set):
            raise error("optimizer_set")
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        params = [p[1] if isinstance(p, tuple) else p for p in params]
        if names and len(names) != len(params):
            raise error("optimizer_names", problem="all optimizer params should be with/without names. Some param names are missing")
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        self._check_params(params)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise error("optimizer_required", name=name)
            param_group.setdefault(name, default)
        self._check_against_groups(param_group)
        self.param_groups.append(param_group)

    def _check_params(self, params):
        for p in params:
            if not isinstance(p, Tensor):
                raise error("optimizer_tensor", type=typename(p))
            if not (p.is_leaf or p.retains_grad or self._is_recorded()):
                raise error("optimizer_leaf")
        if len(params) != len(set(params)):
            warnings.warn("optimizer contains a parameter group with duplicate parameters; in future, this will cause an error", stacklevel=4)

    def _check_against_groups(self, new):
        """The same parameter must not come twice, and either all groups have names or none."""
        for group in self.param_groups:
            if ("param_names" in new) != ("param_names" in group):
                kind = "with names" if "param_names" in new else "without names"
                problem = f"all optimizer param groups should be with/without names. cannot add param group {kind} to the optimizer"
                raise error("optimizer_names", problem=problem)
            if not set(group["params"]).isdisjoint(new["params"]):
                raise error("optimizer_twice")

    # --- saving and loading ------------------------------------------------------------------------------------

    def state_dict(self):
        """{"state": {number: state}, "param_groups": [...]}: parameters are numbered in the order of the groups.

        Source: https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.state_dict.html
        """
        for hook in tuple(self._state_dict_pre_hooks):
            hook(self)
        number = {}
        for p in chain.from_iterable(group["params"] for group in self.param_groups):
            number.setdefault(p, len(number))
        state_dict = {
            "state": {number.get(p, p) if isinstance(p, Tensor) else p: values for p, values in self.state.items()},
            "param_groups": [
                {**{k: v for k, v in group.items() if k != "params"}, "params": [number[p] for p in group["params"]]} for group in self.param_groups
            ],
        }
        for hook in tuple(self._state_dict_post_hooks):
            state_dict = _or(hook(self, state_dict), state_dict)
        return state_dict

    def load_state_dict(self, state_dict):
        """Take options and state from what ``state_dict()`` gave; the tensors are copied to each parameter's dtype and device.

        Source: https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html
        """
        state_dict = dict(state_dict)
        for hook in tuple(self._load_state_dict_pre_hooks):
            state_dict = _or(hook(self, state_dict), state_dict)
        saved = deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise error("optimizer_groups")
        if any(len(old["params"]) != len(new["params"]) for old, new in zip(self.param_groups, saved, strict=True)):
            raise error("optimizer_group_size")
        by_number = {}
        for old, new in zip(self.param_groups, saved, strict=True):
            by_number.update(zip(new["params"], old["params"], strict=True))
            new["params"] = old["params"]
            if "param_names" in old:
                new.setdefault("param_names", old["param_names"])
        state = defaultdict(dict)
        for key, values in state_dict["state"].items():
            p = by_number.get(key)
            state[key if p is None else p] = values if p is None else {name: _fitted(name, value, p) for name, value in values.items()}
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in tuple(self._load_state_dict_post_hooks):
            hook(self)

    def __getstate__(self):
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._make_hooks()
        for group in self.param_groups:
            for name, value in LATER_OPTIONS.items():
                if name in self.defaults:
                    group.setdefault(name, value)

    def __repr__(self):
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            text += "".join(f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
        return text + ")"

    # --- hooks -------------------------------------------------------------------------------------------------

    def register_step_pre_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new ``(args, kwargs)``."""
        return _add(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook):
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return _add(self._step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` before the state is collected."""
        return _add(self._state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` after it was collected; it may return another dictionary."""
        return _add(self._state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook, prepend=False):
        """Call ``hook(optimizer, state_dict)`` before loading; it may return another dictionary."""
        return _add(self._load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook, prepend=False):
        """Call ``hook(optimizer)`` after loading."""
        return _add(self._load_state_dict_post_hooks, hook, prepend)


def _with_hooks(step):
    """``step`` with the hooks before and after it, for every subclass's own one."""

    @functools.wraps(step)
    def wrapped(self, *args, **kwargs):
        for hook in (*_every_step_pre_hooks, *self._step_pre_hooks):
            changed = hook(self, args, kwargs)
            if changed is None:
                continue
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise error("optimizer_hook", function=step, got=changed)
            args, kwargs = changed
        result = step(self, *args, **kwargs)
        self._opt_called = True  # learning-rate schedulers warn if they come first
        for hook in (*self._step_post_hooks, *_every_step_post_hooks):
            hook(self, args, kwargs)
        return result

    return wrapped


Optimizer.step = _with_hooks(Optimizer.step)


def register_optimizer_step_pre_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` before each step of every optimizer; it may return new ``(args, kwargs)``.

    Source: https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_step_pre_hook.html
    """
    return _add(_every_step_pre_hooks, hook)


def register_optimizer_step_post_hook(hook):
    """Call ``hook(optimizer, args, kwargs)`` after each step of every optimizer.

    Source: https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_step_post_hook.html
    """
    return _add(_every_step_post_hooks, hook)


def _fitted(name, value, p):
    """A copy of a loaded value for the parameter ``p``. The step counter stays a number on the CPU."""
    if isinstance(value, dict):
        return {key: _fitted(key, inner, p) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_fitted(None, inner, p) for inner in value)
    if not isinstance(value, Tensor):
        return value
    if name == "step":
        return wrap(value._a.copy())
    dtype = p.dtype if p.is_floating_point() else value.dtype
    return value.detach().to(p.device, dtype, copy=True)


def _add(hooks, hook, prepend=False):
    hooks.insert(0 if prepend else len(hooks), hook)
    return Handle(hooks, hook)


def _or(new, old):
    return old if new is None else new
