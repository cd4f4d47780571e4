"""One table of optimizers with their options, and a small training for them; the tests of several files run all of it."""

import numpy as np

#: (class, options); every option of every method stands here at least once with a value that is not its default
SAMPLES = [
    ("SGD", {}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.02}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.5, "maximize": True}),
    ("SGD", {"lr": 0.01, "weight_decay": 0.5, "foreach": True}),
    ("SGD", {"lr": 0.02, "fused": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3}),
    ("Adam", {"lr": 0.02, "weight_decay": 0.1, "foreach": True}),
    ("Adam", {"lr": 0.02, "amsgrad": True, "fused": True}),
    ("Adam", {"lr": 0.02, "maximize": True, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.02, "weight_decay": 0.3, "amsgrad": True}),
    ("AdamW", {"lr": 0.01, "betas": (0.8, 0.99), "maximize": True, "eps": 1e-4, "foreach": True}),
    ("AdamW", {"lr": 0.02, "fused": True}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1, "foreach": True}),
    ("Adamax", {"lr": 0.02, "maximize": True}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-2, "momentum_decay": 0.1, "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True, "foreach": True}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1}),
    ("RAdam", {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True, "foreach": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.05, "maximize": True, "foreach": True}),
    ("Adagrad", {"lr": 0.05, "fused": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.5, "eps": 1e-3, "weight_decay": 0.1}),
    ("Adadelta", {"lr": 0.5, "maximize": True, "foreach": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.5, "eps": 1e-3, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.002, "momentum": 0.5, "maximize": True}),
    ("RMSprop", {"lr": 0.01, "centered": True, "eps": 1e-2, "foreach": True}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.9}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.005, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.02)}),
    ("Rprop", {"lr": 0.005, "maximize": True, "foreach": True}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.1, "lambd": 0.1, "alpha": 0.5, "t0": 5, "weight_decay": 0.1}),
    ("ASGD", {"lr": 0.05, "t0": 0, "maximize": True, "foreach": True}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.02, "beta2_decay": -0.5, "eps": (1e-2, 1e-2), "d": 2.0, "weight_decay": 0.1}),
    ("Adafactor", {"lr": 0.1, "maximize": True, "foreach": True}),
    ("Muon", {}),
    ("Muon", {"lr": 0.002, "nesterov": False, "momentum": 0.5, "weight_decay": 0.0}),
    ("Muon", {"lr": 0.002, "adjust_lr_fn": "match_rms_adamw", "ns_steps": 3, "eps": 1e-3, "ns_coefficients": (2.0, -1.5, 0.5)}),
    ("LBFGS", {}),
    ("LBFGS", {"lr": 0.5, "max_iter": 3, "history_size": 2, "tolerance_grad": 1e-5, "tolerance_change": 1e-6}),
    ("LBFGS", {"line_search_fn": "strong_wolfe", "max_iter": 4, "max_eval": 6, "history_size": 3}),
]

#: the methods that can be asked for a step that autograd records
RECORDED = ("SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSprop", "Rprop", "ASGD")


def setup(torch, name, options, dtype="float32"):
    """A small network, data, and an optimizer with two groups and a parameter that never gets a gradient.

    Muon gets matrices only, LBFGS one group.
    """
    torch.manual_seed(0)
    bias = name != "Muon"
    net = torch.nn.Sequential(torch.nn.Linear(4, 8, bias), torch.nn.Tanh(), torch.nn.Linear(8, 2, bias)).to(getattr(torch, dtype))
    idle = torch.nn.Parameter(torch.ones(2, 2, dtype=getattr(torch, dtype)))
    first, second = [*net[0].parameters(), idle], list(net[2].parameters())
    groups = [*first, *second] if name == "LBFGS" else [{"params": first}, {"params": second, "lr": options.get("lr", 1e-3) / 2}]
    optimizer = getattr(torch.optim, name)(groups, **options)
    x, t = (torch.from_numpy(np.random.RandomState(7).randn(16, n).astype(dtype)) for n in (4, 2))
    return net, optimizer, lambda: torch.nn.functional.mse_loss(net(x), t)


def train(net, optimizer, loss_of, steps):
    """The parameters after each of the steps."""
    seen = []
    for _ in range(steps):

        def closure():
            optimizer.zero_grad()
            loss = loss_of()
            loss.backward()
            return loss

        if type(optimizer).__name__ == "LBFGS":
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
        seen.append([p.detach().numpy().copy() for p in net.parameters()])
    return seen
