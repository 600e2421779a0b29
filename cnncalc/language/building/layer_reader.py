"""One item to one layer, under a net's dialect and defaults: expressions put in, each fault noted at its place."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.graph import Level
from cnncalc.language.building.evaluation import Evaluator, Scope, Tensor
from cnncalc.language.building.items import Item
from cnncalc.language.faults import Faults
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode
from cnncalc.layers import kind_named
from cnncalc.layers.fields import PerAxis, Wholes
from cnncalc.notation.lines import Defaults, Parsed, make, parse, split_tokens
from cnncalc.notation.vocabulary import Guess, TokenError, kind_of, kind_suggestion

__all__ = ["LayerReader"]


class LayerReader:
    """Reads the layers of a net; what cannot be read is noted and gives None."""

    def __init__(
        self, dialect: str, defaults: Defaults, evaluator: Evaluator, faults: Faults, blocks: Callable[[], list[str]]
    ) -> None:
        self.dialect, self.defaults, self.evaluator, self.faults = dialect, defaults, evaluator, faults
        self.blocks = blocks
        """The names of the blocks, asked for where a word is no kind."""
        self.of_the_file = defaults
        """The file's defaults, whether they mean something here or not."""
        self.known: dict[str, Parsed] = {}
        self._plain: LayerReader | None = None

    def without_defaults(self) -> LayerReader:
        """The reader of library blocks, to which a file's defaults mean nothing."""
        if self._plain is None:
            self._plain = LayerReader(self.dialect, (), self.evaluator, self.faults, self.blocks)
            self._plain.of_the_file = self.of_the_file
        return self._plain if self.defaults else self

    def line(
        self, node: Scalar, key: Scalar | None, scope: Scope, tensor: Tensor, level: Level, own: str | None
    ) -> Parsed | Guess | None:
        """A layer in one line of notation; `key` is its kind where that stands apart, `own` its own name."""
        text = self.evaluator.text(node, scope, tensor)
        prefix = f"{key.text} " if key is not None else ""
        if text is None:
            words = split_tokens(prefix + node.text)
            found = kind_named(words[0][1]) if words else None
            return Guess(found[0], {}) if found else None
        line = prefix + text
        known = self.known.get(line)
        if known is not None:
            return known
        try:
            made = parse(line, self.dialect, self.defaults)
        except TokenError as error:
            if error.unknown:
                self.faults.unreadable(error.unknown)
                error.help = kind_suggestion(error.unknown, tuple(self.blocks()), rest=error.rest, dialect=self.dialect)
            at = node
            for one in (error, *error.others):
                one.offset -= len(prefix)
                if key is not None and (one.offset < 0 or not node.text):
                    one.offset, one.width, at = 0, 0, key
                else:
                    _back(one, text, node.text)
            if "$" in node.text and (written := _arithmetic(node.text)):
                error.help = f"arithmetic stands in brackets: `$({written})`"
            here = f"here it reads `{line[:60]}`" if "$" in node.text else ""
            self.faults.token(error, at, level.called(own), here)
            return error.guess
        self.known[line] = made
        return made

    def fields(self, item: Item, scope: Scope, tensor: Tensor, level: Level, own: str | None) -> Parsed | Guess | None:
        """A layer whose fields are a mapping, or that has none."""
        assert item.kind is not None
        at: YamlNode = item.key or item.node
        place = next(iter(kind_of(item.kind)[0].positional()), None)
        listed = isinstance(item.value, Sequence) and item.branches is None and bool(item.value.items)
        if listed and not (place and isinstance(place.type, (PerAxis, Wholes))):
            help = f"{kind_of(item.kind)[0].usage()}, or a mapping of its fields"
            self.faults.add(
                f"the fields of `{item.kind}` are a mapping or one line", item.value, layer=level.called(own), help=help
            )
            return Guess(kind_of(item.kind)[0], {})
        fields = item.value if isinstance(item.value, Mapping) else None
        before = self.faults.met
        values = self.evaluator.value(fields, scope, tensor) if fields is not None else {}
        if listed and place is not None and item.value is not None:  # `permute: [1, 0]`
            values = {place.name: self.evaluator.value(item.value, scope, tensor)}
        if self.faults.met > before or not isinstance(values, dict):
            return Guess(kind_of(item.kind)[0], {})
        try:
            return make(item.kind, values, self.dialect, self.defaults)
        except TokenError as error:
            for one in (error, *error.others):
                where = at
                if fields is not None and one.field in fields.entries:
                    key, value = fields.entries[one.field]
                    where = value if one.in_value else key
                self.faults.add(one.message, where, layer=level.called(own), help=one.help)
            return error.guess


def _back(error: TokenError, text: str, written: str) -> None:
    """Move an error's place in the text with its expressions put in to the token that they stand in as written."""
    if "$" not in written or not error.width:
        return
    made, tokens = split_tokens(text), split_tokens(written)
    number = next((number for number, (offset, _) in enumerate(made) if offset == error.offset), 0)
    whole = error.width > len(made[number][1]) if made else True
    if len(made) == len(tokens) and not whole:
        error.offset, error.width = tokens[number][0], len(tokens[number][1])
    else:
        error.offset, error.width = 0, len(written)


def _arithmetic(text: str) -> str:
    """What is computed with a variable outside of brackets, as in `$width*2`; empty where nothing is."""
    import re  # only a mistake pays for it

    found = re.search(r"\$([^\W\d]\w{0,40}[*/%+-]{1,2}\$?\w{1,40})", text)
    return found[1].replace("$", "") if found else ""
