"""A pickle is a program for a stack machine. This is the machine, and it refuses to run anything but data.

Python's own unpickler imports whatever a file names and calls it. This one looks a name up in a table (``rebuild.ALLOWED``, and what the
user declared safe) and calls only what stands in another (``rebuild.CALLS``). It sets attributes of an OrderedDict and of the user's safe
classes, and of nothing else. It needs no recursion, so a file cannot nest it to death, and each jump out of the data is an error.

Source: https://docs.python.org/3/library/pickletools.html lists the operations.
"""

import pickle
import struct
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING  # the names that protocol 2 writes, those of Python 2
from collections import Counter, OrderedDict
from types import FunctionType

from ..core.errors import error
from . import safe
from .rebuild import ALLOWED, CALLS, NOT_HERE, called, check_key, require

_DICTIONARIES = (dict, OrderedDict, Counter)
_OPERATIONS = {}  # byte -> method


def operation(code):
    """Enter a method under the byte that calls it."""

    def enter(method):
        _OPERATIONS[code[0]] = method
        return method

    return enter


def pushing(code, make):
    """An operation that pushes what ``make(machine)`` gives."""
    operation(code)(lambda self: self.stack.append(make(self)))


class Unpickler:
    """Reads one pickle in ``data`` from byte ``at`` on. ``load_storage(id)`` gives the storage of a persistent id."""

    def __init__(self, data, load_storage, at=0):
        self.data, self.at, self.load_storage = data, at, load_storage
        self.stack, self.marks, self.memo = [], [], {}
        self.safe = safe.by_name()
        self.safe_values = [value for name, value in self.safe.items() if name not in ALLOWED]

    def load(self):
        """The object."""
        while True:
            code = self._take(1)[0]
            if code == pickle.STOP[0]:
                return self._pop()
            if code not in _OPERATIONS:
                raise error("unpickle", problem=f"Unsupported operand {code}")
            _OPERATIONS[code](self)

    # --- the file and the stack --------------------------------------------------------------------------------------------------------

    def _take(self, count):
        """The next bytes of the file."""
        begin, self.at = self.at, self.at + count
        require(count >= 0 and self.at <= len(self.data), "the pickle ends too early")
        return self.data[begin : self.at]

    def _number(self, layout):
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _line(self):
        end = self.data.find(b"\n", self.at)
        require(end >= 0, "the pickle ends too early")
        line = self._text(end - self.at)
        self.at += 1
        return line

    def _text(self, count):
        try:
            return str(self._take(count), "utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise error("unpickle", problem="a text is not UTF-8") from None

    def _pop(self, count=None):
        """The topmost value, or the ``count`` topmost ones as a list. Nothing is taken from below the last mark."""
        require(len(self.stack) - (self.marks[-1] if self.marks else 0) >= (1 if count is None else count), "the stack is empty")
        if count is None:
            return self.stack.pop()
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values

    def _pop_mark(self):
        """All values from the last mark on."""
        require(self.marks, "there is no mark")
        mark = self.marks.pop()
        values = self.stack[mark:]
        del self.stack[mark:]
        return values

    def _top(self, kinds, problem):
        require(self.stack and type(self.stack[-1]) in kinds, problem)
        return self.stack[-1]

    def _fill(self, items):
        """Put keys and values, one after the other, into the dictionary on the stack."""
        target = self._top(_DICTIONARIES, "Can only SETITEM for dict, collections.OrderedDict, collections.Counter")
        require(len(items) % 2 == 0, "a key has no value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[check_key(key)] = value

    # --- what may build and call -------------------------------------------------------------------------------------------------------

    def _find(self, module, name):
        """What stands for a name."""
        module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
        full = f"{module}.{name}"
        if module.partition(".")[0] in safe.BLOCKED:
            raise error("unpickle_blocked", name=full, module=module)
        if full in ALLOWED:
            return ALLOWED[full]
        if full in self.safe:
            return self.safe[full]
        if full in NOT_HERE:
            raise error("unpickle_not_here", name=full, what=NOT_HERE[full])
        raise error("unpickle_global", name=full.removeprefix("builtins."))

    def _call(self, function, args, new=False):
        """``function(*args)`` for one that may be called; ``new``: a user's class is made without its ``__init__``."""
        require(type(args) is tuple, "arguments are a tuple")
        if isinstance(function, type | FunctionType) and function in CALLS:
            return called(CALLS[function], args)
        require(any(function is one for one in self.safe_values), "Trying to call reduce for unrecognized function")
        require(not new or isinstance(function, type), "only a class has new objects")
        return function.__new__(function, *args) if new else function(*args)

    def _build(self, state):
        """Give the object on the stack its attributes."""
        require(self.stack, "the stack is empty")
        target = self.stack[-1]
        if type(target) is OrderedDict:
            good = type(state) is dict and all(type(name) is str and not hasattr(OrderedDict, name) for name in state)
            require(good, "an OrderedDict has no such attribute")
            target.__dict__.update(state)
            return
        require(any(type(target) is one for one in self.safe_values), "Can only build OrderedDict or types allowlisted via `add_safe_globals`")
        if hasattr(target, "__setstate__"):
            target.__setstate__(state)
            return
        plain, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
        for attributes in (plain or {}, slots or {}):
            require(type(attributes) is dict and all(type(name) is str and name != "__class__" for name in attributes), "attributes need names")
        if plain:
            vars(target).update(plain)
        for name, value in (slots or {}).items():
            setattr(target, name, value)

    @operation(pickle.REDUCE)
    def _reduce(self):
        function, args = self._pop(2)
        self.stack.append(self._call(function, args))

    @operation(pickle.NEWOBJ)
    def _new(self):
        cls, args = self._pop(2)
        self.stack.append(self._call(cls, args, new=True))

    @operation(pickle.GLOBAL)
    def _global(self):
        self.stack.append(self._find(self._line(), self._line()))

    @operation(pickle.STACK_GLOBAL)
    def _stack_global(self):
        names = self._pop(2)
        require(type(names[0]) is str and type(names[1]) is str, "a name is a text")
        self.stack.append(self._find(*names))

    operation(pickle.BUILD)(lambda self: self._build(self._pop()))

    @operation(pickle.BINPERSID)
    def _persistent(self):
        self.stack.append(self.load_storage(self._pop()))

    # --- containers --------------------------------------------------------------------------------------------------------------------

    operation(pickle.MARK)(lambda self: self.marks.append(len(self.stack)))
    operation(pickle.POP)(lambda self: self._pop())
    operation(pickle.POP_MARK)(lambda self: self._pop_mark())
    pushing(pickle.EMPTY_DICT, lambda self: {})
    pushing(pickle.EMPTY_LIST, lambda self: [])
    pushing(pickle.EMPTY_TUPLE, lambda self: ())
    pushing(pickle.EMPTY_SET, lambda self: set())
    pushing(pickle.TUPLE, lambda self: tuple(self._pop_mark()))
    pushing(pickle.TUPLE1, lambda self: tuple(self._pop(1)))
    pushing(pickle.TUPLE2, lambda self: tuple(self._pop(2)))
    pushing(pickle.TUPLE3, lambda self: tuple(self._pop(3)))
    pushing(pickle.FROZENSET, lambda self: frozenset(map(check_key, self._pop_mark())))
    operation(pickle.SETITEM)(lambda self: self._fill(self._pop(2)))
    operation(pickle.SETITEMS)(lambda self: self._fill(self._pop_mark()))

    @operation(pickle.APPEND)
    def _append(self):
        value = self._pop()
        self._top((list,), "Can only append to lists").append(value)

    @operation(pickle.APPENDS)
    def _appends(self):
        values = self._pop_mark()
        self._top((list,), "Can only extend lists").extend(values)

    @operation(pickle.ADDITEMS)
    def _add_items(self):
        values = self._pop_mark()
        self._top((set,), "Can only add to sets").update(map(check_key, values))

    # --- the memo ----------------------------------------------------------------------------------------------------------------------

    def _remember(self, number):
        require(self.stack, "the stack is empty")
        self.memo[number] = self.stack[-1]

    def _recall(self, number):
        require(number in self.memo, "the memo has no such entry")
        return self.memo[number]

    operation(pickle.BINPUT)(lambda self: self._remember(self._take(1)[0]))
    operation(pickle.LONG_BINPUT)(lambda self: self._remember(self._number("<I")))
    operation(pickle.MEMOIZE)(lambda self: self._remember(len(self.memo)))
    pushing(pickle.BINGET, lambda self: self._recall(self._take(1)[0]))
    pushing(pickle.LONG_BINGET, lambda self: self._recall(self._number("<I")))

    # --- values ------------------------------------------------------------------------------------------------------------------------

    operation(pickle.PROTO)(lambda self: self._take(1))
    operation(pickle.FRAME)(lambda self: self._take(8))
    pushing(pickle.NONE, lambda self: None)
    pushing(pickle.NEWTRUE, lambda self: True)
    pushing(pickle.NEWFALSE, lambda self: False)
    pushing(pickle.BININT, lambda self: self._number("<i"))
    pushing(pickle.BININT1, lambda self: self._take(1)[0])
    pushing(pickle.BININT2, lambda self: self._number("<H"))
    pushing(pickle.LONG1, lambda self: int.from_bytes(self._take(self._take(1)[0]), "little", signed=True))
    pushing(pickle.LONG4, lambda self: int.from_bytes(self._take(self._number("<i")), "little", signed=True))
    pushing(pickle.BINFLOAT, lambda self: self._number(">d"))
    pushing(pickle.BINUNICODE, lambda self: self._text(self._number("<I")))
    pushing(pickle.SHORT_BINUNICODE, lambda self: self._text(self._take(1)[0]))
    pushing(pickle.BINUNICODE8, lambda self: self._text(self._number("<Q")))
    pushing(pickle.SHORT_BINSTRING, lambda self: self._text(self._take(1)[0]))
    pushing(pickle.SHORT_BINBYTES, lambda self: self._take(self._take(1)[0]))
    pushing(pickle.BINBYTES, lambda self: self._take(self._number("<I")))
    pushing(pickle.BINBYTES8, lambda self: self._take(self._number("<Q")))
    pushing(pickle.BYTEARRAY8, lambda self: bytearray(self._take(self._number("<Q"))))


def globals_in(data):
    """All names in a pickle, found without building anything."""
    import pickletools  # only here: it is large

    names, texts = set(), []
    for code, argument, _ in pickletools.genops(data):
        if code.name == "GLOBAL":
            module, name = argument.split(" ", 1)
            module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
            names.add(f"{module}.{name}")
        elif code.name == "STACK_GLOBAL" and len(texts) >= 2:
            names.add(".".join(texts[-2:]))
        elif isinstance(argument, str):
            texts.append(argument)
    return names
