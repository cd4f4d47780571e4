"""All that a page needs to step through a graph without Python: pictures, the arithmetic of each step, larger parts of the arrays, in each language.

A module that opens needs another picture, and a graph of n modules has up to 2ⁿ of them. So the page has those that a reader comes to first: the one
that was shown, then those that are one press away, two presses, and so on, until there are ``MOST`` of them or the data is ``LARGEST`` characters long.
A module for which there is none stays as it is, and the page says why.
"""

from .changes import told_step, told_visit, windows_of
from .fold import toggles
from .shared import Shared
from .texts import CATALOGUES, language, speaking

MOST = 32  # pictures
VISITS = 40  # of naive recursion that have their arithmetic with them
LARGEST = 3_000_000  # characters; the picture that was shown is there in any case


def offline_data(graph):
    """The data of a page for a Graph: lists, dictionaries, strings and numbers, each part of which stands there once."""
    shared, shown, pictures, windows = Shared(), {}, [], {}
    for opened, model in graph.foldings():
        shown[opened] = len(pictures)
        spoken = {code: shared.put(_spoken(graph, model, code)) for code in CATALOGUES}
        pictures.append({"until": model.until, "leads": toggles(model), "languages": spoken})
        _add_windows(windows, model, shared)
        if len(shown) == MOST or shared.size > LARGEST:
            break
    for opened, picture in zip(shown, pictures, strict=True):
        picture["leads"] = {key: [shown[opened ^ {key}], graph.size(key)] for key in picture["leads"] if opened ^ {key} in shown}
    step = graph.view.step
    return {
        "pictures": pictures,
        "windows": windows,
        "visits": {code: shared.put(_visits(graph.model, code)) for code in CATALOGUES},
        "parts": shared.parts,
        "position": graph.model.now if step is None else step % len(graph.model.steps),
        "language": language(),
        "texts": CATALOGUES,
    }


def _spoken(graph, model, code):
    """The picture in one language, with the sentence and the arithmetic of every step."""
    with speaking(code):
        data = graph.picture(model)
        for number, step in enumerate(data["steps"]):
            if step["later"]:
                told = told_step(model, number)
                step |= {"text": told["text"], "later": False}
                data["flows"] |= told["flows"]
        plan = model.recursion and model.recursion.plan(model)
    return {**data, "offline": True, "plan": plan}


def _visits(model, code):
    """The sentences and the arithmetic of naive recursion's first visits; they are those of the whole graph, however it is folded."""
    if model.recursion is None:
        return []
    with speaking(code):
        count = len(model.recursion.plan(model)["visits"])
        return [told_visit(model, number) for number in range(1, min(count, VISITS) + 1)]


def _add_windows(windows, model, shared):
    """The numbers that open when somebody looks at a tensor, for as many tensors as there is room."""
    for key in model.tensors:
        if key in windows or shared.size > LARGEST:
            continue
        windows[key] = {}
        for code in CATALOGUES:
            with speaking(code):
                windows[key][code] = shared.put(windows_of(model, key))
