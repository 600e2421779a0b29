"""The rules of `cnncalc rewrite`: one entry each, and how their names and arguments are read."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from importlib import import_module
from typing import Any

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.records import NamedTuple
from cnncalc.rewrites.editing import Edits, View

__all__ = ["LARGEST", "RULES", "Asked", "Rule", "asked"]

LARGEST = 1_000_000


class Rule(NamedTuple):
    """One rule. `function` is `module:function` below `cnncalc.rewrites.rules`: it takes a `View` and the arguments."""

    name: str
    function: str
    what: str
    """What it does, in a line."""
    finds: str
    """What it looks for, for those whose net has none."""
    arguments: tuple[str, ...] = ()
    """Their names: N and RATIO whole numbers from 1 on, FACTOR a number, KIND a notation."""
    optional: bool = False
    """Whether the last argument may be left out."""
    exact: bool = False
    """Whether the outputs stay the same, with parameters that are made of those before."""
    keeps: bool = True
    """Whether what stands in place of a layer makes the same shape."""
    outputs: bool = True
    """Whether the outputs of the net have the same shapes."""
    same_field: bool = False
    """Whether what an output sees stays the same."""

    @property
    def usage(self) -> str:
        """How it is written."""
        words = [*self.arguments]
        if self.optional:
            words[-1] = f"[{words[-1]}]"
        return " ".join([self.name, *words])

    def edits(self, view: View, arguments: Sequence[Any]) -> Edits:
        """What it changes in a net. Raises CnncalcError where its arguments do not go with the net."""
        module, _, function = self.function.partition(":")
        find: Callable[..., Edits] = getattr(import_module(f"cnncalc.rewrites.rules.{module}"), function)
        return find(view, *arguments)


CONVOLUTION = "a convolution with a kernel wider than one pixel"
RULES = (
    Rule(
        "fold-batchnorm", "folding:fold_batchnorm", "batch norms go into the layers before them",
        "a convolution or linear layer with a batch norm right behind it", exact=True, same_field=True,
    ),
    Rule(
        "remove-bias-before-norm", "folding:remove_bias", "no bias where a norm takes it away again",
        "a bias right before a batch norm, or a norm of each channel", exact=True, same_field=True,
    ),
    Rule(
        "fuse-branches", "folding:fuse_branches", "convolutions, norms and identities that add up, as one convolution",
        "an `add` of branches that are a convolution and a batch norm at most", exact=True, same_field=True,
    ),
    Rule(
        "fc-to-conv", "heads:fc_to_conv", "linear layers on maps as convolutions, for inputs of any size",
        "a linear layer right behind a `flatten` of a map", exact=True, keeps=False, outputs=False,
    ),
    Rule(
        "gap-head", "heads:gap_head", "the mean of each channel and one linear layer in place of the head",
        "an output that linear layers make of a flattened map", keeps=False,
    ),
    Rule(
        "new-head", "heads:new_head", "N scores come out", "a layer of filters that makes the output",
        ("N",), keeps=False, outputs=False,
    ),
    Rule(
        "split-kernel", "splitting:split_kernel", "7x7 as three 3x3, 5x5 as two",
        "a convolution with an odd kernel from 5 on", same_field=True,
    ),
    Rule(
        "flatten-kernel", "splitting:flatten_kernel", "k x k as 1 x k and k x 1",
        "a convolution with a kernel wider than one pixel along two axes", same_field=True,
    ),
    Rule(
        "separable", "splitting:separable", "a filter for each channel, then 1x1 across channels", CONVOLUTION,
        same_field=True,
    ),
    Rule(
        "bottleneck", "splitting:bottleneck", "1x1 to 1/RATIO of the filters (4 unless said), and back", CONVOLUTION,
        ("RATIO",), optional=True, same_field=True,
    ),
    Rule(
        "grouped", "changing:grouped", "convolutions wider than a pixel in N groups", CONVOLUTION, ("N",),
        same_field=True,
    ),
    Rule(
        "width", "changing:width", "FACTOR times as many filters but at the end; multiples of 8 stay such",
        "a layer of filters that does not make the output", ("FACTOR",), keeps=False, same_field=True,
    ),
    Rule("replace", "changing:replace", "layers of one kind as another kind", "a layer of that kind", ("KIND", "KIND")),
)  # fmt: skip
"""Every rule, the exact ones first."""
BY_NAME = {rule.name: rule for rule in RULES}


class Asked(NamedTuple):
    """A rule with its arguments."""

    rule: Rule
    arguments: tuple[Any, ...]
    text: str
    """As it was written."""


def asked(words: Sequence[str]) -> list[Asked]:
    """Rules and their arguments, in order: `new-head 10` is one text or two. Raises CnncalcError with all mistakes."""
    waiting = [part for word in words for part in _parts(word)]
    found: list[Asked] = []
    faults: list[Fault] = []
    while waiting:
        name = waiting.pop(0)
        rule = BY_NAME.get(name)
        if rule is None:
            otherwise = f"the rules are {', '.join(BY_NAME)}"
            help = suggestion(name, BY_NAME, otherwise)
            if found and found[-1].rule.optional is False and found[-1].rule.arguments == ():
                help = f"`{found[-1].rule.name}` takes nothing behind it; {help}"
            faults.append(Fault(f"there is no rule `{name[:60]}`", help=help))
            continue
        texts = waiting[: _taken(rule, waiting)]
        del waiting[: len(texts)]
        try:
            values = tuple(_value(rule, kind, text) for kind, text in zip(rule.arguments, texts))
        except CnncalcError as error:
            faults += error.faults
            continue
        if len(texts) < len(rule.arguments) - rule.optional:
            example = {"N": "10", "FACTOR": "0.5", "KIND": "relu"}
            such = " ".join([rule.name, *(example[one] for one in rule.arguments)])
            such = "replace relu silu" if rule.name == "replace" else such
            faults.append(Fault(f"`{rule.name}` needs {_needs(rule)}", help=f"such as `{such}`"))
        else:
            found.append(Asked(rule, values, " ".join([name, *map(_shown, texts)])))
    if not words:
        faults.append(Fault("no rule is named", help=f"the rules are {', '.join(BY_NAME)}"))
    if faults:
        raise CnncalcError(faults)
    return found


def _parts(word: str) -> Iterator[str]:
    """A word of the command line; a rule with its arguments in one text is several."""
    if word.partition(" ")[0] in BY_NAME and " " in word:
        try:
            yield from shlex.split(word)
        except ValueError:
            help = "close the quotation marks"
            raise CnncalcError(Fault(f"`{word[:60]}` cannot be read as a rule", help=help)) from None
    else:
        yield word


def _shown(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _taken(rule: Rule, waiting: Sequence[str]) -> int:
    """How many of the words that follow are a rule's arguments."""
    taken = 0
    for kind, word in zip(rule.arguments, waiting):
        if word in BY_NAME or (rule.optional and kind == rule.arguments[-1] and not word.isdecimal()):
            break
        taken += 1
    return taken


def _needs(rule: Rule) -> str:
    if rule.arguments == ("KIND", "KIND"):
        return "two kinds, the old one and the new one"
    return "a number"


def _value(rule: Rule, kind: str, text: str) -> Any:
    """An argument as what the rule takes. Raises CnncalcError."""
    if kind == "KIND":
        return text.strip()
    if kind == "FACTOR":
        return _factor(rule, text)
    if text.isdecimal() and text.isascii() and len(text) < 10 and 1 <= int(text) <= LARGEST:
        least = 2 if rule.name in ("grouped", "bottleneck") else 1
        if int(text) >= least:
            return int(text)
        raise CnncalcError(Fault(f"`{rule.usage}` of {text} changes nothing", help="give a number from 2 on"))
    message = f"`{rule.usage}` takes a whole number from 1 to {LARGEST:,}, not `{text[:40]}`"
    raise CnncalcError(Fault(message, help=f"such as `{rule.name} {4 if rule.name == 'bottleneck' else 10}`"))


def _factor(rule: Rule, text: str) -> Fraction:
    try:
        factor = Fraction(text) if len(text) < 20 and "e" not in text.lower() else Fraction(0)
    except (ValueError, ZeroDivisionError):
        factor = Fraction(0)
    if not Fraction(1, 1_000) <= factor <= 1_000:
        message = f"`{rule.usage}` takes a number from 0.001 to 1,000, not `{text[:40]}`"
        raise CnncalcError(Fault(message, help=f"such as `{rule.name} 0.5`"))
    return factor
