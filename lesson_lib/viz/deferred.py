"""A dataclass field that is worked out when it is first read.

A graph of a thousand operations has ten thousand small pictures of arrays, and a reader looks at twenty of them.
"""

from .texts import CATALOGUES, language, speaking

REQUIRED = object()  # in place of a default: a dataclass then asks for the field


class Deferred:
    """A field that may be given as a function without arguments: it is called at the first reading, and its answer kept.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Page:
    ...     words: str = Deferred("")
    >>> Page(lambda: print("reading") or "once").words
    reading
    'once'
    """

    def __init__(self, default):
        self.default = default

    def __set_name__(self, owner, name):
        self.key = name

    def __get__(self, instance, owner):
        if instance is None:
            if self.default is REQUIRED:
                raise AttributeError(self.key)
            return self.default
        value = instance.__dict__[self.key]
        if callable(value):
            value = instance.__dict__[self.key] = value()
        return value

    def __set__(self, instance, value):
        instance.__dict__[self.key] = value


class Spoken(Deferred):
    """A Deferred field of words: its function is called once for each language that somebody reads it in. Without a default it must be given."""

    def __init__(self, default=REQUIRED):
        super().__init__(default)

    def __get__(self, instance, owner):
        if instance is None:
            if self.default is REQUIRED:
                raise AttributeError  # so a dataclass knows
            return self.default
        value = instance.__dict__[self.key]
        if callable(value):
            value = instance.__dict__[self.key] = _InEachLanguage(value)
        return value.now() if isinstance(value, _InEachLanguage) else value

    def settle(self, instance):
        """Work the words out in every language and let go of the function."""
        self.__get__(instance, None)
        value = instance.__dict__[self.key]
        if isinstance(value, _InEachLanguage):
            value.settle()


def is_spoken(instance, name):
    """True if the Spoken field ``name`` may be another word in another language."""
    value = instance.__dict__[name]
    return callable(value) or isinstance(value, _InEachLanguage)


class _InEachLanguage:
    def __init__(self, make):
        self.make, self.words = make, {}

    def now(self):
        code = language()
        if code not in self.words:
            self.words[code] = self.make()
        return self.words[code]

    def settle(self):
        for code in CATALOGUES:
            with speaking(code):
                self.now()
        self.make = None


def settle(*instances):
    """Work out all deferred fields now, before the arrays they are made from can change."""
    for instance in instances:
        for name, member in vars(type(instance)).items():
            if isinstance(member, Spoken):
                member.settle(instance)
            elif isinstance(member, Deferred):
                getattr(instance, name)
