"""The members of modules against PyTorch: walking, finding, replacing, converting, containers and their errors."""

import copy
import importlib
import inspect
import pickle
import pkgutil
import warnings
from collections import OrderedDict

import pytest

import lesson_lib

from .alike import alike


def net(torch):
    """A network with a shared layer, a tied weight, a buffer that is not saved, and a parameter that is None."""
    nn = torch.nn
    shared = nn.Linear(2, 2)
    module = nn.Sequential(OrderedDict(a=shared, b=nn.Sequential(shared, nn.BatchNorm1d(2)), c=nn.Linear(2, 2, bias=False)))
    module.c.weight = shared.weight
    module.register_buffer("count", torch.tensor(3.0))
    module.register_buffer("scratch", torch.ones(2), persistent=False)
    module.register_parameter("nothing", None)
    return module


WALKS = {
    "modules": lambda m: [name for name, _ in m.named_modules()],
    "modules, all": lambda m: [name for name, _ in m.named_modules(remove_duplicate=False)],
    "modules, prefix": lambda m: [name for name, _ in m.named_modules(prefix="net")],
    "modules without names": lambda m: [[type(x).__name__ for x in m.modules()], [type(x).__name__ for x in m.modules(remove_duplicate=False)]],
    "children": lambda m: [[name for name, _ in m.named_children()], [type(x).__name__ for x in m.children()]],
    "parameters": lambda m: [name for name, _ in m.named_parameters()],
    "parameters, all": lambda m: [name for name, _ in m.named_parameters(remove_duplicate=False)],
    "parameters, prefix": lambda m: [name for name, _ in m.named_parameters("net")],
    "own parameters": lambda m: [name for name, _ in m.c.named_parameters("c", recurse=False)] + [name for name, _ in m.named_parameters(recurse=False)],
    "parameters without names": lambda m: [tuple(p.shape) for p in m.parameters()],
    "buffers": lambda m: [name for name, _ in m.named_buffers()],
    "own buffers": lambda m: [[name for name, _ in m.named_buffers("x", False)], [tuple(b.shape) for b in m.buffers(recurse=False)]],
    "buffers, all": lambda m: [name for name, _ in m.named_buffers("", True, False)],
    "state": lambda m: list(m.state_dict()),
    "state with prefix": lambda m: list(m.state_dict(prefix="net.")),
    "state, positional": lambda m: list(m.state_dict({}, "net.", True)),
    "state's metadata": lambda m: dict(m.state_dict()._metadata),
    "kept": lambda m: [type(v).__name__ for v in m.state_dict(keep_vars=True).values()],
    "find": lambda m: [repr(m.get_submodule("b.1")), m.get_submodule("") is m, m.get_parameter("b.0.weight"), m.get_buffer("count")],
    "replace": lambda m: [m.set_submodule("b.0", type(m.a)(2, 5)), repr(m)],
    "replace strictly": lambda m: [m.set_submodule("b.0", type(m.a)(2, 5), strict=True), repr(m)],
    "add by path": lambda m: [m.set_submodule("b.last", type(m.a)(2, 5)), repr(m)],
    "dir": lambda m: [x in dir(m) for x in ("a", "count", "scratch", "nothing", "forward", "training")],
    "delete": lambda m: [delattr(m, "scratch"), delattr(m, "a"), delattr(m, "nothing"), repr(m), list(m.state_dict())],
    "apply": lambda m: m.apply(lambda x: setattr(x, "seen", True)).b[1].seen,
    "freeze": lambda m: [p.requires_grad for p in m.requires_grad_(False).parameters()],
    "modes": lambda m: [m.eval().b[1].training, m.train().b[1].training, m.train(False).training],
    "double": lambda m: [str(x.dtype) for x in m.double().state_dict().values()],
    "half": lambda m: [str(x.dtype) for x in m.half().state_dict().values()],
    "bfloat16": lambda m: [str(x.dtype) for x in m.bfloat16().state_dict().values()],
    "float": lambda m: [str(x.dtype) for x in m.half().float().state_dict().values()],
    "to a tensor's": lambda m: [str(x.dtype) for x in m.to(m.count.double()).state_dict().values()],
    "to keeps ties": lambda m: [m.double().c.weight is m.a.weight, m.cpu() is m, m.share_memory() is m],
    "to_empty": lambda m: [[str(x.dtype), tuple(x.shape)] for x in m.to_empty(device="cpu").state_dict().values()],
    "copy": lambda m: [repr(copy.deepcopy(m)), list(copy.deepcopy(m).state_dict()), copy.deepcopy(m).c.weight is copy.deepcopy(m).a.weight],
    "copy keeps ties": lambda m: (lambda twin: [twin.c.weight is twin.a.weight, twin.b[0] is twin.a, "scratch" in twin.state_dict()])(copy.deepcopy(m)),
    "pickle": lambda m: (lambda twin: [repr(twin), twin.c.weight is twin.a.weight, list(twin.state_dict())])(pickle.loads(pickle.dumps(m))),
    "old pickle": lambda m: old_pickle(m),
    "extra state": lambda m: [hasattr(m, "get_extra_state"), m.set_extra_state(3)],
    "no such module": lambda m: m.get_submodule("b.x.y"),
    "no module": lambda m: m.get_submodule("count"),
    "no such parameter": lambda m: m.get_parameter("a.wait"),
    "no parameter": lambda m: m.get_parameter("count"),
    "no buffer": lambda m: m.get_buffer("a.weight"),
    "replace nothing": lambda m: m.set_submodule("", m),
    "replace strictly what is not there": lambda m: m.set_submodule("b.last", m.a, strict=True),
    "replace what is no module": lambda m: m.set_submodule("count", m.a),
    "replace by something": lambda m: m.set_submodule("a", 3),
    "to integers": lambda m: m.to(m.count.int().dtype),
    "mode of text": lambda m: m.train("yes"),
    "extra state without": lambda m: m.get_extra_state(),
}  # fmt: skip


def old_pickle(module):
    """The state of a module that was saved before some kinds of hooks existed."""
    state = {key: value for key, value in module.a.__dict__.items() if "hooks" not in key or key in ("_forward_hooks", "_backward_hooks")}
    state.pop("_non_persistent_buffers_set", None)
    twin = type(module.a).__new__(type(module.a))
    twin.__setstate__(state)
    return [repr(twin), list(twin.state_dict()), list(twin.load_state_dict(module.a.state_dict())), twin(module.count.expand(1, 2))]


@pytest.mark.parametrize("case", WALKS)
def test_walking_and_changing(torch, case):
    alike(torch, lambda torch: WALKS[case](net(torch)), fails=None)


def test_complex_modules_warn(torch):
    def program(torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            module = torch.nn.Linear(2, 1).to(torch.complex64)
        return [str(module.weight.dtype), [str(w.message)[:60] for w in caught]]

    alike(torch, program)


def test_call_super_init(torch):
    def program(torch):
        class Other:
            def __init__(self, a, b=2):
                self.got = (a, b)

        class Both(torch.nn.Module, Other):
            call_super_init = True

            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.layer = torch.nn.ReLU()

        both = Both(1, b=5)
        return [both.got, repr(both), torch.nn.Module.call_super_init, torch.nn.Module.dump_patches]

    alike(torch, program)


def test_buffers(torch):
    """A Buffer is registered when it is assigned, saved or not as it says, and may require grad."""

    def program(torch):
        nn = torch.nn
        module, learned = nn.Module(), torch.ones(2, requires_grad=True)
        module.a, module.b, module.c = nn.Buffer(torch.zeros(2)), nn.Buffer(torch.ones(1), persistent=False), nn.Buffer(learned)
        module.lazy = nn.UninitializedBuffer(persistent=False)
        facts = [list(module.state_dict()), [name for name, _ in module.named_buffers()], repr(module.a), module.c.requires_grad]
        module.b = torch.ones(3)
        module.a = nn.Buffer(torch.ones(4), persistent=False)
        facts += [list(module.state_dict()), isinstance(module.c, nn.Buffer), isinstance(torch.ones(1), nn.Buffer), repr(nn.Buffer())]
        module.a = nn.Parameter(torch.ones(1))
        return [*facts, list(module.state_dict()), [name for name, _ in module.named_buffers()], isinstance(module.lazy, nn.Buffer)]

    alike(torch, program)


def test_empty_lines_are_not_indented(torch):
    def program(torch):
        class Spaced(torch.nn.Module):
            def extra_repr(self):
                return "a\n\n  b"

        return [repr(torch.nn.Sequential(torch.nn.Sequential(Spaced()))), repr(torch.nn.ModuleList([Spaced(), Spaced()]))]

    alike(torch, program)


#: programs over containers
CONTAINERS = {
    "slices": lambda nn: [nn.Sequential(nn.ReLU(), nn.Tanh(), nn.GELU())[1:], nn.ModuleList([nn.ReLU(), nn.Tanh(), nn.GELU()])[::-2]],
    "named slice": lambda nn: nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh()))[:1],
    "named append": lambda nn: nn.Sequential(OrderedDict(a=nn.ReLU())).append(nn.Tanh()),
    "negative": lambda nn: [nn.Sequential(nn.ReLU(), nn.Tanh())[-1], nn.ModuleList([nn.ReLU(), nn.Tanh()])[-2]],
    "times": lambda nn: [nn.Sequential(nn.ReLU()) * 2, 3 * nn.Sequential(nn.ReLU())],
    "contains": lambda nn: ["a" in nn.ModuleDict({"a": nn.ReLU()}), len(nn.ModuleDict()), list(nn.ModuleDict({"b": nn.ReLU(), "a": nn.Tanh()}).keys())],
    "dict of pairs": lambda nn: nn.ModuleDict([("b", nn.ReLU()), ["a", nn.Tanh()]]),
    "dict pop": lambda nn: (lambda d: [d.pop("a"), d, d.update({"c": nn.GELU()}), d, d.clear(), d])(nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})),
    "dict walks": lambda nn: (lambda d: [list(d), [k for k, _ in d.items()], [repr(v) for v in d.values()]])(nn.ModuleDict({"b": nn.ReLU(), "a": nn.Tanh()})),
    "deleted": lambda nn: (lambda d: [d.__delitem__("a"), d])(nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})),
    "index": lambda nn: nn.Sequential(nn.ReLU())[1],
    "list index": lambda nn: nn.ModuleList([nn.ReLU()])[-2],
    "sum of others": lambda nn: nn.Sequential(nn.ReLU()) + [nn.ReLU()],  # noqa: RUF005 - the refusal is what is tested
    "sum in place of others": lambda nn: nn.Sequential(nn.ReLU()).__iadd__([nn.ReLU()]),
    "times 0": lambda nn: nn.Sequential(nn.ReLU()) * 0,
    "times a half": lambda nn: nn.Sequential(nn.ReLU()) * 0.5,
    "insert far": lambda nn: nn.Sequential(nn.ReLU()).insert(3, nn.Tanh()),
    "append a function": lambda nn: nn.ModuleList([nn.ReLU()]).append(3),
    "extend by a number": lambda nn: nn.ModuleList().extend(3),
    "update by a number": lambda nn: nn.ModuleDict().update(3),
    "update by numbers": lambda nn: nn.ModuleDict().update([3]),
    "update by triples": lambda nn: nn.ModuleDict().update([(1, 2, 3)]),
    "dotted": lambda nn: nn.ModuleDict({"a.b": nn.ReLU()}),
    "a method's name": lambda nn: nn.ModuleDict({"keys": nn.ReLU()}),
    "no forward": lambda nn: nn.ModuleList([nn.ReLU()])(3),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTAINERS)
def test_containers(torch, case):
    alike(torch, lambda torch: [repr(part) for part in (lambda r: r if isinstance(r, list) else [r])(CONTAINERS[case](torch.nn))], fails=None)


def holding(torch):
    """A ParameterList and a ParameterDict with tensors, parameters, modules, containers and other values."""
    nn = torch.nn
    listed = nn.ParameterList([torch.ones(2), 5, nn.Parameter(torch.zeros(2, 3), requires_grad=False), nn.Linear(2, 2), "x", None])
    named = nn.ParameterDict({"b": torch.ones(2), "a": 3, "n": nn.ParameterDict({"z": torch.ones(1)}), "l": [torch.ones(1)]})
    return listed, named


PARAMETERS = {
    "texts": lambda t, p, d: [repr(p), repr(d), repr(t.nn.ParameterList()), repr(t.nn.ParameterDict())],
    "names": lambda t, p, d: [[list(x.state_dict()), [k for k, _ in x.named_parameters()]] for x in (p, d)],
    "slices": lambda t, p, d: [repr(p[1:3]), repr(p[::-1]), p[-6], len(p[:0])],
    "set": lambda t, p, d: [p.__setitem__(0, t.zeros(1)), p.__setitem__(-1, t.zeros(3)), repr(p), p[0].requires_grad],
    "grow": lambda t, p, d: [repr(p.append(t.ones(1))), repr(p.extend([1, t.ones(2)])), repr(p.__iadd__(p[:1])), [type(x).__name__ for x in p]],
    "of a list": lambda t, p, d: repr(t.nn.ParameterList(p)),
    "order": lambda t, p, d: [list(d), list(reversed(d)), list(d.keys()), [k for k, _ in d.items()], len(list(d.values())), "a" in d, 3 in d],
    "ordered": lambda t, p, d: list(t.nn.ParameterDict(OrderedDict(z=t.ones(1), a=t.ones(2)))),
    "pairs": lambda t, p, d: list(t.nn.ParameterDict([("z", t.ones(1)), ["a", t.ones(2)]])),
    "get": lambda t, p, d: [d["a"], d.get("a"), d.get("q"), d.get("q", 4), d.setdefault("a", 7), d.setdefault("w", t.ones(1)), d.setdefault("v"), list(d)],
    "pop": lambda t, p, d: [d.pop("a"), list(d), d.popitem()[0], list(d), d.clear(), len(d), repr(d)],
    "copy": lambda t, p, d: [repr(d.copy()), d.copy()["b"] is d["b"], repr(d.fromkeys(["x", "y"], 1)), repr(copy.deepcopy(d)), repr(copy.deepcopy(p))],
    "union": lambda t, p, d: [list(d | t.nn.ParameterDict({"q": t.ones(1)})), repr(d.__ior__({"b": 1})), list(t.nn.ParameterDict({"0": 1}).__or__(d))],
    "update": lambda t, p, d: [d.update({"z": t.ones(1), "y": t.ones(2)}), list(d), d.update(d.copy()), d.update([("k", 1)]), list(d)],
    "moved": lambda t, p, d: [repr(p.double()), repr(d.half())],
    "attributes": lambda t, p, d: [d.b is d["b"], getattr(p, "0") is p[0], setattr(d, "other", t.ones(1)), "other" in d, len(d)],
    "dir": lambda t, p, d: [name for name in dir(p) if name.isdigit()],
    "pickled": lambda t, p, d: [repr(pickle.loads(pickle.dumps(p))), repr(pickle.loads(pickle.dumps(d)))],
    "trained": lambda t, p, d: [(p[0] * d["b"]).sum().backward(), p[0].grad, d["b"].grad],
    "index": lambda t, p, d: p[6],
    "assign too far": lambda t, p, d: p.__setitem__(9, 1),
    "key": lambda t, p, d: d[3],
    "set key": lambda t, p, d: d.__setitem__(3, 1),
    "no such key": lambda t, p, d: d["zz"],
    "delete": lambda t, p, d: [d.__delitem__("a"), list(d)],
    "delete nothing": lambda t, p, d: d.__delitem__("zz"),
    "pop from nothing": lambda t, p, d: t.nn.ParameterDict().popitem(),
    "called": lambda t, p, d: p(1),
    "dict called": lambda t, p, d: d(1),
    "extend by a tensor": lambda t, p, d: p.extend(t.ones(2)),
    "extend by a number": lambda t, p, d: p.extend(3),
    "update by a number": lambda t, p, d: d.update(3),
    "update by numbers": lambda t, p, d: d.update([3]),
    "update by triples": lambda t, p, d: d.update([(1, 2, 3)]),
}  # fmt: skip


@pytest.mark.parametrize("case", PARAMETERS)
def test_containers_of_parameters(torch, case):
    alike(torch, lambda torch: PARAMETERS[case](torch, *holding(torch)), fails=None)


#: helpers that programs import from PyTorch's inner files
HELPERS = {
    "pairs": lambda t, u: [u._single(3), u._pair(3), u._triple([1, 2, 3]), u._quadruple(0), u._ntuple(5)("a"), u._pair.__name__],
    "padding": lambda t, u: u._reverse_repeat_tuple((1, 2, 3), 2),
    "defaults": lambda t, u: [u._list_with_default([None, 3], [7, 8, 9]), u._list_with_default(4, [1])],
    "too many defaults": lambda t, u: u._list_with_default([None, 3], [7, 8]),
    "prefix": lambda t, u: stripped(t, u),
    "factory": lambda t, u: [t.nn.factory_kwargs(None), t.nn.factory_kwargs({"dtype": 1, "factory_kwargs": {"device": 2}})],
    "factory, unknown": lambda t, u: t.nn.factory_kwargs({"size": 1}),
    "factory, twice": lambda t, u: t.nn.factory_kwargs({"dtype": 1, "factory_kwargs": {"dtype": 2}}),
}


def stripped(torch, utils):
    state = torch.nn.ModuleDict({"module": torch.nn.Linear(1, 1)}).state_dict()
    utils.consume_prefix_in_state_dict_if_present(state, "module.")
    return [list(state), list(state._metadata), repr(torch.nn.Linear(1, 1).load_state_dict(state))]


@pytest.mark.parametrize("case", HELPERS)
def test_helpers(torch, case):
    utils = importlib.import_module
    alike(torch, lambda torch: HELPERS[case](torch, utils(f"{torch.__name__}.nn.modules.utils")), fails=None)


def test_paths_of_pytorchs_files(torch):
    """Every class of PyTorch's files of layers can be imported from the same path."""
    files = [info.name for info in pkgutil.iter_modules(torch.nn.modules.__path__)]
    missing = []
    for file in files:
        if file in ("_functions", "linear_cross_entropy"):
            continue
        theirs, ours = (importlib.import_module(f"{library}.nn.modules.{file}") for library in ("torch", "lesson_lib"))
        for name, value in vars(theirs).items():
            if inspect.isclass(value) and issubclass(value, torch.nn.Module) and value.__module__ == theirs.__name__ and not hasattr(ours, name):
                missing.append(f"{file}.{name}")
    assert sorted(missing) == sorted(["normalization.CrossMapLRN2d", *PRIVATE])
    assert lesson_lib.nn.modules.Linear is lesson_lib.nn.Linear
    assert isinstance(lesson_lib.nn.BatchNorm2d(1), lesson_lib.nn.modules.batchnorm._BatchNorm)


PRIVATE = ("conv._ConvTransposeMixin",)

#: gradients of convolutions as functions
CONVOLUTIONS = {
    "1": ((2, 4, 7), (6, 2, 3), {"stride": 2, "padding": 1, "groups": 2}),
    "2": ((2, 4, 6, 5), (3, 4, 2, 3), {"padding": (1, 0), "dilation": (1, 2)}),
    "3": ((1, 2, 4, 3, 5), (2, 2, 2, 1, 3), {}),
}


@pytest.mark.parametrize("dims", CONVOLUTIONS)
def test_gradients_of_convolutions(torch, dims):
    shape, weight_shape, options = CONVOLUTIONS[dims]

    def program(torch):
        x, w = torch.randn(*shape), torch.randn(*weight_shape, requires_grad=True)
        g = torch.ones_like(getattr(torch.nn.functional, f"conv{dims}d")(x, w, **options))
        by_input = getattr(torch.nn.grad, f"conv{dims}d_input")(shape, w, g, **options)
        by_weight = getattr(torch.nn.grad, f"conv{dims}d_weight")(x, weight_shape, g, **options)
        by_input.square().sum().backward()
        return [by_input, by_weight, w.grad]

    alike(torch, program)


def test_choice_of_attention(torch):
    def program(torch):
        attention, x = importlib.import_module(f"{torch.__name__}.nn.attention"), torch.ones(1, 2, 4)
        names = [getattr(attention.SDPBackend, name).name for name in ("ERROR", "MATH", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "CUDNN_ATTENTION")]
        with attention.sdpa_kernel([attention.SDPBackend.MATH, attention.SDPBackend.FLASH_ATTENTION]):
            y = torch.nn.functional.scaled_dot_product_attention(x, x, x)
        with attention.sdpa_kernel("MATH"):
            pass
        return names, y

    alike(torch, program, fails=True)
