"""Named tuples of our own do what typing's do, and cost less before one is made."""

from __future__ import annotations

import copy
import pickle
import typing

import pytest

from cnncalc.records import NamedTuple, Record


class Ours(NamedTuple):
    """Three fields."""

    first: int
    second: str = "two"
    third: typing.Any = None

    @property
    def both(self):
        return f"{self.first}{self.second}"


class Theirs(typing.NamedTuple):
    """The witness."""

    first: int
    second: str = "two"
    third: typing.Any = None


class Derived(Ours):
    """A class on it."""

    def __new__(cls, first):
        return super().__new__(cls, first, "derived")


class Counted(Record, fields=("name", "params", "macs"), defaults=(0,)):
    """Fields that are only known at run time."""

    __slots__ = ()


CALLS = [((1,), {}), ((1, "b"), {}), ((1, "b", 3), {}), ((), {"first": 1}), ((1,), {"third": 3, "second": "b"})]
WRONG = [((), {}), ((1, 2, 3, 4), {}), ((1,), {"fourth": 4}), ((1,), {"first": 1})]


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_one_is_made_as_of_typing(values, named):
    ours: typing.Any = Ours(*values, **named)
    theirs: typing.Any = Theirs(*values, **named)
    assert tuple(ours) == tuple(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert ours._asdict() == theirs._asdict()
    assert (ours.first, ours.second, ours.third) == tuple(theirs)
    assert ours._replace(second="c") == theirs._replace(second="c")
    assert pickle.loads(pickle.dumps(ours)) == copy.deepcopy(ours) == ours
    assert type(pickle.loads(pickle.dumps(ours))) is Ours


@pytest.mark.parametrize(("values", "named"), WRONG)
def test_what_typing_refuses_is_refused(values, named):
    for cls in (Ours, Theirs):
        with pytest.raises(TypeError):
            cls(*values, **named)


def test_classes_are_alike():
    assert Ours._fields == Theirs._fields == Ours.__match_args__
    assert Ours._field_defaults == Theirs._field_defaults
    assert Ours.__mro__[1:] == Theirs.__mro__[1:] == (tuple, object)
    assert Ours._make([1, 2, 3]) == (1, 2, 3)
    assert Ours(1).both == "1two"
    assert not hasattr(Ours(1), "__dict__")
    with pytest.raises(AttributeError):
        setattr(Ours(1), "first", 2)  # noqa: B010 # a type checker would refuse the statement
    wrong: typing.Any = {"fourth": 4}
    with pytest.raises((TypeError, ValueError)):
        Ours(1)._replace(**wrong)
    with pytest.raises(TypeError):
        Ours._make([1])


def test_a_class_on_it_and_one_whose_fields_are_told():
    assert Derived(1) == (1, "derived", None)
    assert isinstance(Derived(1), Derived)
    assert Counted("a", 1) == ("a", 1, 0)
    assert Counted("a", 1)._replace(macs=3)[2] == 3
    assert repr(Counted("a", 1)) == "Counted(name='a', params=1, macs=0)"
    assert pickle.loads(pickle.dumps(Counted("a", 1))) == Counted("a", 1)
    with pytest.raises(TypeError, match="missing"):
        Counted("a")
