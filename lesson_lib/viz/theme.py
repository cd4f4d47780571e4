"""The colours of every graph, in the notebook and on paper: forward is blue, backward is orange.

Hues differ in lightness too, and every state also has a word, a shape or a dash, so nothing hangs on colour alone.
The ``*_ink`` colours are the same hues, darkened (or lightened) until small print reaches a contrast of 4.5 : 1.
"""

#: role -> (light theme, dark theme)
COLOURS = {
    "page": ("#ffffff", "#161b22"),
    "card": ("#ffffff", "#212933"),
    "text": ("#1d2733", "#e8edf3"),
    "small": ("#545f73", "#aeb9c8"),
    "line": ("#8a94a3", "#7d8896"),
    "op": ("#f4f6f9", "#2b3542"),
    "op_line": ("#c3cad5", "#566273"),
    "value": ("#1f6fb4", "#4a9be0"),
    "value_ink": ("#1f6fb4", "#7db8ec"),
    "value_wash": ("#e8f1f9", "#1d3a56"),
    "gradient": ("#d55e00", "#f08a3c"),
    "gradient_ink": ("#a84900", "#f5a667"),
    "gradient_wash": ("#fff1e6", "#4a2f18"),
    "leaf": ("#009e73", "#2bc79b"),
    "leaf_ink": ("#007d5b", "#4fd6b0"),
    "loss": ("#7a4fb5", "#b08be6"),
    "loss_ink": ("#7a4fb5", "#c4a6ef"),
    "group": ("#1f6fb407", "#7db8ec0c"),
    "group_line": ("#9fb3c8", "#4c5f74"),
    "box": ("#eef3f8", "#26323f"),
    "fault_ink": ("#b42318", "#ff8f82"),
    "fault_wash": ("#fdebe9", "#4d1f1b"),
    "trouble_ink": ("#8a5a00", "#f0c14b"),
    "trouble_wash": ("#fff0c9", "#4a3808"),
    "only_ink": ("#7a4fb5", "#c4a6ef"),
    "only_wash": ("#f3ecfb", "#33264a"),
    "negative": ("#56606e", "#7f8b9a"),
}

FONT = "Helvetica,Arial,sans-serif"
#: cells are never more opaque than this: the number on them keeps a contrast of 4.5 : 1 in both themes
DEEPEST, FAINTEST = 0.55, 0.05
SHADES = 8  # depths that a heat map is drawn in


def theme(name):
    """The colours of one theme, by role; ``name`` is "light" or "dark".

    >>> theme("light")["gradient"]
    '#d55e00'
    """
    if name not in ("light", "dark"):
        raise ValueError(f"theme must be 'light' or 'dark', not {name!r}")
    return {role: pair[name == "dark"] for role, pair in COLOURS.items()}


def frame_roles(kind):
    """The roles of (border, name) for a tensor of this kind: leaves are green, the loss is purple."""
    return {"leaf": ("leaf", "leaf_ink"), "loss": ("loss", "loss_ink")}.get(kind, ("line", "text"))
