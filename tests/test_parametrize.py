"""Parametrizations against PyTorch: names, texts, values, gradients, assignment, removal and errors."""

import copy
import pickle

import pytest

import lesson_lib

from .alike import alike


def parametrize(torch):
    """The module ``nn.utils.parametrize`` of either library."""
    return torch.nn.utils.parametrize


def functions(torch):
    """Modules to parametrize with, for either library."""

    class Symmetric(torch.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).mT

        def right_inverse(self, x):
            return x.triu()

    class Exp(torch.nn.Module):
        def forward(self, x):
            return x.exp()

        def right_inverse(self, x):
            return x.log()

    class Rank1(torch.nn.Module):
        def forward(self, a, b):
            return a.unsqueeze(-1) * b.unsqueeze(-2)

        def right_inverse(self, x):
            return x[..., 0].clone(), x[..., 0, :].clone()

    class OneWay(torch.nn.Module):
        def forward(self, x):
            return 2 * x

    class Refuses(OneWay):
        def right_inverse(self, x):
            raise NotImplementedError

    class Half(torch.nn.Module):
        def forward(self, x):
            return x.double()

    class Row(torch.nn.Module):
        def forward(self, x):
            return x[:1]

    class Nothing(torch.nn.Module):
        def forward(self, x):
            return None

    class BackToText(OneWay):
        def right_inverse(self, x):
            return "no"

    class BackToTexts(OneWay):
        def right_inverse(self, x):
            return 1

    class BackToDouble(OneWay):
        def right_inverse(self, x):
            return x.double()

    class BackToRow(OneWay):
        def right_inverse(self, x):
            return x[:1]

    return {name: cls for name, cls in locals().items() if isinstance(cls, type)}


def state(torch, layer, x):
    """What is seen of a module: text, class, names, values, gradients."""
    layer.zero_grad()
    y = layer(x)
    (y * y).sum().backward()
    facts = [repr(layer), type(layer).__name__, list(layer.state_dict()), [name for name, _ in layer.named_parameters()], y]
    return [*facts, {name: p.grad for name, p in layer.named_parameters()}, dict(layer.state_dict())]


def registered(*names, tensor="weight", **options):
    def program(torch):
        kinds = functions(torch)
        layer, x = torch.nn.Linear(3, 3), torch.rand(2, 3)
        torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
        before = layer.weight
        for name in names:
            returned = parametrize(torch).register_parametrization(layer, tensor, kinds[name](), **options)
        facts = [state(torch, layer, x), returned is layer, isinstance(layer, torch.nn.Linear)]
        facts += [parametrize(torch).is_parametrized(layer), parametrize(torch).is_parametrized(layer, "bias")]
        facts += [parametrize(torch).type_before_parametrizations(layer).__name__]
        originals = layer.parametrizations[tensor]
        facts += [getattr(originals, "original", None) is before, originals.is_tensor, originals.ntensors, originals.unsafe, len(originals)]
        twin = copy.deepcopy(layer)
        facts += [repr(twin), twin(x), twin.parametrizations[tensor] is originals]
        removed = parametrize(torch).remove_parametrizations(layer, tensor)
        return [*facts, state(torch, removed, x), layer.weight is before, type(layer.weight).__name__, hasattr(layer, "parametrizations")]

    return program


REGISTERED = {
    "one": registered("Symmetric"),
    "two": registered("Exp", "Symmetric"),
    "several tensors": registered("Rank1", unsafe=True),
    "several tensors, then one": registered("Rank1", "OneWay", unsafe=True),
    "no inverse": registered("OneWay"),
    "refused inverse": registered("Refuses"),
}


@pytest.mark.parametrize("name", REGISTERED)
def test_registering_and_removing(torch, name):
    alike(torch, REGISTERED[name])


def test_assignment(torch):
    """Assigning to the tensor goes through the inverses; the parameter object stays."""

    def program(torch):
        kinds, layer = functions(torch), torch.nn.Linear(3, 3)
        with torch.no_grad():
            layer.weight.abs_()
        parametrize(torch).register_parametrization(layer, "weight", kinds["Exp"]())
        original = layer.parametrizations.weight.original
        layer.weight = torch.full((3, 3), 2.0)
        facts = [layer.weight, layer.parametrizations.weight.original, original is layer.parametrizations.weight.original]
        pairs = torch.nn.Linear(2, 3)
        parametrize(torch).register_parametrization(pairs, "weight", kinds["Rank1"](), unsafe=True)
        pairs.weight = torch.ones(3, 2) * 5
        return [*facts, pairs.parametrizations.weight.original0, pairs.parametrizations.weight.original1]

    alike(torch, program)


def test_buffers_can_be_parametrized(torch):
    def program(torch):
        norm = torch.nn.BatchNorm1d(3)
        parametrize(torch).register_parametrization(norm, "running_mean", functions(torch)["OneWay"]())
        facts = [list(norm.state_dict()), [name for name, _ in norm.named_buffers()], norm.eval()(torch.ones(2, 3))]
        parametrize(torch).remove_parametrizations(norm, "running_mean", leave_parametrized=False)
        return [*facts, list(norm.state_dict()), norm.running_mean]

    alike(torch, program)


def test_each_module_gets_a_class_of_its_own(torch):
    def program(torch):
        a, b = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
        parametrize(torch).register_parametrization(a, "weight", functions(torch)["Symmetric"]())
        parametrize(torch).register_parametrization(a, "bias", functions(torch)["OneWay"]())
        facts = [type(a).__name__, type(a).__mro__[1].__name__, type(b).__name__, "weight" in dict(b.named_parameters()), repr(a)]
        parametrize(torch).remove_parametrizations(a, "weight", leave_parametrized=False)
        facts += [type(a).__name__, repr(a), a.weight]
        parametrize(torch).remove_parametrizations(a, "bias")
        return [*facts, type(a) is torch.nn.Linear]

    alike(torch, program)


def test_saving_and_loading(torch):
    def program(torch):
        one, other = (parametrize(torch).register_parametrization(torch.nn.Linear(3, 3), "weight", functions(torch)["Symmetric"]()) for _ in range(2))
        facts = [repr(other.load_state_dict(one.state_dict())), bool((one.weight == other.weight).all())]
        old = torch.nn.utils.weight_norm(torch.nn.Linear(3, 2))
        new = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
        facts += [repr(new.load_state_dict(old.state_dict())), torch.allclose(new.weight, old.weight)]
        with pytest.raises(RuntimeError, match="Serialization of parametrized modules is only supported"):
            pickle.dumps(one)
        return facts

    alike(torch, program)


def test_cached_values_are_computed_once(torch):
    def program(torch):
        calls = []

        class Counts(torch.nn.Module):
            def forward(self, x):
                calls.append(1)
                return x

        layer = parametrize(torch).register_parametrization(torch.nn.Linear(2, 2), "weight", Counts())
        calls.clear()
        with parametrize(torch).cached():
            first = layer.weight
            with parametrize(torch).cached():
                same = layer.weight is first
            same = same and layer.weight is first
        return same, len(calls), layer.weight is first, len(calls)

    alike(torch, program)


def test_training_mode_and_moves_reach_the_functions(torch):
    def program(torch):
        layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(3, 2))
        facts = [layer.parametrizations.weight[0].training, layer.eval().parametrizations.weight[0].training]
        layer.double()
        return [*facts, layer.weight, layer.parametrizations.weight[0]._u]

    alike(torch, program)


def test_transfer(torch):
    def program(torch):
        source = torch.nn.Linear(3, 3)
        parametrize(torch).register_parametrization(source, "weight", functions(torch)["Symmetric"]())
        parametrize(torch).register_parametrization(source, "bias", functions(torch)["OneWay"]())
        facts = []
        for name in (None, "weight"):
            target = torch.nn.Linear(3, 3)
            returned = parametrize(torch).transfer_parametrizations_and_params(source, target, name)
            facts += [returned is target, repr(target), target.weight, list(target.state_dict())]
        plain = torch.nn.Linear(3, 3)
        return [*facts, repr(parametrize(torch).transfer_parametrizations_and_params(plain, torch.nn.Linear(1, 1)))]

    alike(torch, program)


def attempt(name, *more, tensor="weight", **options):
    def program(torch):
        kinds, layer = functions(torch), torch.nn.Linear(3, 3)
        for one in (name, *more):
            parametrize(torch).register_parametrization(layer, tensor, kinds[one](), **options)

    return program


ERRORS = {
    "no such name": attempt("OneWay", tensor="wait"),
    "dtype": attempt("Half"),
    "shape": attempt("Row"),
    "no tensor": attempt("Nothing"),
    "second dtype": attempt("OneWay", "Half"),
    "second shape": attempt("OneWay", "Row"),
    "second no tensor": attempt("OneWay", "Nothing"),
    "inverse of another type": attempt("BackToTexts"),
    "inverse of texts": attempt("BackToText"),
    "inverse dtype": attempt("BackToDouble"),
    "second inverse type": attempt("OneWay", "BackToText"),
    "second inverse dtype": attempt("OneWay", "BackToDouble"),
    "second inverse shape": attempt("OneWay", "BackToRow"),
    "assign without inverse": lambda t: setattr(
        parametrize(t).register_parametrization(t.nn.Linear(2, 2), "weight", functions(t)["OneWay"]()), "weight", t.ones(2, 2)
    ),
    "empty list": lambda t: parametrize(t).ParametrizationList([], t.ones(1)),
    "remove from a plain module": lambda t: parametrize(t).remove_parametrizations(t.nn.Linear(2, 2), "weight"),
    "remove without a value": lambda t: parametrize(t).remove_parametrizations(
        t.nn.utils.parametrizations.weight_norm(t.nn.Linear(2, 2)), "weight", leave_parametrized=False
    ),
    "spectral norm of nothing": lambda t: t.nn.utils.parametrizations.spectral_norm(t.nn.Linear(2, 2), "wait"),
    "spectral norm without steps": lambda t: t.nn.utils.parametrizations.spectral_norm(t.nn.Linear(2, 2), n_power_iterations=0),
    "spectral norm of another dimension": lambda t: t.nn.utils.parametrizations.spectral_norm(t.nn.Linear(2, 2), dim=2),
    "orthogonal vector": lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2), "bias"),
    "orthogonal map": lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2), orthogonal_map="qr"),
    "orthogonal complex": lambda t: t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2, dtype=t.complex64), orthogonal_map="householder"),
    "orthogonal shape": lambda t: setattr(t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2)), "weight", t.ones(3, 3)),
    "orthogonal assignment": lambda t: setattr(
        t.nn.utils.parametrizations.orthogonal(t.nn.Linear(2, 2), use_trivialization=False), "weight", t.eye(2)
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(torch, name):
    alike(torch, ERRORS[name], fails=True)


def ready(apply, make, shape):
    """A ready parametrization: two calls in training, gradients, evaluation, assignment where there is an inverse."""

    def program(torch):
        layer, x = apply(torch.nn.utils.parametrizations, make(torch.nn)), torch.randn(*shape)
        layer(x)
        return [*state(torch, layer, x), layer.eval()(x), layer.weight, repr(parametrize(torch).remove_parametrizations(layer, "weight"))]

    return program


READY = {
    "weight_norm": ready(lambda p, m: p.weight_norm(m), lambda nn: nn.Linear(3, 2), (4, 3)),
    "weight_norm, columns": ready(lambda p, m: p.weight_norm(m, dim=1), lambda nn: nn.Linear(3, 2), (4, 3)),
    "weight_norm, one length": ready(lambda p, m: p.weight_norm(m, dim=None), lambda nn: nn.Linear(3, 2), (4, 3)),
    "weight_norm, images": ready(lambda p, m: p.weight_norm(m), lambda nn: nn.Conv2d(3, 2, 2), (2, 3, 4, 4)),
    "spectral_norm": ready(lambda p, m: p.spectral_norm(m), lambda nn: nn.Linear(3, 2), (4, 3)),
    "spectral_norm, 3 steps": ready(lambda p, m: p.spectral_norm(m, n_power_iterations=3, eps=1e-6), lambda nn: nn.Conv2d(3, 2, 2), (2, 3, 4, 4)),
    "spectral_norm, transposed": ready(lambda p, m: p.spectral_norm(m), lambda nn: nn.ConvTranspose1d(3, 2, 2), (2, 3, 4)),
    "spectral_norm, last dimension": ready(lambda p, m: p.spectral_norm(m, dim=-1), lambda nn: nn.Linear(3, 2), (4, 3)),
    **{
        f"orthogonal {shape} {map_} {trivial}": ready(
            lambda p, m, map_=map_, trivial=trivial: p.orthogonal(m, orthogonal_map=map_, use_trivialization=trivial),
            lambda nn, shape=shape: nn.Linear(*shape),
            (4, shape[0]),
        )
        for shape in ((3, 3), (4, 2), (2, 4))
        for map_ in (None, "matrix_exp", "cayley", "householder")
        for trivial in (True, False)
    },
}


@pytest.mark.parametrize("name", READY)
def test_ready_parametrizations(torch, name):
    alike(torch, READY[name], rtol=2e-4)


def test_an_orthogonal_weight_can_be_assigned(torch):
    def program(torch):
        layer = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3))
        target = torch.linalg.qr(torch.randn(3, 3))[0]
        layer.weight = target
        reflected = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(2, 4), orthogonal_map="householder", use_trivialization=False)
        reflected.weight = torch.linalg.qr(torch.randn(4, 2))[0]
        return [torch.allclose(layer.weight, target, atol=1e-6), reflected.weight, reflected.parametrizations.weight.original]

    alike(torch, program, rtol=2e-4)


def test_training_keeps_the_constraint():
    lesson_lib.manual_seed(0)
    layer = lesson_lib.nn.utils.parametrizations.orthogonal(lesson_lib.nn.Linear(3, 3))
    optimizer = lesson_lib.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(5):
        layer(lesson_lib.ones(2, 3)).pow(2).sum().backward()
        optimizer.step()
    assert lesson_lib.allclose(layer.weight @ layer.weight.T, lesson_lib.eye(3), atol=1e-5)
