"""Names that PyTorch keeps for old programs: calling one works and warns."""

import functools
import warnings


def outdated(message):
    """Decorator: a ``FutureWarning`` with this message at every call.

    >>> import warnings
    >>> from lesson_lib.nn.outdated import outdated
    >>> @outdated("Use g.")
    ... def f():
    ...     return 1
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     f(), str(caught[0].message)
    (1, 'Use g.')
    """

    def decorate(function):
        @functools.wraps(function)
        def warned(*args, **kwargs):
            warnings.warn(message, FutureWarning, stacklevel=2)
            return function(*args, **kwargs)

        return warned

    return decorate
