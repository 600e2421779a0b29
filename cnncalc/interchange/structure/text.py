"""Items as text of the language: one line where it fits, else one line an item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from typing import TypeAlias

from cnncalc.interchange.structure.blocks.arguments import LETTERS
from cnncalc.interchange.structure.items import NAME, Block, Group, Item, Leaf, Merge, Repeat, Use
from cnncalc.interchange.structure.labels import Labels
from cnncalc.interchange.structure.writing import head, notation, quoted
from cnncalc.language.yaml.reader import scalar_value
from cnncalc.layers import KINDS, Layer, show_shape
from cnncalc.layers.registry import preset_name
from cnncalc.notation.lines import write

__all__ = ["Usual", "block_lines", "header", "layer_lines", "usual_fields"]

WIDTH = 120
NESTED = 3
"""Levels of brackets that a person would still read on one line."""


LEAST = 4
"""Layers of a kind that say the same before the text says it once for all."""


Usual: TypeAlias = "dict[str, dict[str, object]]"
"""Fields by kind, and what they mostly are."""


def usual_fields(labels: Labels) -> Usual:
    """For each kind the flags and decimals that most of its layers have, and that are not as usual."""
    found: dict[str, list[Layer]] = {}
    for operator in labels.sketch.operators:
        if operator.layer is not None and not operator.layer.presets.get(preset_name(operator.layer)):
            found.setdefault(operator.layer.kind, []).append(operator.layer)
    usual: Usual = {}
    for kind, layers in found.items():
        for name, declared in layers[0].fields.items() if len(layers) >= LEAST else ():
            if declared.hidden or type(layers[0].default(name)) not in (bool, float):
                continue
            counted = Counter([getattr(layer, name) for layer in layers])
            value, count = max(counted.items(), key=itemgetter(1))  # the heaps of `most_common` take long to import
            if count >= LEAST and 2 * count > len(layers) and value != layers[0].default(name) and value is not None:
                usual.setdefault(kind, {})[name] = value
    return usual


class _Writer:
    def __init__(self, labels: Labels, usual: Usual) -> None:
        self.labels = labels
        self.usual = {kind: tuple(fields.items()) for kind, fields in usual.items()}

    # -- one line --

    def flow(self, item: Item) -> str:
        """An item on one line."""
        if isinstance(item, Leaf):
            return self.leaf(item)
        if isinstance(item, Use):
            heads = self.heads(item.group._replace(by_position=False))  # the block says how its layers are called
            told = use(item)
            if not heads and told[:1] not in ("{", '"'):
                return f"{item.block.name} {told}".rstrip()
            return f"{{{', '.join([f'{item.block.name}: {told}', *heads])}}}"
        if isinstance(item, Merge):
            keys = self.keys(item)
            word, rest = self.words(item)
            branches = f"[{', '.join(self.branch(branch) for branch in item.branches)}]"
            if rest:
                fields = ", ".join(f"{name}: {value}" for name, value in self.fields(item.step))
                branches = f"{{{fields}, branches: {branches}}}"
            return f"{{{', '.join([f'{word}: {branches}', *keys])}}}"
        body = f"layers: {self.branch(item.items)}"
        return f"{{{', '.join([*self.heads(item), body])}}}"

    def branch(self, items: tuple[Item, ...]) -> str:
        """A list on one line."""
        return f"[{', '.join(map(self.flow, items))}]"

    def leaf(self, item: Leaf) -> str:
        """A layer: its notation alone where that says all."""
        word, rest = self.words(item)
        keys = self.keys(item)
        if item.takes is None and not keys and rest[:1] not in ("{", '"'):
            return f"{word} {rest}".rstrip()
        names = [quoted(self.labels.full[source]) for source in item.takes or ()]
        first, *taken = head(self.layer(item.step), word, rest, names)
        return f"{{{', '.join([first, *keys, *taken])}}}"

    def layer(self, step: int) -> Layer:
        """A step's layer."""
        layer = self.labels.sketch.operators[step].layer
        assert layer is not None
        return layer

    def words(self, item: Leaf | Merge) -> tuple[str, str]:
        """The kind of a layer, and the rest of its notation."""
        layer = self.layer(item.step)
        said = tuple((field, text) for field, text in item.said if field != NAME)
        kind, rest = notation(layer, self.labels.sketch.dialect) if not said else (layer.kind, "")
        usual = self.usual.get(layer.kind, ())
        if (said or usual) and rest[:1] != "{":
            kind, _, rest = write(layer, said, usual).partition(" ")
            rest = quoted(rest) if rest else ""
        return kind, rest

    def fields(self, step: int) -> Iterator[tuple[str, str]]:
        """The fields that a merge has, in long form."""
        layer = self.layer(step)
        for name, declared in layer.fields.items():
            if not declared.hidden and getattr(layer, name) != declared.default:
                yield name, quoted(declared.type.write(getattr(layer, name)))

    def keys(self, item: Leaf | Merge) -> list[str]:
        """What is said of a layer beside its notation."""
        one = self.labels.sketch.operators[item.step]
        own = dict(item.said).get(NAME) or self.labels.own[item.step]
        keys = [f"name: {quoted(own)}"] if own else []
        if one.share is not None:
            keys.append(f"share: {quoted(self.labels.full[one.share])}")
        return keys + one.said()

    @staticmethod
    def heads(item: Group | Repeat) -> list[str]:
        """The keys of a group before its layers."""
        if isinstance(item, Group):
            heads = [f"name: {quoted(item.name)}"] if item.name else []
        else:
            heads = [f"repeat: {item.times}"]
            if item.numbered:
                number = f"$(i + {item.first})" if item.first else "$i"
                heads.append(f"name: {quoted(item.name + number)}")
        return [*heads, "naming: index"] if item.by_position else heads

    # -- several lines --

    def lines(self, items: tuple[Item, ...], indent: int) -> Iterator[str]:
        """A list, one item a line or more."""
        for item in items:
            flow = self.flow(item)
            if isinstance(item, Leaf) and flow.endswith("}}"):
                flow = flow[1:-1]  # one key alone, with all that is said among its fields
            if len(flow) + indent + 2 <= WIDTH and flow.count("[") <= NESTED * 2:
                yield f"{' ' * indent}- {flow}"
            else:
                yield from self.block(item, indent)

    def block(self, item: Item, indent: int) -> Iterator[str]:
        """An item that needs several lines."""
        pad = " " * indent
        if isinstance(item, (Leaf, Use)):
            yield f"{pad}- {self.flow(item)}"
            return
        if isinstance(item, Merge):
            word, rest = self.words(item)
            heads = self.keys(item)
            fields = [f"{name}: {value}" for name, value in self.fields(item.step)] if rest else []
            for number, head in enumerate(heads):
                yield f"{pad}{'- ' if number == 0 else '  '}{head}"
            yield f"{pad}{'  ' if heads else '- '}{word}:"
            for field in fields:
                yield f"{pad}    {field}"
            inner = indent + 4
            if fields:
                yield f"{pad}    branches:"
                inner += 2
            for branch in item.branches:
                yield from self.branch_lines(branch, inner)
            return
        for number, head in enumerate(self.heads(item)):
            yield f"{pad}{'- ' if number == 0 else '  '}{head}"
        flow = self.branch(item.items)
        if len(flow) + indent + 10 <= WIDTH and flow.count("[") <= 2 * NESTED:
            yield f"{pad}  layers: {flow}"
            return
        yield f"{pad}  layers:"
        yield from self.lines(item.items, indent + 4)

    def branch_lines(self, items: tuple[Item, ...], indent: int) -> Iterator[str]:
        """A branch of a merge."""
        flow = self.branch(items)
        if len(flow) + indent + 2 <= WIDTH and flow.count("[") <= NESTED:
            yield f"{' ' * indent}- {flow}"
            return
        for number, line in enumerate(self.lines(items, indent + 2)):
            yield f"{' ' * indent}- {line[indent + 2 :]}" if number == 0 else line

    def block_lines(self, block: Block) -> Iterator[str]:
        """A template."""
        arguments = ", ".join(f"{name}: {'required' if usual is None else usual}" for name, usual in block.arguments)
        yield f"  {block.name}:"
        if arguments:
            yield f"    with: {{{arguments}}}"
        if block.by_position or block.flat:
            yield f"    naming: {'flat' if block.flat else 'index'}"
        flow = self.branch(block.items)
        if len(flow) + 12 <= WIDTH and flow.count("[") <= 2 * NESTED:
            yield f"    layers: {flow}"
        else:
            yield "    layers:"
            yield from self.lines(block.items, 6)


def use(item: Use) -> str:
    """The arguments of a block, as they stand behind its name."""
    names = [name for name, _ in item.block.arguments]
    told: list[str] = []
    for (name, usual), word in zip(item.block.arguments, (*item.stems, *item.values)):
        if word == usual:
            continue
        if name in LETTERS and (word[0].isdigit() or word[0] == "$"):
            told.append(f"{LETTERS[name]}{word}")
        elif usual is None and not (word[0] in "kspdg" and word[1:2].isdigit()):
            told.append(word)
        else:
            told.append(f"{name}={word}")
    if not all(map(_is_text, item.stems)):
        texts = (f'{name}: "{word}"' for name, word in zip(names, item.stems))
        return f"{{{', '.join([*texts, *_fields(item, names[item.block.stems :])])}}}"
    return quoted(" ".join(told)) if told else ""


def _is_text(word: str) -> bool:
    """Whether an argument is read as it is written: `1_2` is a number."""
    return "$" in word or str(scalar_value(word, True)) == word


def _fields(item: Use, names: list[str]) -> list[str]:
    """The arguments of a use, in long form."""
    usual = dict(item.block.arguments)
    return [f"{name}: {quoted(word)}" for name, word in zip(names, item.values) if word != usual[name]]


def block_lines(blocks: list[Block], labels: Labels, usual: Usual) -> list[str]:
    """The lines of `blocks:`; none where there are none."""
    writer = _Writer(labels, usual)
    return ["blocks:", *(line for block in blocks for line in writer.block_lines(block))] if blocks else []


def layer_lines(items: tuple[Item, ...], labels: Labels, usual: Usual) -> list[str]:
    """The lines below `layers:`."""
    return list(_Writer(labels, usual).lines(items, 2))


def _flow(kind: str, fields: dict[str, object]) -> str:
    """The defaults of a kind."""
    declared = KINDS[kind].fields
    return f"{{{', '.join(f'{name}: {declared[name].type.write(value)}' for name, value in fields.items())}}}"


def header(labels: Labels, file: str, usual: Usual) -> list[str]:
    """The lines above `layers:`."""
    sketch = labels.sketch
    lines = [
        f"name: {quoted(sketch.name or file.partition('.')[0] or file)}",
        f"source: {quoted(sketch.source or file)}",
    ]
    if sketch.dialect != "torch":
        lines.append(f"dialect: {sketch.dialect}")
    if usual:
        lines.append(f"defaults: {{{', '.join(f'{kind}: {_flow(kind, fields)}' for kind, fields in usual.items())}}}")
    shapes = {name: show_shape(sketch.shape(index)) for index, name in labels.inputs.items()}
    if list(shapes) == ["input"]:
        lines.append(f"input: {shapes['input']}")
    else:
        lines.append(f"inputs: {{{', '.join(f'{quoted(name)}: {shape}' for name, shape in shapes.items())}}}")
    return lines
