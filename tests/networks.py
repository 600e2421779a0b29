"""Random whole networks as YAML text: every kind, branches, merges, groups, blocks, repeats, loops, sharing, freezing.

`network(random)` is driven by a `random.Random`, from Hypothesis or a seed. While it writes, it asks cnncalc itself for
each layer's output shape, so that most nets are valid; what cnncalc refuses on the way is kept, to be held against torch.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from layer_texts import ACTIVATIONS, MERGES, layer_text
from yaml_texts import written

from cnncalc.graph import broken_requirement
from cnncalc.language.notation import TokenError, parse
from cnncalc.layers import Layer

__all__ = ["Network", "network"]

Shape = tuple[int, ...]
Step = Callable[[Shape], "Shape | None"]
"""From the shape that enters to the one that leaves; None where a layer refuses it."""

DIALECTS = ("torch", "torch", "torch", "torch", "torch", "torch", "keras", "caffe", "paddle", "onnx")
WORDS = ("stem", "a", "b", "left_1", "head", "type", "weight", "train", "x.y", "conv.0", "forward")
MOST_ELEMENTS = 4_000


class Network(NamedTuple):
    """A net's text, how it is to be run, and the layers that cnncalc refused while it was drawn."""

    text: str
    batch: int
    dtype: str
    train: bool
    """Whether side branches for training only are part of it."""
    step: bool
    """Whether a step of training is to be tried."""
    fields: bool
    """Whether receptive fields are to be held."""
    refused: tuple[tuple[str, Shape], ...]


class Piece(NamedTuple):
    """Items, as they will be written, and what they do to a shape."""

    items: list[Any]
    step: Step


class Template(NamedTuple):
    """A sequence of notations with `$c` and `$k` in them."""

    texts: tuple[str, ...]
    arguments: tuple[str, ...]


class Drawing:
    """One net as it is being drawn."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.dialect = random.choice(DIALECTS)
        self.refused: list[tuple[str, Shape]] = []
        self.names: dict[str, Shape] = {}
        self.shareable: list[tuple[str, str, Shape]] = []
        """Named layers: (name, notation, shape that enters)."""
        self.groups: list[tuple[str, Shape, Shape]] = []
        """Named groups: (name, shape that enters, shape that leaves)."""
        self.words = list(WORDS)
        random.shuffle(self.words)
        self.blocks: dict[str, Template] = {}
        self.budget = random.choice((3, 6, 10, 16))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # -- one layer ----------------------------------------------------------------------------------------------------

    def after(self, text: str, *shapes: Shape) -> Shape | None:
        """The output shape; None where the layer is refused or its output is too large to run in a hurry."""
        try:
            layer = parse(text, self.dialect).layer
        except TokenError:
            return None
        if broken_requirement(layer, shapes) is not None:
            if len(shapes) == 1:
                self.refused.append((text, shapes[0]))
            return None
        shape = layer.output_shape(*shapes)
        size = 1
        for n in shape:
            size *= n
        return shape if size <= MOST_ELEMENTS and len(shape) <= 6 else None

    def step(self, text: str) -> Step:
        return lambda shape: self.after(text, shape)

    def layer(self, shape: Shape) -> tuple[str, Shape]:
        """A layer that takes the shape."""
        for _ in range(6):
            text = layer_text(self.random, shape)
            after = self.after(text, shape)
            if after is not None:
                return text, after
        return "identity", shape

    # -- sequences and what stands in them ----------------------------------------------------------------------------

    def sequence(self, shape: Shape, length: int, depth: int, *, fixed: bool) -> Piece:
        """Some items. `fixed`: they run once, so that names in them stand for one shape each."""
        items: list[Any] = []
        steps: list[Step] = []
        start = shape
        for _ in range(length):
            self.budget -= 1
            names = dict(self.names)
            piece = self.piece(shape, depth, fixed=fixed)
            after = piece.step(shape)
            if after is None:
                self.forget(names)
                continue
            items += piece.items
            steps.append(piece.step)
            shape = after
        return Piece(items, lambda entering: _through(steps, entering, start))

    def piece(self, shape: Shape, depth: int, *, fixed: bool) -> Piece:
        """A layer, or something composed."""
        roll = self.random.random()
        if fixed and (self.shareable or self.groups) and self.chance(0.12):
            shared = self.shared(shape)
            if shared is not None:
                return shared
        if depth == 0 or self.budget <= 0 or roll < 0.62:
            return self.single(shape, fixed=fixed)
        if roll < 0.74:
            return self.branches(shape, depth, fixed=fixed)
        if roll < 0.8:
            return self.group(shape, depth, fixed=fixed)
        if roll < 0.86:
            return self.repeated(shape, depth, fixed=fixed)
        if roll < 0.9:
            return self.loop(shape, fixed=fixed)
        if roll < 0.93:
            return self.block(shape)
        if roll < 0.95:
            return self.library_block(shape)
        if fixed:
            return self.reference(shape) if roll < 0.98 else self.aux(shape, depth)
        return self.single(shape, fixed=fixed)

    def single(self, shape: Shape, *, fixed: bool) -> Piece:
        """A layer as text, or as a mapping with a name, frozen, or with an expression in it."""
        text, after = self.layer(shape)
        step = self.step(text)
        kind, _, rest = text.partition(" ")
        if not self.chance(0.25):
            return Piece([text], step)
        item: dict[str, Any] = {kind: rest or None}
        if fixed and self.chance(0.2) and kind == "conv" and rest.split()[0].isdigit():
            out, _, more = rest.partition(" ")
            item[kind] = f"$({out} + {shape[0]} - in_channels) {more}"
        if self.chance(0.25):
            item["trainable"] = False
        if self.chance(0.15):
            item["when"] = self.random.choice(("true", "in_channels >= 1", f"$(in_channels == {shape[0]})"))
            if item["when"] != "true":
                # as part of a repeated body it may come and go
                condition = item["when"]
                step = self.conditional(step, None if ">=" in condition else shape[0])
        if fixed and self.words and self.chance(0.5):
            name = item["name"] = self.words.pop()
            self.names[name] = after
            if "when" not in item:
                self.shareable.append((name, text, shape))
        return Piece([item], step)

    @staticmethod
    def conditional(step: Step, channels: int | None) -> Step:
        return lambda shape: step(shape) if channels in (None, shape[0]) else shape

    def brought(self, items: list[Any], shape: Shape, wanted: Shape) -> list[Any] | None:
        """Items that bring a shape to another, or None."""
        if shape == wanted:
            return items
        if len(wanted) == 1:
            if len(shape) == 1:
                return [*items, f"linear {wanted[0]}"]
            return [*items, "flatten", f"linear {wanted[0]}"] if 2 <= len(shape) <= 4 else None
        if not (2 <= len(shape) <= 4 and len(shape) == len(wanted)):
            return None
        size = "x".join(map(str, wanted[1:]))
        sized = self.random.choice((f"adaptive_avgpool {size}", f"upsample size={size}", f"adaptive_maxpool {size}"))
        return [
            *items,
            *([sized] if shape[1:] != wanted[1:] else []),
            *([f"conv {wanted[0]} k1"] if shape[0] != wanted[0] else []),
        ]

    def branches(self, shape: Shape, depth: int, *, fixed: bool) -> Piece:
        """A merge of two or three branches."""
        kind = self.random.choice(MERGES)
        names = dict(self.names)
        first = self.sequence(shape, self.random.randint(1, 2), depth - 1, fixed=fixed)
        wanted = first.step(shape)
        if wanted is None:
            return self.single(shape, fixed=fixed)
        drawn: list[Any] = [first.items]
        result = wanted
        for _ in range(self.random.choice((1, 1, 1, 2))):
            target = wanted
            if kind == "concat" and self.chance(0.5):
                target = (self.random.randint(1, 4), *wanted[1:])
            elif kind != "concat" and self.chance(0.25):
                target = self.random.choice(((wanted[0], *(1,) * (len(wanted) - 1)), (1, *wanted[1:]), wanted))
            before = dict(self.names)
            other = self.sequence(shape, self.random.choice((0, 1, 1)), depth - 1, fixed=fixed)
            end = other.step(shape)
            items = None if end is None else self.brought(other.items, end, target)
            if items is None:
                self.forget(before)
                continue
            drawn.append(items)
            result = (result[0] + target[0], *result[1:]) if kind == "concat" else result
        if len(drawn) < 2:
            return Piece(first.items, first.step) if first.items else self.single(shape, fixed=fixed)
        if names == self.names:  # a branch may name a layer of one before it
            self.random.shuffle(drawn)
        listed = [
            one[0] if len(one) == 1 and isinstance(one[0], (str, dict)) and self.chance(0.5) else one for one in drawn
        ]
        item: dict[str, Any] = {kind: listed}
        if fixed and self.words and self.chance(0.3):
            item["name"] = self.words.pop()
            self.names[item["name"]] = result
        # what the branches do to another shape is not known: only this one is vouched for
        return Piece([item], lambda entering: result if entering == shape else None)

    def group(self, shape: Shape, depth: int, *, fixed: bool) -> Piece:
        """A group with a name, a naming, or neither."""
        names = dict(self.names)
        body = self.sequence(shape, self.random.randint(1, 3), depth - 1, fixed=fixed and self.chance(0.5))
        if not body.items:
            return self.single(shape, fixed=fixed)
        item: dict[str, Any] = {"layers": body.items}
        if self.chance(0.3):
            return Piece([body.items], body.step)
        if self.chance(0.3):
            item["naming"] = "index"
        if self.chance(0.2):
            item["trainable"] = False
        if fixed and self.words and self.chance(0.6):
            item["name"] = self.words.pop()
            end = body.step(shape)
            inner = {f"{item['name']}.{name}": found for name, found in self.names.items() if name not in names}
            self.forget({**names, **inner, **({item["name"]: end} if end else {})})
            if end:
                self.groups.append((item["name"], shape, end))
        elif "naming" in item:
            self.forget(names)
        return Piece([item], body.step)

    def forget(self, names: dict[str, Shape]) -> None:
        """Names given inside a level without a name of its own cannot be reached from outside."""
        self.shareable = [one for one in self.shareable if one[0] in names]
        self.groups = [one for one in self.groups if one[0] in names]
        self.names = names

    def repeated(self, shape: Shape, depth: int, *, fixed: bool) -> Piece:
        """The same items several times."""
        body = self.sequence(shape, self.random.randint(1, 2), depth - 1, fixed=False)
        times, at = 0, shape
        while times < self.random.choice((1, 2, 3)):
            after = body.step(at)
            if after is None:
                break
            times, at = times + 1, after
        if not times or not body.items:
            return self.single(shape, fixed=False)
        item: dict[str, Any] = {"repeat": times, "layers": body.items}
        if fixed and self.words and self.chance(0.4):
            item["name"] = self.words.pop()
        if "name" in item and self.chance(0.3):
            item["name"] += "_$(i + 1)"
        return Piece([item], lambda entering: _through([body.step] * times, entering, entering))

    def template(self) -> Template:
        """A sequence that fits any map, with its filters, and maybe its kernel, left open."""
        k = self.chance(0.5)
        kernel = "$k p$(k // 2)" if k else self.random.choice(("1", "3 p1", "3 same"))
        texts = [f"conv $c k{kernel}"]
        if self.chance(0.6):
            texts.append(self.random.choice(("batchnorm", "groupnorm 1", "layernorm", "lrn", "dropout")))
        if self.chance(0.7):
            texts.append(self.random.choice([kind for kind in ACTIVATIONS if kind != "maxout"]))
        if self.chance(0.3):
            texts.append("conv $(2 * c) k1 nobias")
        return Template(tuple(texts), ("c", "k") if k else ("c",))

    def filled(self, template: Template, c: int, k: int) -> Step:
        """What the template does with these arguments."""
        texts = [
            text.replace("$(k // 2)", str(k // 2))
            .replace("$(2 * c)", str(2 * c))
            .replace("$c", str(c))
            .replace("$k", str(k))
            for text in template.texts
        ]
        return lambda shape: _through([self.step(text) for text in texts], shape, shape)

    def loop(self, shape: Shape, *, fixed: bool) -> Piece:
        """A `for` over filters and kernels."""
        if not 2 <= len(shape) <= 4:
            return self.single(shape, fixed=False)
        template = self.template()
        turns = [(self.random.randint(1, 6), self.random.choice((1, 3))) for _ in range(self.random.randint(1, 3))]
        values: dict[str, list[int]] = {"c": [c for c, _ in turns]}
        if "k" in template.arguments:
            values["k"] = [k for _, k in turns]
        item: dict[str, Any] = {"for": values, "layers": list(template.texts)}
        if fixed and self.words and self.chance(0.3):
            item["name"] = self.words.pop()
        steps = [self.filled(template, c, k) for c, k in turns]
        return Piece([item], lambda entering: _through(steps, entering, entering))

    def block(self, shape: Shape) -> Piece:
        """A use of a block of the file."""
        if not 2 <= len(shape) <= 4:
            return self.single(shape, fixed=False)
        if not self.blocks or self.chance(0.3):
            self.blocks[f"block_{'pqrst'[len(self.blocks) % 5]}"] = self.template()
        name = self.random.choice(list(self.blocks))
        template = self.blocks[name]
        c, k = self.random.randint(1, 6), self.random.choice((1, 3))
        default = "k" not in template.arguments or self.chance(0.3)
        k = 3 if default else k
        if self.chance(0.5):
            item: Any = f"{name} {c}" + ("" if default else f" k={k}")
        else:
            item = {name: {"c": c, **({} if default else {"k": k})}}
        return Piece([item], self.filled(template, c, k))

    def library_block(self, shape: Shape) -> Piece:
        """A use of a block of the library."""
        if not 2 <= len(shape) <= 4:
            return self.single(shape, fixed=False)
        out, stride = self.random.randint(1, 6), self.random.choice((1, 1, 2))
        text, like = self.random.choice(
            (
                (f"conv_bn_relu {out} stride={stride}", f"conv {out} k3 p1 s{stride}"),
                (f"conv_bn {out} kernel=1", f"conv {out} k1"),
                (f"separable_conv {out} stride={stride}", f"conv {out} k3 p1 s{stride}"),
                (f"residual {out} stride={stride}", f"conv {out} k3 p1 s{stride}"),
                (f"inverted_residual {out} stride={stride} expand=2", f"conv {out} k3 p1 s{stride}"),
                ("squeeze_excite reduction=2", "identity"),
            )
        )
        return Piece([text], self.step(like))

    def reference(self, shape: Shape) -> Piece:
        """An earlier tensor by its name, or an earlier layer's parameters."""
        same = [name for name, found in self.names.items() if found == shape]
        if same and self.chance(0.8):
            kind = self.random.choice((*MERGES, "bilinear 2") if len(shape) == 1 else MERGES)
            name = self.random.choice(same)
            key, _, rest = kind.partition(" ")
            item: dict[str, Any] = {
                key: rest or None,
                "from": self.random.choice(([name, "previous"], ["previous", name])),
            }
            return Piece([item], lambda entering: self.after(kind, entering, shape) if entering == shape else None)
        for name, found in self.names.items():
            for text in self.random.sample(("concat", "upsample", "crop", "add", "bilinear 3"), 5):
                if (len(found) == 1) == text.startswith("bilinear") and self.after(text, shape, found) is not None:
                    kind, _, rest = text.partition(" ")
                    after = self.after(text, shape, found)
                    item = {kind: rest or None, "from": ["previous", name]}
                    return Piece([item], lambda entering, after=after: after if entering == shape else None)
        return self.single(shape, fixed=True)

    def shared(self, shape: Shape) -> Piece | None:
        """An earlier layer or group once more, with its parameters, where it fits."""
        groups = [one for one in self.groups if one[1] == shape]
        if groups and self.words and self.chance(0.5):
            name, _, end = self.random.choice(groups)
            return Piece(
                [{"share": name, "name": self.words.pop()}], lambda entering: end if entering == shape else None
            )
        for name, text, entered in self.shareable:
            layer = parse(text, self.dialect).layer
            if self.after(text, shape) and tensors(layer, shape) == tensors(layer, entered) and self.chance(0.6):
                kind, _, rest = text.partition(" ")
                item: dict[str, Any] = {"share": name}
                if self.chance(0.4):
                    item = {kind: rest or None, **item}
                if self.chance(0.1):
                    item["trainable"] = False
                return Piece([item], self.step(text))
        return None

    def aux(self, shape: Shape, depth: int) -> Piece:
        """A side branch with an output of its own."""
        names = dict(self.names)
        body = self.sequence(shape, self.random.randint(1, 2), 0, fixed=False)
        self.forget(names)
        if not body.items:
            return self.single(shape, fixed=True)
        item: dict[str, Any] = {"aux": body.items}
        if self.words and self.chance(0.5):
            item["name"] = self.words.pop()
        if self.chance(0.4):
            item["train_only"] = True
        return Piece([item], lambda entering: entering)


def _through(steps: list[Step], entering: Shape, _start: Shape) -> Shape | None:
    shape: Shape | None = entering
    for step in steps:
        if shape is None:
            return None
        shape = step(shape)
    return shape


def first_shape(random: Random) -> Shape:
    """An input: mostly images, small; vectors, sequences and volumes too."""
    channels = random.choice((1, 2, 3, 4, 6))
    rank = random.choice((0, 1, 1, 2, 2, 2, 2, 2, 3, 3))
    most = {0: 1, 1: 16, 2: 11, 3: 6}[rank]
    least = 1 if random.random() < 0.3 else min(4, most)
    return (channels * (2 if rank == 0 else 1), *(random.randint(least, most) for _ in range(rank)))


def network(random: Random) -> Network:
    """A whole net."""
    drawing = Drawing(random)
    shape = first_shape(random)
    head: dict[str, Any] = {}
    if random.random() < 0.3:
        head["name"] = "a random net"
    items: list[Any] = []
    entering = shape
    if random.random() < 0.12:
        entering, items, head["inputs"] = _two_inputs(drawing, shape)
    else:
        head["input"] = "x".join(map(str, shape))
        drawing.names["input"] = shape
    if drawing.dialect != "torch":
        head["dialect"] = drawing.dialect
    if random.random() < 0.1:
        head["naming"] = "index"
    body = drawing.sequence(entering, random.randint(1, 7), 3, fixed=True)
    items += body.items
    if all(isinstance(item, dict) and "aux" in item for item in items):
        items.append("identity")
    if random.random() < 0.2:
        items += _classifier(body.step(entering) or entering)
    if drawing.blocks:
        head["blocks"] = {
            name: {
                "with": {"c": "required", **({"k": 3} if "k" in template.arguments else {})},
                "layers": list(template.texts),
            }
            for name, template in drawing.blocks.items()
        }
    return Network(
        text=written({**head, "layers": items}, random),
        batch=random.choice((1, 2, 2, 3)),
        dtype=random.choice(("float32",) * 8 + ("float64", "bfloat16")),
        train=random.random() < 0.5,
        step=random.random() < 0.1,
        fields=random.random() < 0.2,
        refused=tuple(drawing.refused) if drawing.dialect == "torch" else (),
    )


def _classifier(shape: Shape) -> list[Any]:
    if 2 <= len(shape) <= 4:
        return ["global_avgpool", "flatten", "linear 5"]
    return ["linear 5"] if len(shape) == 1 else ["flatten", "linear 5"]


def _two_inputs(drawing: Drawing, shape: Shape) -> tuple[Shape, list[Any], dict[str, str]]:
    """A second input, and the layer that joins it to the first."""
    random = drawing.random
    if len(shape) == 1:
        other: Shape = (random.randint(1, 6),)
        text = random.choice(("bilinear 4", "concat"))
    else:
        text = random.choice((*MERGES, "crop", "upsample"))
        other = shape if text != "concat" else (random.randint(1, 4), *shape[1:])
        if text in ("crop", "upsample"):
            other = (2, *(random.randint(1, n) for n in shape[1:]))
    kind, _, rest = text.partition(" ")
    joined = drawing.after(text, shape, other) or shape
    written_inputs = {name: "x".join(map(str, one)) for name, one in (("left", shape), ("right", other))}
    return joined, [{kind: rest or None, "from": ["left", "right"]}], written_inputs


def tensors(layer: Layer, shape: Shape) -> dict[str, Shape]:
    """All that two layers have in common when they share parameters."""
    return {**layer.weight_shapes(shape), **layer.buffer_shapes(shape)}
