"""L-BFGS: steps towards the minimum of a parabola that is fitted to the last gradients."""

from ..core.errors import error
from ..core.grad_mode import enable_grad, no_grad
from ..ops.complex_numbers import view_as_real
from ..ops.create import zeros
from ..ops.join import cat
from .optimizer import Optimizer
from .options import check, check_lr
from .strong_wolfe import strong_wolfe


class LBFGS(Optimizer):
    r"""$\theta \leftarrow \theta + \gamma\, d$ with $d = -H g$, several times in one ``step(closure)``.

    H approximates the inverse of the second derivatives. It is never written down: the last ``history_size`` pairs
    s = θ′ − θ, y = g′ − g stand for it, since H must take each y to its s. ``direction`` applies them one after the other.

    One step makes up to ``max_iter`` iterations and calls ``closure``, which computes the loss and its gradients, up to
    ``max_eval`` times (5/4·max_iter if None). It ends early when no gradient is above ``tolerance_grad``, or neither the loss nor a
    parameter moves by more than ``tolerance_change``. γ = ``lr``, or with ``line_search_fn="strong_wolfe"`` a length searched for in each iteration.
    There is one group of parameters.

    >>> import lesson_lib as torch
    >>> w = torch.tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(13., grad_fn=<SumBackward0>)
    >>> w.detach().round()
    tensor([1., 1.])

    Errors: ValueError for several groups or a negative lr; RuntimeError for another line search.
    Source: J. Nocedal and S. Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5; M. Schmidt, https://www.cs.ubc.ca/~schmidtm/Software/minFunc.html;
    https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
    """

    def __init__(
        self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9, history_size=100, line_search_fn=None
    ):
        check_lr(lr)
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        defaults = dict(lr=lr, max_iter=max_iter, max_eval=max_eval, tolerance_grad=tolerance_grad, tolerance_change=tolerance_change,
                        history_size=history_size, line_search_fn=line_search_fn)  # fmt: skip
        super().__init__(params, defaults)
        check(len(self.param_groups) == 1, "LBFGS doesn't support per-parameter options (parameter groups)")

    @no_grad()
    def step(self, closure):
        """Up to ``max_iter`` iterations; returns the first loss that ``closure()`` gave."""
        group, memory = self.param_groups[0], self.state[self.param_groups[0]["params"][0]]
        memory.setdefault("func_evals", 0)
        memory.setdefault("n_iter", 0)
        first_loss, loss, g = self._evaluate(closure)
        evaluations = 1
        memory["func_evals"] += 1
        if g.abs().max() <= group["tolerance_grad"]:
            return first_loss

        for iteration in range(1, group["max_iter"] + 1):
            memory["n_iter"] += 1
            d = self.direction(g, memory, group["history_size"])
            memory.update(d=d, prev_flat_grad=g.clone(), prev_loss=loss)
            # before anything is known about the curvature, the first step is short
            memory["t"] = t = min(1.0, 1.0 / g.abs().sum()) * group["lr"] if memory["n_iter"] == 1 else group["lr"]
            slope = g.dot(d)
            if slope > -group["tolerance_change"]:
                break  # no longer downhill
            last_loss, calls = loss, 0
            if group["line_search_fn"] is not None:
                loss, g, t, calls = self._search(closure, t, d, loss, g, slope)
                memory["t"] = t
                self._move(t, d)
            else:
                self._move(t, d)
                if iteration != group["max_iter"]:  # else the loss of the new point would not be used
                    _, loss, g = self._evaluate(closure)
                    calls = 1
            evaluations += calls
            memory["func_evals"] += calls
            flat = g.abs().max() <= group["tolerance_grad"]
            still = (d * t).abs().max() <= group["tolerance_change"] or abs(loss - last_loss) < group["tolerance_change"]
            if evaluations >= group["max_eval"] or flat or still:
                break
        return first_loss

    def direction(self, g, memory, history_size):
        """d = −Hg, after the newest pair has joined the history."""
        if memory["n_iter"] == 1:
            memory.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -g
        ys, ss, weights = memory["old_dirs"], memory["old_stps"], memory["ro"]
        y, s = g - memory["prev_flat_grad"], memory["d"] * memory["t"]
        curvature = y.dot(s)
        if curvature > 1e-10:  # else the parabola would open downwards
            if len(ys) == history_size:
                for values in (ys, ss, weights):
                    values.pop(0)
            ys.append(y)
            ss.append(s)
            weights.append(1.0 / curvature)
            memory["H_diag"] = curvature / y.dot(y)
        shares = memory.setdefault("al", [None] * history_size)
        q = -g
        for i in reversed(range(len(ys))):
            shares[i] = ss[i].dot(q) * weights[i]
            q.add_(ys[i], alpha=-shares[i])
        d = q * memory["H_diag"]
        for i in range(len(ys)):
            d.add_(ss[i], alpha=shares[i] - ys[i].dot(d) * weights[i])
        return d

    def _search(self, closure, t, d, loss, g, slope):
        """The length of the step along ``d``, from ``t`` on, with the loss and the gradient there."""
        if self.param_groups[0]["line_search_fn"] != "strong_wolfe":
            raise error("line_search")
        start = [p.clone() for p in self.param_groups[0]["params"]]

        def at(t):
            self._move(t, d)
            _, loss, g = self._evaluate(closure)
            for p, value in zip(self.param_groups[0]["params"], start, strict=True):
                p.copy_(value)
            return loss, g, g.dot(d)

        return strong_wolfe(at, t, d.abs().max(), (loss, g, slope))

    def _evaluate(self, closure):
        """What the closure returns, the loss as a number, and all gradients as one vector."""
        with enable_grad():
            result = closure()
        params = self.param_groups[0]["params"]
        grads = [zeros(p.numel(), dtype=p.dtype, device=p.device) if p.grad is None else p.grad.reshape(-1) for p in params]
        return result, float(result), cat([_real(g).reshape(-1) for g in grads])

    def _move(self, t, d):
        """θ ← θ + t·d, parameter by parameter."""
        begin = 0
        for p in self.param_groups[0]["params"]:
            flat = _real(p)
            flat.add_(d[begin : begin + flat.numel()].view_as(flat), alpha=t)
            begin += flat.numel()


def _real(tensor):
    return view_as_real(tensor) if tensor.is_complex() else tensor
