"""Random whole networks as YAML text: every kind, branches, merges, groups, blocks, repeats, loops, sharing, freezing.

`network(random)` is driven by a `random.Random`, from Hypothesis or a seed. While it writes, it asks cnncalc itself for
each layer's output shape, so that most nets are valid; what cnncalc refuses on the way is kept, to be held to torch.
"""

from __future__ import annotations

from json import dumps
from random import Random
from typing import Any, NamedTuple

from kind_texts import equation
from layer_texts import MERGES, TWO
from network_references import References
from network_sketch import Piece, Shape, Step, through
from network_templates import Templates
from yaml_texts import written

from cnncalc.errors import CnncalcError
from cnncalc.language import load_text
from cnncalc.language.options import Options

__all__ = ["Drawing", "Network", "network"]


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


class Drawing(Templates, References):
    """One net as it is being drawn."""

    def sequence(self, shape: Shape, length: int, depth: int, *, fixed: bool) -> Piece:
        """Some items. `fixed`: they run once, so that names in them stand for one shape each."""
        items: list[Any] = []
        steps: list[Step] = []
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
        return Piece(items, lambda entering: through(steps, entering))

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
            draw = self.equated if self.chance(0.07) else self.branches
            return draw(shape, depth, fixed=fixed)
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
        kind = self.random.choice((*MERGES, *TWO) if self.chance(0.4) else MERGES)
        names = dict(self.names)
        first = self.sequence(shape, self.random.randint(1, 2), depth - 1, fixed=fixed)
        wanted = first.step(shape)
        if wanted is None:
            return self.single(shape, fixed=fixed)
        drawn: list[Any] = [first.items]
        result = wanted
        axis = self.random.randrange(len(wanted)) if kind == "concat" and self.chance(0.3) else 0
        if kind == "matmul" and len(wanted) < 2:
            return Piece(first.items, first.step) if first.items else self.single(shape, fixed=fixed)
        if kind == "matmul":
            result = (*wanted[:-1], self.random.randint(1, 4))
        for _ in range(1 if kind in TWO else self.random.choice((1, 1, 1, 2))):
            target = (*wanted[:-2], wanted[-1], result[-1]) if kind == "matmul" else wanted
            if kind == "concat" and self.chance(0.5):
                target = (*wanted[:axis], self.random.randint(1, 4), *wanted[axis + 1 :])
            elif kind not in ("concat", "matmul") and self.chance(0.25):
                target = self.random.choice(((wanted[0], *(1,) * (len(wanted) - 1)), (1, *wanted[1:]), wanted))
            before = dict(self.names)
            other = self.sequence(shape, self.random.choice((0, 1, 1)), depth - 1, fixed=fixed)
            end = other.step(shape)
            items = None if end is None else self.brought(other.items, end, target)
            if items is None:
                self.forget(before)
                continue
            drawn.append(items)
            if kind == "concat":
                result = (*result[:axis], result[axis] + target[axis], *result[axis + 1 :])
        if len(drawn) < 2:
            return Piece(first.items, first.step) if first.items else self.single(shape, fixed=fixed)
        if names == self.names and kind != "matmul":  # a branch may name a layer of one before it
            self.random.shuffle(drawn)
        listed = [
            one[0] if len(one) == 1 and isinstance(one[0], (str, dict)) and self.chance(0.5) else one for one in drawn
        ]
        item: dict[str, Any] = {kind: {"axis": axis, "branches": listed} if axis else listed}
        if fixed and self.words and self.chance(0.3):
            item["name"] = self.words.pop()
            self.names[item["name"]] = result
        # what the branches do to another shape is not known: only this one is vouched for
        return Piece([item], lambda entering: result if entering == shape else None)

    def equated(self, shape: Shape, depth: int, *, fixed: bool) -> Piece:
        """Two branches that meet by an equation."""
        first = self.sequence(shape, self.random.randint(1, 2), depth - 1, fixed=fixed)
        wanted, names = first.step(shape), dict(self.names)
        if wanted is None or len(wanted) > 4:
            return self.single(shape, fixed=fixed)
        text, target, result = equation(self.random, wanted)
        other = self.sequence(shape, 1, depth - 1, fixed=fixed)
        end = other.step(shape)
        items = None if end is None else self.brought(other.items, end, target)
        if items is None:
            self.forget(names)
            return Piece(first.items, first.step)
        item = {"einsum": {"equation": text, "branches": [first.items, items]}}
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
        return Piece([item], lambda entering: through([body.step] * times, entering))


def first_shape(random: Random) -> Shape:
    """An input: mostly images, small; vectors, sequences and volumes too."""
    channels = random.choice((1, 2, 3, 4, 6))
    rank = random.choice((0, 1, 1, 2, 2, 2, 2, 2, 3, 3))
    most = {0: 1, 1: 16, 2: 11, 3: 6}[rank]
    least = 1 if random.random() < 0.3 else min(4, most)
    return (channels * (2 if rank == 0 else 1), *(random.randint(least, most) for _ in range(rank)))


def network(random: Random, dialect: str = "", by: type[Drawing] = Drawing) -> Network:
    """A whole net; one that its dialect does not take is drawn anew for torch, by whose rules nets are drawn.

    Where a dialect is asked for, all are of that one, and torch is not asked; `by` is what draws.
    """
    net = _network(random, by(random, dialect), alone=bool(dialect))
    while net is None:
        drawing = by(random, dialect)
        net = _network(random, drawing, alone=bool(dialect)) if dialect or drawing.dialect == "torch" else None
    return net


def _network(random: Random, drawing: Drawing, *, alone: bool) -> Network | None:
    shape = first_shape(random)
    head: dict[str, Any] = {}
    if random.random() < 0.3:
        head["name"] = "a random net"
    items: list[Any] = []
    entering = shape
    if random.random() < 0.12:
        entering, items, head["inputs"] = drawing.two_inputs(shape)
    else:
        head["input"] = "x".join(map(str, shape))
        drawing.names["input"] = shape
    if drawing.dialect != "torch":
        head["dialect"] = drawing.dialect
    if random.random() < 0.1:
        head["naming"] = "index"
    body = drawing.sequence(entering, random.randint(1, 7), 3, fixed=True)
    items += body.items
    if all(map(_beside, items)):
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
    if drawing.dialect != "torch" and not _taken({**head, "layers": items}, alone=alone):
        return None
    text, batch = written({**head, "layers": items}, random), random.choice((1, 2, 2, 3))
    dtype = random.choice(("float32",) * 8 + ("float64", "bfloat16", "amp-float16", "amp-bfloat16"))
    # under autocast recurrent layers need a device; torch 2.13's CPU convolution of small bfloat16 volumes ends it all
    recurrent = dtype.startswith("amp") and any(kind in text for kind in ("lstm", "gru", "rnn"))
    if recurrent or (dtype == "bfloat16" and len(shape) == 4):
        dtype = "float32"
    return Network(
        text=text,
        batch=batch,
        dtype=dtype,
        train=random.random() < 0.5,
        step=random.random() < 0.1,
        fields=random.random() < 0.2,
        refused=tuple(drawing.refused) if drawing.dialect == "torch" or alone else (),
    )


def _taken(net: dict[str, Any], *, alone: bool) -> bool:
    """Whether the dialect takes it, and, unless that is alone, nothing that torch, which is to run it, refuses."""
    if "instancenorm" in str(net) and not alone:  # of one pixel, too
        return False
    try:
        load_text(dumps(net), "random.yaml", Options(train=True))
    except CnncalcError:
        return False
    return True


def _beside(item: Any) -> bool:
    """Whether it is nothing but side branches, which may be there in training alone."""
    if isinstance(item, list):
        return all(map(_beside, item))
    return isinstance(item, dict) and ("aux" in item or ("layers" in item and _beside(item["layers"])))


def _classifier(shape: Shape) -> list[Any]:
    if 2 <= len(shape) <= 4:
        return ["global_avgpool", "flatten", "linear 5"]
    return ["linear 5"] if len(shape) == 1 else ["flatten", "linear 5"]
