"""A model as code: one call a line, with Keras's own names."""

from __future__ import annotations

import builtins
from collections import Counter
from keyword import iskeyword
from typing import Any

from cnncalc.graph import Net
from cnncalc.interchange.keras.writing.model import Call, Made, Model, Numbers, Tensor
from cnncalc.text import Distinct

__all__ = ["text"]

WIDTH = 120
PLACED = {
    "Conv": ("filters", "kernel_size"), "DepthwiseConv": ("kernel_size",), "Dense": ("units",),
    "MaxPooling": ("pool_size",), "AveragePooling": ("pool_size",), "ZeroPadding": ("padding",),
    "Cropping": ("cropping",), "UpSampling": ("size",), "Reshape": ("target_shape",), "Permute": ("dims",),
    "Dropout": ("rate",), "SpatialDropout": ("rate",), "Activation": ("activation",), "Resizing": ("height", "width"),
    "GroupNormalization": ("groups",), "AdaptiveAveragePooling": ("output_size",),
    "AdaptiveMaxPooling": ("output_size",),
}  # fmt: skip
"""The arguments that stand without their names."""
TAKEN = {"keras", "layers", "ops", "model", "x"}
"""What the program uses itself."""


def text(model: Model, graph: Net) -> str:
    """The program."""
    return _Program(model, graph).text()


class _Program:
    """One model on its way to lines of code."""

    def __init__(self, model: Model, graph: Net) -> None:
        self.model, self.graph = model, graph
        self.calls = [(made, number, call) for made, number, call in _ordered(model)]
        self.uses = Counter(one.place for _, _, call in self.calls for one in call.tensors())
        """How often each tensor is taken."""
        self.names: dict[tuple[str, int], str] = {}
        self.distinct = Distinct(TAKEN)

    def text(self) -> str:
        """All lines."""
        shown = "".join(letter if letter.isprintable() else " " for letter in self.graph.name.splitlines()[0][:80])
        quoted = shown.replace("\\", "\\\\").replace('"', "'")
        lines = [f'"""{quoted} for Keras 3, channels last."""', "", "import keras", "from keras import layers, ops", ""]
        body = self.body()
        if not any("ops." in line for line in body):
            lines[3] = "from keras import layers"
        if any("np." in line for line in body):
            lines.insert(3, "import numpy as np")
        lines += ["", "def model() -> keras.Model:", '    """The model, with weights as Keras starts them."""']
        lines += [f"    {line}" for line in body]
        lines += ["", "", 'if __name__ == "__main__":', "    model().summary()", ""]
        return "\n".join(lines)

    def body(self) -> list[str]:
        """What stands in the function."""
        lines = []
        for tensor in self.model.inputs.values():
            name = self.names[tensor.layer, 0] = self.variable(tensor.layer)
            lines.append(f"{name} = keras.Input({_value(tensor.shape)}, name={_value(tensor.layer)})")
        ends = {one.place for one in self.model.outputs.values()}
        for place, (made, number, call) in enumerate(self.calls):
            if len(made.calls) > 1 and number == 0:
                maker = self.variable(made.name)
                self.names[made.name, -1] = maker
                lines += _wrapped(f"{maker} = {_maker(made)}", "")
            said = self.said(made, call)
            following = self.calls[place + 1][2] if place + 1 < len(self.calls) else None
            key = (made.name, number)
            passing = (
                self.uses[key] == 1 and following is not None and key in [one.place for one in following.tensors()]
            )
            last = key in ends and place + 1 == len(self.calls)
            name = self.names[key] = "x" if (passing and key not in ends) or last else self.variable(made.name)
            lines += _wrapped(f"{name} = {said}", "")
        inputs = [self.names[one.place] for one in self.model.inputs.values()]
        outputs = [self.names[one.place] for one in self.model.outputs.values()]
        name = _value(self.model.name_of(self.model.name))
        return [*lines, f"return keras.Model({_listed(inputs)}, {_listed(outputs)}, name={name})"]

    def said(self, made: Made, call: Call) -> str:
        """The call."""
        args = [self.argument(one) for one in call.args]
        if made.kind == "numpy.GetItem":
            return f"{args[0]}{_key(call.args[1])}"
        package, _, kind = made.kind.rpartition(".")
        if package:
            config = {**made.config, **call.kwargs}
            if kind == "Einsum":  # whose equation stands first
                args.insert(0, _value(config.pop("subscripts")))
            named = [f"{key}={_value(one)}" for key, one in config.items()]
            return f"ops.{_small(kind)}({', '.join([*args, *named])})"
        maker = self.names.get((made.name, -1)) or _maker(made)
        return f"{maker}({', '.join(args)})"

    def argument(self, value: Any) -> str:
        """A tensor by its variable, or a value."""
        if isinstance(value, Tensor):
            return self.names[value.place]
        return f"[{', '.join(map(self.argument, value))}]" if isinstance(value, list) else _value(value)

    def variable(self, wanted: str) -> str:
        """A name for a variable that no other has."""
        stem = wanted if wanted[0].isalpha() or wanted[0] == "_" else f"_{wanted}"
        stem = f"{stem}_" if iskeyword(stem) or hasattr(builtins, stem) else stem
        return self.distinct(stem)


def _ordered(model: Model) -> list[tuple[Made, int, Call]]:
    """Every call behind those whose tensors it takes, as the net runs."""
    calls = [(made, number, call) for made in model.layers.values() for number, call in enumerate(made.calls)]
    done = {one.place for one in model.inputs.values()}
    ordered, waiting = [], calls
    while waiting:
        later = []
        for one in waiting:
            if all(tensor.place in done for tensor in one[2].tensors()):
                done.add((one[0].name, one[1]))
                ordered.append(one)
            else:
                later.append(one)
        waiting = later
    return ordered


def _maker(made: Made) -> str:
    """The layer itself."""
    stem = made.kind.removesuffix("Transpose")
    stem = stem[:-2] if stem[-2:] in ("1D", "2D", "3D") else stem
    placed = [key for key in PLACED.get(stem, ()) if key in made.config]
    rest = [key for key in made.config if key not in placed]
    args = [_value(made.config[key]) for key in placed] + [f"{key}={_value(made.config[key])}" for key in rest]
    return f"layers.{made.kind}({', '.join([*args, f'name={_value(made.name)}'])})"


def _value(value: Any) -> str:
    """A value as Python writes it."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float) and abs(value) == float("inf"):
        return f'float("{value}")'
    if isinstance(value, Numbers):
        return f'np.array({_value(list(value.values))}, "float32")'
    if isinstance(value, dict):
        inner = ", ".join(f"{key}={_value(one)}" for key, one in value["config"].items())
        return f"{value['module']}.{value['class_name']}({inner})"
    if isinstance(value, (list, tuple)):
        pairs = any(isinstance(one, (list, tuple)) for one in value)
        inner = ", ".join(map(_value, value))
        return f"[{inner}]" if pairs else f"({inner}{',' if len(value) == 1 else ''})"
    return repr(value)


def _key(key: list[slice]) -> str:
    """`[..., 1:3]` or `[:, 1:3]`."""

    def part(one: slice) -> str:
        start, stop = ("" if bound is None else bound for bound in (one.start, one.stop))
        return f"{start}:{stop}" + (f":{one.step}" if one.step is not None else "")

    parts = [part(one) for one in key]
    if all(one == ":" for one in parts[:-1]):
        return f"[..., {parts[-1]}]"
    while parts[-1] == ":":
        parts.pop()
    return f"[{', '.join(parts)}]"


def _small(kind: str) -> str:
    """An operation's function: `LogSoftmax` is log_softmax, `Log1p` log1p."""
    return "".join(f"_{one.lower()}" if one.isupper() and at else one.lower() for at, one in enumerate(kind))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _wrapped(line: str, indent: str) -> list[str]:
    """A line; one that is too long is broken at the call's last bracket."""
    if len(line) + 4 <= WIDTH:
        return [indent + line]
    place = line.rfind(")(")
    if place < 0 or len(line) - place > WIDTH:
        return [indent + line]
    opened = line.index("(")
    return [indent + line[: opened + 1], f"{indent}    {line[opened + 1 : place]}", indent + line[place:]]
