"""Two graphs side by side in a notebook: two views as everywhere else, and beneath them the differences to choose from."""

import anywidget
import traitlets

from .fold_widget import FoldView
from .shown_in import note
from .texts import CATALOGUES, checked, language, speaking
from .widget import static


class CompareView(anywidget.AnyWidget):
    """A Comparison on screen. ``views`` are the two graphs; all three speak the same language."""

    _esm = static("compare.js")
    _css = static("style.css")
    sides = traitlets.List().tag(sync=True)  # the ids of the two views
    data = traitlets.Dict().tag(sync=True)
    language = traitlets.Unicode().tag(sync=True)
    texts = traitlets.Dict(CATALOGUES).tag(sync=True)
    place = traitlets.Unicode("").tag(sync=True)  # the id of the picture on the page whose place it takes, and its own

    def __init__(self, comparison, place=""):
        self.comparison = comparison
        self.views = [FoldView(side) for side in comparison.sides]
        own = {"place": place, "model_id": place} if place else {}
        super().__init__(sides=[view.model_id for view in self.views], data=comparison.picture(), language=language(), **own)
        for view in self.views:
            traitlets.link((self, "language"), (view, "language"))

    @traitlets.validate("language")
    def _known(self, proposal):
        return checked(proposal["value"])

    @traitlets.observe("language")
    def _speak(self, change):
        if change["old"]:
            with speaking(self.language):
                self.data = self.comparison.picture()

    def _repr_mimebundle_(self, **kwargs):
        note(self)
        return super()._repr_mimebundle_(**kwargs)

    def close(self):
        """Close the two views, too."""
        for view in self.views:
            view.close()
        super().close()
        self.layout.close()

    def __repr__(self):
        return f"<CompareView: {self.comparison.sentence}>"
