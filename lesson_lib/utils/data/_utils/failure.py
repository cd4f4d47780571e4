"""An exception on its way from one process to another: its type and its traceback as text."""

import pickle
import traceback


class Failure:
    """What ``exc`` was, in a form that can be pickled. ``where``: "in DataLoader worker process 0"."""

    def __init__(self, exc, where):
        self.where, self.type, self.name = where, type(exc), type(exc).__name__
        self.text = "".join(traceback.format_exception(exc))
        try:
            pickle.dumps(self.type)
        except Exception:  # a class that was made inside a function; the text tells what it was
            self.type = RuntimeError

    def exception(self):
        """The exception to raise here: of the same type, with the traceback from there in its text.

        A type that does not take one text is replaced by RuntimeError, as PyTorch does.
        """
        message = f"Caught {self.name} {self.where}.\nOriginal {self.text}"
        if self.type is KeyError:
            return KeyError(_Verbatim(message))
        try:
            return self.type(message)
        except Exception:
            return RuntimeError(message)


class _Verbatim(str):
    """KeyError prints the ``repr`` of its key; the lines of this one stay lines."""

    def __repr__(self):
        return str(self)
