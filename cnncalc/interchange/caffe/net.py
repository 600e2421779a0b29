"""The layers of a Caffe net in one phase, whichever of Caffe's syntaxes they are written in.

`layers { type: CONVOLUTION }` (2014) and `layer { type: "Convolution" }` (since) may even stand in one file, as some of
netscope's do; types are compared without case and underscores, which makes the two syntaxes one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.caffe.oldest import Oldest
from cnncalc.interchange.caffe.prototext import Message, Value
from cnncalc.records import NamedTuple

__all__ = ["CaffeLayer", "State", "layers_of", "state_of"]

RENAMED = {
    "conv": "convolution",
    "convolutionristretto": "convolution",
    "deconvolutionristretto": "deconvolution",
    "dwconvolution": "depthwiseconvolution",
    "fcristretto": "innerproduct",
    "images": "imagedata",
    "lrnristretto": "lrn",
    "mklbatchnorm": "batchnorm",
    "pool": "pooling",
    "proposaltarget": "proposal",
    "softmaxloss": "softmaxwithloss",
}
"""Other names for the same, of older files and of forks."""


class CaffeLayer:
    """One layer: `kind` is its type in small letters without underscores, `type` as the file writes it.

    Of a Python layer the type says which code it runs; code that proposes regions is a `proposal`.
    """

    __slots__ = ("bottoms", "images", "kind", "message", "name", "tops", "type")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.images = 1
        """The batch that the file is written for, where it says one."""
        self.type = message.word("type")
        kind = self.type.replace("_", "").lower()
        self.kind = RENAMED.get(kind, kind)
        if self.kind == "python":
            code = message.message("python_param")
            self.type = f"Python {code.word('module')}.{code.word('layer')}"
            self.kind = next((kind for kind in ("proposal", "cluster") if kind in self.type.lower()), self.kind)
        self.bottoms = [value.text for value in message.values("bottom")]
        self.tops = [value.text for value in message.values("top")]
        self.name = message.word("name") or (self.tops[0] if self.tops else self.type)

    def part(self, *names: str) -> Message:
        """Its parameters: the first of these messages that it has, such as `convolution_param`; else an empty one."""
        for name in names:
            if self.message.having(name):
                return self.message.message(name)
        return Message(self.message.source, self.message.offset)

    def place(self) -> Place:
        """Where its type stands, or else where it starts."""
        types = self.message.values("type")
        return types[-1].place() if types else self.message.place()

    def fault(self, message: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with it."""
        return CnncalcError(Fault(message, self.place(), self.name, values, help))


class State(NamedTuple):
    """What `include` and `exclude` are held against."""

    phase: str
    level: int = 0
    stages: frozenset[str] = frozenset()


def state_of(net: Message, *, train: bool) -> State:
    """The state of a net in training or in inference; level and stages are the file's."""
    state = net.message("state")
    stages = frozenset(value.text for value in state.values("stage"))
    return State("TRAIN" if train else "TEST", state.whole("level", 0), stages)


def layers_of(net: Message) -> Iterator[CaffeLayer]:
    """Every layer of every phase, in the order of the file."""
    oldest = Oldest()
    for name, message in net.entries:
        if name not in ("layer", "layers"):
            continue
        if isinstance(message, Value):
            raise message.wrong(f"`{name}` is a message", f"write `{name} {{ … }}`")
        today = oldest.upgraded(message) if message.having("layer") else message
        if today is None:
            continue
        layer = CaffeLayer(today)
        if not layer.type:
            raise CnncalcError(Fault("a layer needs a `type`", message.place(), layer.name))
        yield layer


def meets(state: State, rule: Message) -> bool:
    """Whether a state meets a rule of `include` or `exclude` (Net::StateMeetsRule in Caffe's net.cpp)."""
    phase = rule.word("phase")
    return (
        (not phase or {"0": "TRAIN", "1": "TEST"}.get(phase, phase) == state.phase)
        and state.level >= rule.whole("min_level", state.level)
        and state.level <= rule.whole("max_level", state.level)
        and all(value.text in state.stages for value in rule.values("stage"))
        and not any(value.text in state.stages for value in rule.values("not_stage"))
    )


def stands(layer: CaffeLayer, state: State) -> bool:
    """Whether a layer is part of the net in this state: excluded by no rule, or included by one (Net::FilterNet)."""
    include = layer.message.messages("include")
    if include:
        return any(meets(state, rule) for rule in include)
    return not any(meets(state, rule) for rule in layer.message.messages("exclude"))


def chosen(layers: Sequence[CaffeLayer], state: State) -> list[CaffeLayer]:
    """The layers of this state; where none of them makes a blob that is taken, the other phase's data layer too.

    Many a train_val file feeds both phases from a data layer that stands for training alone.
    """
    here = [layer for layer in layers if stands(layer, state)]
    made = {top for layer in here for top in layer.tops}
    wanted = {bottom for layer in here for bottom in layer.bottoms} - made
    chosen_ids = set(map(id, here))
    for layer in layers:
        if not layer.bottoms and id(layer) not in chosen_ids and wanted.intersection(layer.tops):
            chosen_ids.add(id(layer))
            wanted.difference_update(layer.tops)
    return [layer for layer in layers if id(layer) in chosen_ids]
