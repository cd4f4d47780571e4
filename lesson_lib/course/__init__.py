"""Helpers of the lessons: what works here, the data, the plots, the checks of exercises.

A lesson imports what it uses, as in ``from lesson_lib.course import check, load_digits``. ``import lesson_lib`` alone
loads none of this.
"""

from .digits import load_digits
from .doctor import doctor
from .exercise import check
from .layout import side_by_side
from .plots import plot_digits, plot_losses, plot_mistakes
