"""Which layers a name on the command line means: a layer, a group, a pattern; and what is near one that means none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate

from cnncalc.errors import CnncalcError, Fault, near
from cnncalc.graph import Net
from cnncalc.records import NamedTuple

__all__ = ["Choice", "choices"]

LISTED = 4
"""So many names are listed where none is near."""
LONGEST = 60
"""Characters of a wrong name that are repeated."""


class Choice(NamedTuple):
    """The layers that one name means, by node, in execution order."""

    name: str
    layers: tuple[int, ...]
    group: bool
    """Whether the name is that of a group, not of a layer or a pattern."""


def choices(graph: Net, names: Sequence[str]) -> list[Choice]:
    """What each name means. Raises `CnncalcError` with every name that means nothing."""
    found = [_choice(graph, name) for name in dict.fromkeys(names)]
    wrong = [choice.name for choice in found if not choice.layers]
    if wrong:
        known = [node.name for _, node, _ in graph.layers()]
        raise CnncalcError([_unknown(name, known) for name in wrong])
    return found


def _choice(graph: Net, name: str) -> Choice:
    inside = f"{name}."
    exact = [index for index, node, _ in graph.layers() if node.name == name or node.name.startswith(inside)]
    if exact:
        group = graph.nodes[exact[0]].name != name or len(exact) > 1
        return Choice(name, tuple(exact), group)
    if not any(sign in name for sign in "*?["):
        return Choice(name, (), False)
    matches = re.compile(translate(name)).match
    return Choice(name, tuple(index for index, node, _ in graph.layers() if matches(node.name)), False)


def _unknown(name: str, known: Sequence[str]) -> Fault:
    """Compares level by level, so that a long net costs no more than its widest group."""
    levels = name.split(".")
    prefix, inside = "", _children(known, "")
    for depth, level in enumerate(levels):
        if level not in inside:
            return _fault(name, known, prefix, inside, levels[depth:])
        prefix = f"{prefix}{level}."
        inside = _children(known, prefix)
    raise AssertionError(name)  # every level is there: the name is that of a layer or group


def _children(known: Iterable[str], prefix: str) -> list[str]:
    """The next levels of all names that begin so."""
    at = len(prefix)
    return list(dict.fromkeys(name[at:].partition(".")[0] for name in known if name.startswith(prefix)))


def _fault(name: str, known: Sequence[str], prefix: str, inside: Sequence[str], rest: Sequence[str]) -> Fault:
    wrong = rest[0]
    if not inside:
        return Fault(
            f"there is no layer or group `{name[:LONGEST]}`", help=f"`{prefix[:-1]}` is a layer: name it alone"
        )
    families = _families(inside)
    stem = wrong.rstrip("0123456789")
    ending = f".{name}"
    deeper = [one for one in known if one.endswith(ending)]
    if deeper:
        more = f" and {len(deeper) - 1:,} more" if len(deeper) > 1 else ""
        help = f"there is `{deeper[0]}`{more}: write that, or the pattern `*.{name}`"
    elif wrong != stem and len(families.get(stem, ())) > 1:
        first, last = families[stem][0], families[stem][-1]
        help = f"there are `{prefix}{first}` to `{prefix}{last}`"
    else:
        # of names that differ in their number alone two are enough, and what they are without it
        few = {member: member for members in families.values() for member in (members[0], members[-1])}
        few |= {one: members[0] for one, members in families.items() if one}
        matches = dict.fromkeys(few[match] for match in near(wrong, few))
        whole = [_with_rest(known, prefix + match, rest[1:]) for match in matches]
        meant = f"did you mean {' or '.join(f'`{match}`' for match in whole)}? " if whole else ""
        help = meant + _listed(families, prefix)
    return Fault(f"there is no layer or group `{name[:LONGEST]}`", help=help)


def _families(inside: Iterable[str]) -> dict[str, list[str]]:
    """Names by what they are without their number."""
    found: dict[str, list[str]] = {}
    for one in inside:
        found.setdefault(one.rstrip("0123456789"), []).append(one)
    return found


def _with_rest(known: Sequence[str], start: str, rest: Sequence[str]) -> str:
    """The near name with the levels that were written behind the wrong one, as far as they are there."""
    for level in rest:
        inside = _children(known, f"{start}.")
        if level not in inside:
            break
        start = f"{start}.{level}"
    return start


def _listed(families: dict[str, list[str]], prefix: str) -> str:
    shown = [
        f"{prefix}{members[0]}" + (f" to {prefix}{members[-1]}" if len(members) > 1 else "")
        for members in list(families.values())[:LISTED]
    ]
    more = ", …" if len(families) > LISTED else ""
    where = f"in {prefix[:-1]} there" if prefix else "the layers and groups"
    return f"{where} are {', '.join(shown)}{more}; a pattern such as `*conv*` works too"
