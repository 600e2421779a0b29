"""Pieces of a random network that reach elsewhere: earlier tensors, shared parameters, side branches, other inputs."""

from __future__ import annotations

from typing import Any

from layer_texts import MERGES, TWO
from network_sketch import Piece, Shape, Sketch

from cnncalc.layers import Layer
from cnncalc.notation.lines import parse

__all__ = ["References"]


class References(Sketch):
    """Draws what takes more than the current tensor."""

    def reference(self, shape: Shape) -> Piece:
        """An earlier tensor by its name, or an earlier layer's parameters."""
        if self.chance(0.15) and (found := self.unpooled(shape)) is not None:
            return found
        if self.chance(0.15) and (found := self.bent(shape)) is not None:
            return found
        if self.chance(0.12) and (found := self.styled(shape)) is not None:
            return found
        same = [name for name, found in self.names.items() if found == shape]
        if same and self.chance(0.8):
            kinds = (*MERGES, *TWO, "bilinear 2") if len(shape) == 1 else (*MERGES, *TWO, "matmul transposed")
            kind = self.random.choice(kinds)
            name = self.random.choice(same)
            key, _, rest = kind.partition(" ")
            item: dict[str, Any] = {
                key: rest or None,
                "from": self.random.choice(([name, "previous"], ["previous", name])),
            }
            if self.after(kind, shape, shape) is not None:
                return Piece([item], lambda entering: self.after(kind, entering, shape) if entering == shape else None)
        for name, shape_there in self.names.items():
            for text in self.random.sample(("concat", "upsample", "crop", "add", "bilinear 3"), 5):
                after = self.after(text, shape, shape_there)
                if (len(shape_there) == 1) == text.startswith("bilinear") and after is not None:
                    kind, _, rest = text.partition(" ")
                    item = {kind: rest or None, "from": ["previous", name]}
                    return Piece([item], {shape: after}.get)
        return self.single(shape, fixed=True)

    def unpooled(self, shape: Shape) -> Piece | None:
        """A max pool, and its unpooling."""
        k = self.random.choice((1, 2, 2, 3))
        if not 2 <= len(shape) <= 4 or not self.words or self.after(f"maxpool k{k} s{k} floor", shape) is None:
            return None
        name = self.words.pop()
        size = f" size={'x'.join(map(str, shape[1:]))}"
        between = self.random.choice(([], ["relu"], [f"conv {shape[0]} k1"]))
        items = [{"maxpool": f"k{k} s{k} floor", "name": name}, *between, {"maxunpool": f"k{k}{size}", "pool": name}]
        return Piece(items, lambda entering: shape if entering == shape else None)

    def bent(self, shape: Shape) -> Piece | None:
        """A deformable convolution of a map, with the convolutions that make its offsets and its mask."""
        k, groups = self.random.choice((1, 2, 3)), self.random.choice((1, 1, shape[0]))
        window = f"k{k} p{self.random.randint(0, 1)}" + self.random.choice(("", " s2", " d2"))
        text = f"conv {self.random.randint(1, 4)} {window}{self.random.choice(('', ' nobias'))}"
        after = self.after(text, shape) if len(shape) == 3 and len(self.words) > 2 else None
        if after is None:
            return None
        plain, offsets, mask = (self.words.pop() for _ in range(3))
        items: list[Any] = [{"identity": None, "name": plain}]
        items.append({"conv": f"{2 * k * k * groups} {window}", "name": offsets})
        taken = [plain, offsets]
        if self.chance(0.5):
            items.append({"conv": f"{k * k * groups} {window}", "name": mask, "from": plain})
            taken.append(mask)
        items.append({"deform_conv": text.partition(" ")[2], "from": taken})
        return Piece(items, lambda entering: after if entering == shape else None)

    def styled(self, shape: Shape) -> Piece | None:
        """A modulated convolution of a map, by styles that its means make."""
        if not 2 <= len(shape) <= 4 or len(self.words) < 2:
            return None
        k, window = self.random.choice((1, 2, 3)), self.random.choice(("", " s2", " up=2", " up=3", " up=1"))
        text = f"modulated_conv {self.random.randint(1, 4)} k{k} p{self.random.randint(0, 1)}{window}"
        for words in (("", " nobias"), ("", " nodemodulate"), ("", " by=weights")):
            text += self.random.choice(words)
        after = self.after(text, shape, shape[:1])
        if after is None:
            return None
        name = self.words.pop()
        means: list[Any] = self.random.choice((["global_avgpool flat"], ["global_maxpool flat", f"linear {shape[0]}"]))
        kind, _, rest = text.partition(" ")
        taken = {kind: rest, "from": [name, "previous"]}
        return Piece(
            [{"identity": None, "name": name}, *means, taken], lambda entering: after if entering == shape else None
        )

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

    def two_inputs(self, shape: Shape) -> tuple[Shape, list[Any], dict[str, str]]:
        """A second input, and the layer that joins it to the first."""
        random = self.random
        if len(shape) == 1:
            other: Shape = (random.randint(1, 6),)
            text = random.choice(("bilinear 4", "concat"))
        else:
            text = random.choice((*MERGES, "crop", "upsample"))
            other = shape if text != "concat" else (random.randint(1, 4), *shape[1:])
            if text in ("crop", "upsample"):
                other = (2, *(random.randint(1, n) for n in shape[1:]))
        kind, _, rest = text.partition(" ")
        joined = self.after(text, shape, other) or shape
        declared = [("left", shape), ("right", other)][:: -1 if sum(shape) % 2 else 1]  # not always as they are taken
        written_inputs = {name: "x".join(map(str, one)) for name, one in declared}
        return joined, [{kind: rest or None, "from": ["left", "right"]}], written_inputs


def tensors(layer: Layer, shape: Shape) -> dict[str, Shape]:
    """All that two layers have in common when they share parameters."""
    return {**layer.weight_shapes(shape), **layer.buffer_shapes(shape)}
