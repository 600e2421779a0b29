"""Pieces of a random network that are written once and filled in: loops, blocks of the file, blocks of the library."""

from __future__ import annotations

from typing import Any

from layer_texts import ACTIVATIONS
from network_sketch import Piece, Shape, Sketch, Step, Template, through

__all__ = ["Templates"]


def joined(steps: list[Step], entering: Shape) -> Shape | None:
    """What branches of one size come to, one after another along the channels."""
    ends = [step(entering) for step in steps]
    known = [end for end in ends if end is not None]
    return (sum(end[0] for end in known), *entering[1:]) if len(known) == len(ends) else None


class Templates(Sketch):
    """Draws what is parametrised."""

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
        return lambda shape: through([self.step(text) for text in texts], shape)

    def loop(self, shape: Shape, *, fixed: bool) -> Piece:
        """A `for` over filters and kernels."""
        if not 2 <= len(shape) <= 4:
            return self.single(shape, fixed=False)
        template = self.template()
        turns = [(self.random.randint(1, 6), self.random.choice((1, 3))) for _ in range(self.random.randint(1, 3))]
        values: dict[str, list[int]] = {"c": [c for c, _ in turns]}
        if "k" in template.arguments:
            values["k"] = [k for _, k in turns]
        steps = [self.filled(template, c, k) for c, k in turns]
        branches = self.chance(0.4)
        item: dict[str, Any] = {"for": values, "branch" if branches else "layers": list(template.texts)}
        if fixed and self.words and self.chance(0.3):
            item["name"] = self.words.pop()
        if branches:
            return Piece([{"concat": [[], item]}], lambda entering: joined([lambda same: same, *steps], entering))
        return Piece([item], lambda entering: through(steps, entering))

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
                ("squeeze_excite reduction=2", "grn"),  # as it, for maps alone
            )
        )
        return Piece([text], self.step(like))
