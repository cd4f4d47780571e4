"""What an operation's docstring says: its formula, its gradient rules, its source text."""

import inspect
import re
from functools import lru_cache

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "eta": "η", "theta": "θ", "lambda": "λ", "mu": "μ",
    "pi": "π", "sigma": "σ", "tau": "τ", "phi": "φ", "Phi": "Φ", "Delta": "Δ", "sum": "Σ", "prod": "Π", "partial": "∂", "nabla": "∇", "cdot": "·",
    "times": "×", "odot": "⊙", "star": "⋆", "le": "≤", "ge": "≥", "ne": "≠", "in": "∈", "infty": "∞", "sqrt": "√", "top": "ᵀ", "int": "∫",
    "to": "→", "approx": "≈", "ldots": "…", "dots": "…", "quad": " ", "left": "", "right": "", "mathrm": "", "text": "", "operatorname": "",
}  # fmt: skip


def plain(latex):
    r"""LaTeX of a docstring as plain characters: good enough to read beside a graph.

    >>> plain(r"$y=\sum_i x_i$, every $\partial y/\partial x_i = \frac{1}{n}$")
    'y=Σ_i x_i, every ∂ y/∂ x_i = 1/n'
    """
    shown = re.sub(r"\\bar ?\{?(\w)\}?", "\\1\u0304", latex)
    shown = re.sub(r"\\frac(\w)(\w)", r"\1/\2", shown)
    shown = re.sub(r"\\d?frac\{([^{}]*)\}\{([^{}]*)\}", _fraction, shown)
    shown = re.sub(r"\\([A-Za-z]+)", lambda match: GREEK.get(match[1], match[1]), shown)
    shown = re.sub(r"\\[,;! ]", " ", shown).replace("\\", "").replace("``", "").replace("$", "")
    return re.sub(r"[{}]", "", shown).replace("^ᵀ", "ᵀ").replace("^2", "²").replace("^3", "³")


def _fraction(match):
    top, bottom = (part if len(part) <= 2 or (part.startswith("\\") and part[1:].isalpha()) else f"({part})" for part in match.groups())
    return f"{top}/{bottom}"


@lru_cache(maxsize=256)
def formula_of(op):
    """The first paragraph of the docstring, where the formula stands; "" if there is none."""
    doc = inspect.cleandoc(op.__doc__ or "") if op is not None else ""
    first = doc.split("\n\n")[0]
    return re.sub(r"\s+", " ", plain(re.split(r"\bSource:|>>>", first)[0])).strip()


@lru_cache(maxsize=1024)
def rule_of(op, position):
    """The docstring's gradient rule for input number ``position``, such as ``∂y/∂a = b``."""
    names = getattr(op, "inputs", ())
    name = "x" if getattr(op, "variadic", False) or position >= len(names) else names[position]
    doc = re.sub(r"\s+", " ", plain(op.__doc__ or "")) if op is not None else ""
    end = r"(?=,\s+(?:and\s+|so\s+|every\s+)*[∂\w]|\s+and\s+∂|\.(?:\s|$)|\s+Source:|\s+>>>|$)"
    match = re.search(rf"(∂ ?\w+ ?/ ?∂ ?{re.escape(name)}[_ᵢⱼ]?\w?) (=|is) (.+?){end}", doc, re.IGNORECASE)
    return f"{match[1].replace('∂ ', '∂')} {match[2]} {match[3].strip()}" if match else f"∂y/∂{name}"


@lru_cache(maxsize=256)  # Python reads and parses the whole file to find a class
def source_of(op):
    """The text of the class that declares ``op``; "" where Python cannot find it (typed into a plain prompt)."""
    try:
        return inspect.getsource(op)
    except (OSError, TypeError):
        return ""
