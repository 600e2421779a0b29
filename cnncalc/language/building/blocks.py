"""Blocks: templates of layers, the file's own and the library's, and their use."""

from __future__ import annotations

import re
from collections.abc import Container

from cnncalc.errors import Place, suggestion
from cnncalc.language.building.evaluation import Evaluator, Scope
from cnncalc.language.documents.library import library_blocks
from cnncalc.language.documents.variables import Entry, is_required
from cnncalc.language.expressions import ExpressionError, Value, expand
from cnncalc.language.faults import Faults
from cnncalc.language.values import ValueFault, value_of
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode, scalar_value
from cnncalc.layers import kind_named
from cnncalc.notation.lines import split_tokens
from cnncalc.records import NamedTuple

__all__ = ["NAMINGS", "NAMING_HELP", "Block", "BlockUse", "Blocks"]

BLOCK_KEYS = ("with", "layers", "naming")
NAMINGS = ("index", "kind", "flat")
NAMING_HELP = "`index` numbers layers by position, as 0, 1, 2; `kind` by kind, as conv1, conv2, relu1"
LETTERS = {"k": "kernel", "s": "stride", "p": "padding", "d": "dilation", "g": "groups"}
"""The letters of a layer's tokens, which set a block's parameters of these names too."""
FLAGS = ("bias", "inplace")
BORDERS = ("same", "same_lower", "valid", "causal")
"""What fills a block's `padding` by itself."""
_LETTER = re.compile(r"([kspdg])([0-9?$].*)\Z", re.DOTALL)


class Block(NamedTuple):
    """A template of layers."""

    name: str
    parameters: dict[str, Entry]
    items: list[YamlNode]
    by_position: bool
    faulty: bool = False
    """Whether its definition has a fault, so that nothing can be said about its use."""
    library: bool = False
    """Whether it is one of the library's, to which a file's variables and defaults mean nothing."""
    flat: bool = False
    """Whether its layers are called as if they stood where it is used; a use with a name is a group all the same."""

    def usage(self) -> str:
        """One line that shows how the block is used."""
        parts = []
        for name, (_, default) in self.parameters.items():
            text = default.text if isinstance(default, Scalar) else "…"
            parts.append(f"{name}=…" if is_required(default) else f"[{name}={text}]")
        return f"write `{' '.join([self.name, *parts])}`"

    def argument(self, token: str, given: Container[str]) -> tuple[str, str]:
        """The parameter that a token sets and the text of its value, as a layer would read it.

        `stride=2`, `s2` and `k$size` name a parameter, `nobias` is a flag, `same` a padding, and anything else fills
        the next one.
        """
        name, equals, text = token.partition("=")
        if equals and name.isidentifier():
            return (name if name in self.parameters else LETTERS.get(name, name)), text
        letter = _LETTER.match(token)
        if letter:
            for name in (letter.group(1), LETTERS[letter.group(1)]):
                if name in self.parameters:
                    return name, letter.group(2)
        if token in BORDERS and "padding" in self.parameters:
            return "padding", token
        flag = token.removeprefix("no")
        if flag in FLAGS and flag in self.parameters:
            return flag, "true" if flag == token else "false"
        return next((free for free in self.parameters if free not in given), ""), token


class BlockUse(NamedTuple):
    """Where a block is used, and its arguments: tokens with their offsets in `node`, or a mapping or list."""

    node: YamlNode
    tokens: tuple[tuple[int, str], ...]
    fields: YamlNode | None = None


class Blocks:
    """The blocks that a file may use. A file's own block wins over the library's, and a kind over the library's."""

    def __init__(self, own: dict[str, Entry], variables: Scope, evaluator: Evaluator, faults: Faults) -> None:
        self.own, self.variables, self.evaluator, self.faults = own, variables, evaluator, faults
        self.limits = evaluator.limits
        self.known: dict[str, Block | None] = {}
        self.stated: dict[int, tuple[Block, dict[str, Value]]] = {}

    def names(self) -> list[str]:
        """Every block that an item may use."""
        return [*self.own, *library_blocks()]

    def find(self, name: str) -> Block | None:
        """The block of that name, or None."""
        if name not in self.known:
            entry = self.own.get(name)
            library = entry is None and kind_named(name) is None
            if library:
                entry = library_blocks().get(name)
            self.known[name] = self._read(name, entry, library) if entry is not None else None
        return self.known[name]

    def _read(self, name: str, entry: Entry, library: bool) -> Block:
        key, node = entry
        if isinstance(node, Sequence):
            return Block(name, {}, node.items, False)
        if not isinstance(node, Mapping) or "layers" not in node.entries:
            help = "write `NAME: {with: {width: required}, layers: [...]}`"
            self.faults.add(f"the block `{name[:60]}` needs `layers`", key, help=help)
            return Block(name, {}, [], False, faulty=True)
        for other, (other_key, _) in node.entries.items():
            if other not in BLOCK_KEYS:
                help = suggestion(other, BLOCK_KEYS, f"a block has the keys {', '.join(BLOCK_KEYS)}")
                self.faults.add(f"a block has no key `{other[:60]}`", other_key, help=help)
        declared = node.entries["with"][1] if "with" in node.entries else None
        if isinstance(declared, Mapping) and len(declared.entries) > self.limits.variables:
            message = f"a block has at most {self.limits.variables:,} arguments, the bound `variables`"
            self.faults.add(message, declared, help=self.limits.way_out("variables"))
            self.faults.raise_any()
        if declared is not None and not isinstance(declared, Mapping):
            help = "such as {width: required, stride: 1}"
            self.faults.add("`with` is a mapping of names to defaults", declared, help=help)
        items = node.entries["layers"][1]
        if not isinstance(items, Sequence):
            self.faults.add("`layers` is a list of layers", items, help="put a `-` before each, or write [ … ]")
        naming = node.entries["naming"][1] if "naming" in node.entries else None
        how = naming.text if isinstance(naming, Scalar) else "kind" if naming is None else ""
        if naming is not None and how not in NAMINGS:
            help = f"{NAMING_HELP}; `flat` calls them as if they stood where the block is used"
            self.faults.add("`naming` of a block is `index`, `kind` or `flat`", naming, help=help)
        return Block(
            name,
            declared.entries if isinstance(declared, Mapping) else {},
            items.items if isinstance(items, Sequence) else [],
            how == "index",
            declared is not None and not isinstance(declared, Mapping),
            library,
            how == "flat",
        )

    def head(self, node: Scalar, scope: Scope, tensor: int) -> str:
        """What the layer of one line is counted by, its kind or block; empty where that is unknown."""
        word = self.first_word(node, scope, tensor)
        if word and self.find(word) is not None:
            return word
        found = kind_named(word)
        return found[0].kind if found else ""

    def first_word(self, node: Scalar, scope: Scope, tensor: int) -> str:
        """The kind or block that one line names, its value where it is an expression; empty where that has none."""
        head = node.text.split(maxsplit=1)[0] if node.text.strip() else ""
        if "$" not in head:
            return head
        self.evaluator.enter(scope, tensor)
        try:
            value = expand(split_tokens(node.text)[0][1], scope, self.limits)
        except ExpressionError:
            return ""  # reading the line as a layer reports the fault
        return value if isinstance(value, str) else ""

    def used(self, node: Scalar, key: Scalar | None, scope: Scope, tensor: int) -> tuple[Block, BlockUse] | None:
        """The use of a block in one line of notation (after the block's name as `key`, if any); None for a layer."""
        if key is not None:
            block = self.find(key.text)
            return (block, BlockUse(node, split_tokens(node.text))) if block else None
        block = self.find(self.first_word(node, scope, tensor))
        return (block, BlockUse(node, split_tokens(node.text)[1:])) if block else None

    def scope(self, block: Block, use: BlockUse, outer: Scope, tensors: tuple[int, ...]) -> Scope | None:
        """The names in scope inside the block; None, and faults, where an argument is wrong or missing."""
        before, tensor = self.faults.met, tensors[0]
        if block.faulty:
            return None
        self.evaluator.enter(outer, tensor)
        given = (
            self._from_tokens(block, use, outer, tensor)
            if use.fields is None
            else self._from_fields(block, use, outer, tensor)
        )
        inner = {} if block.library else dict(self.variables)
        inner["inputs"] = len(tensors)
        self.evaluator.enter(inner, tensor)
        stated = self._stated(block)
        for name, (_, default) in block.parameters.items():
            if name in given:
                inner[name] = given[name]
            elif name in stated:
                inner[name] = stated[name]
            elif is_required(default):
                if self.faults.met == before:
                    self.faults.add(f"the block `{block.name}` needs `{name}`", use.node, help=block.usage())
            else:
                try:
                    inner[name] = value_of(default, inner, self.limits)
                except ValueFault as fault:
                    self.faults.uses.append(use.node)
                    self.evaluator.fault(fault.error, fault.node, tensor)
                    self.faults.uses.pop()
        return inner if self.faults.met == before else None

    def _stated(self, block: Block) -> dict[str, Value]:
        """The defaults of its parameters that are no expressions, read once for all uses."""
        known = self.stated.get(id(block))
        if known is None:
            plain = {
                name: default
                for name, (_, default) in block.parameters.items()
                if isinstance(default, Scalar) and "$" not in default.text and not is_required(default)
            }
            known = block, {name: scalar_value(one.text, one.plain) for name, one in plain.items()}
            self.stated[id(block)] = known
        return known[1]

    def _from_tokens(self, block: Block, use: BlockUse, outer: Scope, tensor: int) -> dict[str, Value]:
        given: dict[str, Value] = {}
        for offset, token in use.tokens:
            name, text = block.argument(token, given)
            if name not in block.parameters or name in given:
                self._wrong_argument(block, name, use.node.place().moved(offset, len(token)))
            else:
                try:
                    given[name] = expand(text, outer, self.limits) if "$" in text else scalar_value(text, True)
                except ExpressionError as error:
                    error.offset += offset + len(token) - len(text)
                    self.evaluator.fault(error, use.node, tensor)
        return given

    def _wrong_argument(self, block: Block, name: str, at: YamlNode | Place) -> None:
        """An argument that the block does not take, or not a second time."""
        if name in block.parameters:
            self.faults.add(f"`{name}` is given twice", at, help="keep one of the two")
            return
        what = f"argument `{name[:60]}`" if name else "further argument"
        help = suggestion(name, block.parameters, block.usage())
        self.faults.add(f"the block `{block.name}` has no {what}", at, help=help)

    def _from_fields(self, block: Block, use: BlockUse, outer: Scope, tensor: int) -> dict[str, Value]:
        if isinstance(use.fields, Sequence):
            if len(use.fields.items) > len(block.parameters):
                self._wrong_argument(block, "", use.fields)
            values = zip(block.parameters, use.fields.items)
            return {name: self.evaluator.value(node, outer, tensor) for name, node in values}
        given: dict[str, Value] = {}
        entries = use.fields.entries if isinstance(use.fields, Mapping) else {}
        for name, (key, node) in entries.items():
            if name in block.parameters:
                given[name] = self.evaluator.value(node, outer, tensor)
            else:
                self._wrong_argument(block, name, key)
        return given
