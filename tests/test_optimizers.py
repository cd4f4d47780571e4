"""Every optimizer with every option: its steps, its state and its errors are PyTorch's. The table is SAMPLES in optimizers.py."""

import copy
import functools
import inspect

import numpy as np
import pytest

import lesson_lib

from .optimizers import RECORDED, SAMPLES, setup, train
from .sameness import outcome

NAMES = list(dict.fromkeys(name for name, _ in SAMPLES))
STEPS = 20
everything = pytest.mark.parametrize(("name", "options"), SAMPLES, ids=str)
#: how close: L-BFGS divides by differences of gradients, so that the last digits of its first steps decide about later ones in float32;
#: ASGD keeps its step size in float32, and Muon computes in bfloat16, whatever the parameters are
TOLERANCE = {"float64": {"ASGD": 1e-7, "Muon": 1e-5}, "float32": {"LBFGS": 2e-3}}


def close(ours, theirs, rtol):
    for a, b in zip(ours, theirs, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b[np.isfinite(b)]).max(initial=0.1))


def plain(value, path=()):
    """{path: value} of all that a state dictionary holds; a tensor as its dtype and its numbers."""
    if isinstance(value, dict | list | tuple):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        found = {(*path, type(value).__name__): len(value)}
        for key, part in inner:
            found.update(plain(part, (*path, key)))
        return found
    if hasattr(value, "detach"):
        return {path: str(value.dtype).split(".")[-1], (*path, "numbers"): value.detach().numpy()}
    return {path: np.array(value) if isinstance(value, float) else value}


def same_state(ours, theirs, rtol):
    ours, theirs = plain(ours), plain(theirs)
    assert sorted(map(str, ours)) == sorted(map(str, theirs))
    for path, value in theirs.items():
        if isinstance(value, np.ndarray):
            assert ours[path].shape == value.shape, path
            np.testing.assert_allclose(ours[path], value, rtol=rtol, atol=rtol * max(np.abs(value).max(initial=0), 1e-6), err_msg=str(path))
        else:
            assert ours[path] == value, path


def in_library(library, value):
    """A state dictionary of one library in tensors of the other."""
    if isinstance(value, dict):
        return {key: in_library(library, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(in_library(library, inner) for inner in value)
    return library.tensor(value.detach().numpy()) if hasattr(value, "detach") else value


@functools.cache
def straight_on(torch, name, options):
    """PyTorch's parameters after each of twenty steps in float64."""
    return train(*setup(torch, name, dict(options), "float64"), STEPS)


# --- steps and state -----------------------------------------------------------------------------------------------------


@everything
def test_twenty_steps_equal_pytorch(torch, name, options):
    """The parameters after each step, and after the last one the whole state dictionary."""
    for dtype, rtol in (("float64", 1e-9), ("float32", 1e-5)):
        rtol = TOLERANCE[dtype].get(name, rtol)
        ours, theirs = (setup(library, name, options, dtype) for library in (lesson_lib, torch))
        same_state(ours[1].state_dict(), theirs[1].state_dict(), 0)
        for a, b in zip(train(*ours, STEPS), train(*theirs, STEPS), strict=True):
            close(a, b, rtol)
        assert repr(ours[1]) == repr(theirs[1])
        if dtype == "float64":
            same_state(ours[1].state_dict(), theirs[1].state_dict(), 2e-6)  # numbers such as NAdam's "mu_product" are float32 here, too


@everything
def test_state_goes_over_to_pytorch_and_back(torch, name, options):
    """Ten steps here, ten there, by way of the state dictionaries: as if one library had made all twenty."""
    straight = straight_on(torch, name, tuple(options.items()))[-1]
    for one, other in ((lesson_lib, torch), (torch, lesson_lib)):
        net, optimizer, loss_of = setup(one, name, options, "float64")
        train(net, optimizer, loss_of, STEPS // 2)
        weights, state = in_library(other, net.state_dict()), in_library(other, optimizer.state_dict())
        net, optimizer, loss_of = setup(other, name, options, "float64")
        net.load_state_dict(weights)
        optimizer.load_state_dict(state)
        close(train(net, optimizer, loss_of, STEPS // 2)[-1], straight, 1e-5 if name == "Muon" else 1e-6)


@everything
def test_resumed_training_is_uninterrupted_training(name, options):
    """Parameters and optimizer restored from their dictionaries go on bit for bit as if nothing had happened."""
    net, optimizer, loss_of = setup(lesson_lib, name, options)
    train(net, optimizer, loss_of, 5)
    saved = copy.deepcopy(net.state_dict()), copy.deepcopy(optimizer.state_dict())
    straight = train(net, optimizer, loss_of, 5)[-1]
    net, optimizer, loss_of = setup(lesson_lib, name, options)
    net.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    for a, b in zip(train(net, optimizer, loss_of, 5)[-1], straight, strict=True):
        assert a.tobytes() == b.tobytes()


@everything
def test_gradients_are_left_alone(name, options):
    """No option writes into ``.grad``, nor changes a parameter's memory for other memory."""
    w = lesson_lib.ones(2, 2, requires_grad=True)
    w.grad, memory = lesson_lib.tensor([[1.0, 2.0], [3.0, 4.0]]), w.data_ptr()
    w.grad.numpy().flags.writeable = False
    optimizer = getattr(lesson_lib.optim, name)([w], **options)
    for _ in range(2):
        optimizer.step(lambda: lesson_lib.tensor(1.0)) if name == "LBFGS" else optimizer.step()
    assert w.grad.tolist() == [[1, 2], [3, 4]]
    assert w.data_ptr() == memory
    assert w._version > 0


def weird_parameters(torch, name, dtype):
    """Transposed memory, one number, no number, and no gradient; whole numbers that every dtype can hold."""
    kind = getattr(torch, dtype)
    shapes = [(3, 2)] if name == "Muon" else [(3, 2), (), (5,)] if name == "Adafactor" else [(3, 2), (), (0, 2), (5,)]
    params = []
    for number, shape in enumerate(shapes):
        values = torch.arange(float(np.prod(shape, dtype=int))).reshape(shape).to(kind) + 1 + number
        if values.ndim == 2 and name != "LBFGS":  # PyTorch's takes row-major gradients only
            values = values.t().clone(memory_format=torch.contiguous_format).t()
        p = values.detach().requires_grad_()
        p.grad = ((values - 2) * (1 - 2j if kind.is_complex else 1)).detach()
        params.append(p)
    return [*params, torch.ones(2, 2, dtype=kind, requires_grad=True)]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("name", NAMES)
def test_dtypes_and_shapes(torch, name, dtype):
    """Each dtype in odd shapes, three steps: numbers, state, and what is refused."""
    found = []
    for library in (lesson_lib, torch):
        params = weird_parameters(library, name, dtype)
        optimizer = getattr(library.optim, name)(params, lr=0.125)
        try:
            for _ in range(3):
                if name == "LBFGS":
                    optimizer.step(lambda params=params, library=library: sum((p.abs() ** 2).sum() for p in params).real.to(library.float32))
                else:
                    optimizer.step()
        except RuntimeError as problem:
            found.append(str(problem).splitlines()[0])
            continue
        as_wide = [p.detach().to(library.float32) if "16" in dtype else p.detach() for p in params]
        state = {(n, key): (str(v.dtype).split(".")[-1], tuple(v.shape)) for n, s in optimizer.state_dict()["state"].items() for key, v in s.items()
                 if hasattr(v, "shape")}  # fmt: skip
        found.append((state, [p.numpy() for p in as_wide]))
    if isinstance(found[1], str):
        assert found[0] == found[1]
        return
    assert found[0][0] == found[1][0]
    close(found[0][1], found[1][1], {"float16": 5e-3, "bfloat16": 3e-2, "float64": 1e-9}.get(dtype, 1e-5))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "LBFGS"])
def test_rates_in_tensors(torch, name):
    """A learning rate in a tensor, changed between two steps."""

    def program(torch):
        w = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
        rate = torch.tensor(0.25)
        more = {"betas": (torch.tensor(0.75), torch.tensor(0.875))} if name.startswith("AdamW") else {}
        optimizer = getattr(torch.optim, name)([w], lr=rate, **more)
        for _ in range(2):
            w.grad = w.detach() * 2
            optimizer.step()
            rate.fill_(0.125)
        return repr(optimizer), w.detach().numpy()

    (our_text, ours), (their_text, theirs) = program(lesson_lib), program(torch)
    assert our_text == their_text
    close([ours], [theirs], 1e-2 if name == "Muon" else 1e-5)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("transposed", [False, True])
def test_large_parameters(torch, name, transposed):
    """Parameters so large that the formula runs over them in pieces."""
    start, g = np.random.RandomState(3).randn(2, 700, 1000).astype(np.float32)
    found = []
    for library in (lesson_lib, torch):
        w, grad = (library.from_numpy(a.copy()) for a in (start, g))
        if transposed:
            w, grad = w.t(), grad.t()
        w.requires_grad_().grad = grad
        optimizer = getattr(library.optim, name)([w], lr=0.1, weight_decay=0.1)
        for _ in range(2):
            optimizer.step()
        found.append(w.detach().numpy())
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


def test_states_of_old_pytorch(torch):
    """A step counted in a plain number, and groups without the options that came later."""
    found = []
    for library in (lesson_lib, torch):
        w = library.ones(2, requires_grad=True)
        optimizer = library.optim.Adam([w], amsgrad=True)
        state = {"step": 3, "exp_avg": library.ones(2), "exp_avg_sq": library.ones(2)}
        optimizer.load_state_dict({"state": {0: state}, "param_groups": [{"lr": 0.5, "betas": (0.9, 0.99), "eps": 0.0, "weight_decay": 0, "params": [0]}]})
        w.grad = library.ones(2)
        optimizer.step()
        found.append((plain(optimizer.state_dict()["param_groups"]), float(optimizer.state[w]["step"]), w.detach().numpy()))
    assert str(found[0][:2]) == str(found[1][:2])
    np.testing.assert_allclose(found[0][2], found[1][2], rtol=1e-5)


def test_step_counts_in_the_default_dtype(torch):
    found = []
    for library in (lesson_lib, torch):
        library.set_default_dtype(library.float64)
        try:
            w = library.ones(2, 2, dtype=library.float32, requires_grad=True)
            w.grad = library.ones_like(w)
            optimizers = [getattr(library.optim, name)([w]) for name in ("Adam", "NAdam", "ASGD", "Adagrad", "Adafactor")]
            for optimizer in optimizers:
                optimizer.step()
        finally:
            library.set_default_dtype(library.float32)
        found.append([[(key, str(value.dtype).split(".")[-1]) for key, value in optimizer.state[w].items()] for optimizer in optimizers])
    assert found[0] == found[1]


# --- recorded steps ------------------------------------------------------------------------------------------------------

DIFFERENTIABLE = [(name, {**options, "foreach": None}) for name, options in SAMPLES if name in RECORDED and not options.get("fused")]


def recorded(torch, name, options, steps, w0, g0, lr=None):
    """The weights after some recorded steps from ``w0``, with gradients made from ``g0``."""
    options = options if lr is None else {**options, "lr": lr}
    w = w0.clone()
    optimizer = getattr(torch.optim, name)([w], differentiable=True, **options)
    for number in range(steps):
        w.grad = g0 * (number + 1.5) + 0.25 * number
        optimizer.step()
    return w


@pytest.mark.parametrize(("name", "options"), DIFFERENTIABLE, ids=str)
def test_recorded_steps(torch, name, options):
    """``differentiable=True``: the weights are those of plain steps, and their gradients PyTorch's and the numerical ones."""
    start = np.random.RandomState(1).randn(2, 4)
    found = []
    for library in (lesson_lib, torch):
        w0, g0 = (library.tensor(row, requires_grad=True) for row in start)
        w = recorded(library, name, options, 1, w0, g0)
        grads = library.autograd.grad((w**2).sum(), (w0, g0), allow_unused=True)
        found.append([w.detach().numpy(), *(np.zeros(4) if g is None else g.numpy() for g in grads)])
    if name == "SGD" and options.get("momentum"):
        found = [[weights] for weights, *_ in found]  # PyTorch detaches the first momentum, so that its gradients are not those of the step
    close(*found, 1e-5)

    w0, g0 = (lesson_lib.tensor(row, requires_grad=True) for row in start)
    plain_w = w0.detach().clone()
    optimizer = getattr(lesson_lib.optim, name)([plain_w], **options)
    for number in range(3):
        plain_w.grad = (g0 * (number + 1.5) + 0.25 * number).detach()
        optimizer.step()
    close([recorded(lesson_lib, name, options, 3, w0, g0).detach().numpy()], [plain_w.numpy()], 1e-12)
    if name != "Rprop":  # where the sign of a gradient turns there is no derivative
        lr = lesson_lib.tensor(options.get("lr", 0.125), dtype=lesson_lib.float64, requires_grad=name != "ASGD")  # ASGD keeps it in float32
        assert lesson_lib.autograd.gradcheck(lambda *inputs: recorded(lesson_lib, name, options, 3, *inputs), (w0, g0, lr), eps=1e-6, atol=1e-4)


def test_recorded_steps_of_complex_numbers():
    z, g = (lesson_lib.tensor([1 + 2j, -1j, 0.5], dtype=lesson_lib.complex128) * factor for factor in (1, 2 - 1j))
    z.requires_grad_()
    g.requires_grad_()
    for name in ("SGD", "Adam", "Adagrad"):
        assert lesson_lib.autograd.gradcheck(lambda z, g, name=name: recorded(lesson_lib, name, {"lr": 0.1}, 2, z, g), (z, g))


# --- options and errors ----------------------------------------------------------------------------------------------------

WRONG = {
    "lr": -1, "betas": (1.0, 0.9), "eps": -1, "weight_decay": -1, "momentum": -1, "lr_decay": -1, "initial_accumulator_value": -1, "rho": 2, "alpha": -1,
    "etas": (2, 3), "momentum_decay": -1, "d": 0.5, "beta2_decay": 1, "adjust_lr_fn": "x", "ns_steps": 100, "ns_coefficients": (1, 2), "capturable": True,
    "differentiable": True, "line_search_fn": "armijo",
}  # fmt: skip
MORE_WRONG = {
    "lr of two": lambda torch, make, w: make([w], lr=torch.ones(2)),
    "lr that is nan": lambda torch, make, w: make([w], lr=float("nan")),
    "second beta": lambda torch, make, w: make([w], betas=(0.9, -1)),
    "second eps": lambda torch, make, w: make([w], eps=(None, -1)),
    "first eps": lambda torch, make, w: make([w], eps=(-1, 1)),
    "fused and foreach": lambda torch, make, w: make([w], fused=True, foreach=True),
    "fused and differentiable": lambda torch, make, w: make([w], fused=True, differentiable=True),
    "several at once": lambda torch, make, w: make([w], lr=-1, weight_decay=-1),
    "a vector": lambda torch, make, w: make([torch.ones(3, requires_grad=True)]),
    "two groups": lambda torch, make, w: make([{"params": [w]}, {"params": [torch.ones(2, 2, requires_grad=True)]}]),
    "no closure": lambda torch, make, w: make([w]).step(),
}


@pytest.mark.parametrize("name", NAMES)
def test_options_and_errors_equal_pytorch(torch, name):
    """The signature; then every option with a wrong value, and some together: made and used for one step."""
    ours, theirs = (inspect.signature(getattr(library.optim, name)).parameters.values() for library in (lesson_lib, torch))
    assert [(p.name, p.default, p.kind) for p in ours] == [(p.name, p.default, p.kind) for p in theirs]

    def attempts(torch):
        make = getattr(torch.optim, name)
        for option, value in WRONG.items():
            w = torch.eye(2, requires_grad=True)
            w.grad = torch.eye(2)
            closure = ((w**2).sum,) if name == "LBFGS" else ()
            if option in inspect.signature(make).parameters and (name, option) != ("Adafactor", "eps"):
                yield option, outcome(lambda torch: make([w], **{option: value}).step(*closure), torch)  # noqa: B023
        for text, program in MORE_WRONG.items():
            found = outcome(lambda torch: program(torch, make, torch.eye(2, requires_grad=True)), torch)  # noqa: B023
            if not isinstance(found, tuple) or found[0] != "TypeError" or name == "LBFGS":  # else an option or a kind of value that this method does not have
                yield text, found

    assert dict(attempts(lesson_lib)) == dict(attempts(torch))


def test_no_sparse_adam():
    with pytest.raises(AttributeError, match="tensors are dense here"):
        lesson_lib.optim.SparseAdam  # noqa: B018


def test_modules_have_pytorchs_names(torch):
    """``from torch.optim.adam import Adam`` and so on."""
    for name in NAMES:
        path = getattr(torch.optim, name).__module__.removeprefix("torch.")
        if path != "optim":  # Adafactor and Muon have no public module of their own
            module = __import__(f"lesson_lib.{path}", fromlist=[name])
            assert getattr(module, name) is getattr(lesson_lib.optim, name)


def test_lbfgs_finds_the_minimum_of_rosenbrock(torch):
    """The same points, losses and numbers of evaluations on the way; a closure may run under no_grad."""

    def program(torch):
        w = torch.tensor([-1.5, 2.0], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe", max_iter=5)

        def closure():
            optimizer.zero_grad()
            loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
            loss.backward()
            return loss

        with torch.no_grad():
            losses = [float(optimizer.step(closure)) for _ in range(12)]
        return losses, [optimizer.state[w][key] for key in ("func_evals", "n_iter")], w.tolist()

    (losses, counts, w), theirs = program(lesson_lib), program(torch)
    np.testing.assert_allclose(losses, theirs[0], rtol=1e-6, atol=1e-12)
    assert counts == theirs[1]
    np.testing.assert_allclose(w, [1, 1], atol=1e-4)
