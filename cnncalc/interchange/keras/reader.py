"""Reads Keras models: `to_json`, `.keras`, `.h5`, and the layers models of tfjs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.keras.activations import ACTIVATIONS
from cnncalc.interchange.keras.call import Call, Rule, Work
from cnncalc.interchange.keras.config import MODELS, Entry, Node, Ref, entry_of, model_of
from cnncalc.interchange.keras.expanding import ends_of, layers_of, ordered
from cnncalc.interchange.keras.features import FEATURES
from cnncalc.interchange.keras.layouts import in_its_layout, is_channels_first
from cnncalc.interchange.keras.leaving import left_out
from cnncalc.interchange.keras.norms import NORMS, spectral
from cnncalc.interchange.keras.opening import document
from cnncalc.interchange.keras.operations.table import OPERATIONS, operation_name
from cnncalc.interchange.keras.sequences.attention import ATTENTION
from cnncalc.interchange.keras.sequences.stepping import at_each_step, is_stepped
from cnncalc.interchange.keras.shapes import SHAPES
from cnncalc.interchange.keras.windows import WINDOWS
from cnncalc.interchange.keras.wrappers import WRAPPERS
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.layers import Shape, show_shape

__all__ = ["LAYERS", "read", "sketched"]

LAYERS: dict[str, Rule] = {**WINDOWS, **ACTIVATIONS, **NORMS, **SHAPES, **ATTENTION, **WRAPPERS, **FEATURES}
"""Every layer that is read, by Keras's class."""
WRAPPING = ("TimeDistributed", "Pipeline", "SpectralNormalization")
TF_OPERATIONS = ("TFOpLambda", "TensorFlowOpLayer", "TFOpLayer")
MOST_CALLS = 50_000
MOST_DEPTH = 20
MOST_AXES, MOST_OWN = 7, 4
"""Axes of an input beside the batch, in the file and here."""
OPEN = {1: (128,), 2: (224, 224), 3: (32, 64, 64)}
"""What stands for the lengths that a file leaves open, by the number of spatial axes."""


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """The net of a Keras file. Raises CnncalcError, with all layers that are not known together."""
    return sketched(document(file), asked)


def sketched(root: Any, asked: Asked) -> Sketch:
    """The net of a configuration that is already read."""
    model = model_of(root)
    sketch = Sketch(str(model.config.get("name") or "")[:100], "keras")
    work = Work(sketch, is_channels_first(model), dict(asked.inputs))
    net = _Expanded(work)
    wrong: list[Fault] = []
    try:
        sketch.outputs = [net.passed(end) for end in net.model(model, None, "", 0)]
        sketch = left_out(sketch)
    except CnncalcError as error:
        wrong = [] if work.unknown else [*error.faults]  # else it follows from what is not known
        with suppress(CnncalcError):  # a model that is broken where it comes first is told already
            met = {*work.unknown}
            work.unknown += [one for one in net.unknown(model, "", 0) if one not in met]
    if work.unknown:
        wrong.append(_unknown(work.unknown))
    if wrong:
        raise CnncalcError(wrong)
    for kind, paths in work.identities.items():
        named = ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
        sketch.notes.append(f"{kind} is an identity here: it has no parameters, and keeps the shape ({named})")
    return sketch


def _unknown(found: list[tuple[str, str]]) -> Fault:
    """All layers that no rule knows, and how often each stands there."""
    counts = Counter(kind for kind, _ in found)
    listed = ", ".join(f"`{kind[:60]}` {count} ×" for kind, count in counts.most_common(20))
    more = f" and {len(counts) - 20} more" if len(counts) > 20 else ""
    help = "write the net in the language, or leave these out before the model is saved"
    return Fault("the model has layers that are not known", None, found[0][1], listed + more, help)


class _Expanded:
    """Puts a model's layers into the sketch, one call after the other."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.wanted: frozenset[int] = frozenset()

    def model(self, model: Entry, given: list[int] | None, path: str, depth: int, timed: bool = False) -> list[int]:
        """What comes out of a model; `given` are its inputs, which the outermost takes from its input layers."""
        if depth > MOST_DEPTH:
            raise CnncalcError(Fault(f"models lie more than {MOST_DEPTH} deep in each other", layer=path[:80]))
        layers = layers_of(model)
        by_name = {layer.name: layer for layer in layers}
        made: dict[Ref, int] = {}
        entering = ends_of(model, layers, "input_layers")
        if given is not None and len(given) != len(entering):
            found = f"it has {len(entering)} inputs, and {len(given)} are given"
            raise CnncalcError(Fault("a model is called with other inputs than it has", layer=path, values=found))
        sources = [layer for layer in layers if not layer.nodes]
        leaving = ends_of(model, layers, "output_layers")
        plan = _leading(ordered(model, layers), leaving)
        taken = {ref for _, _, node in plan for ref in node.refs()} | set(leaving)
        if given is None:
            order = [by_name[ref.layer] for ref in entering if ref.layer in by_name] or sources
            for layer in order:
                if Ref(layer.name, 0, 0) in taken:
                    made[Ref(layer.name, 0, 0)] = self._input(layer)
                else:
                    self.work.sketch.idle.append(layer.name)
        else:
            made.update(zip(entering, given))
        for layer, number, node in plan:
            self.wanted = frozenset(ref.tensor for ref in taken if ref[:2] == (layer.name, number))
            ends = self.call(layer, number, node, made, path, depth, timed)
            made.update((Ref(layer.name, number, place), end) for place, end in enumerate(ends))
        missing = [ref.layer for ref in leaving if ref not in made]
        if missing or not leaving:
            raise CnncalcError(
                Fault("an output of the model is made by no layer", layer=path or None, values=str(missing)[:80])
            )
        return [made[ref] for ref in leaving]

    def passed(self, end: int) -> int:
        """An output of the net; an input that comes out as it is goes through an identity."""
        sketch = self.work.sketch
        if sketch.operators[end].layer is not None:
            return end
        name = self.work.name(f"{sketch.operators[end].name}.out")
        return sketch.add(name, "identity", {}, [end], place=None, foreign="InputLayer")

    def _input(self, layer: Entry) -> int:
        shape = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
        asked = self.work.inputs.get(layer.name) or self.work.inputs.get("")
        if not isinstance(shape, list) or len(shape) < 2:
            if asked is None:
                help = "give it: `--input 3x224x224`, channels first"
                raise CnncalcError(Fault("the file does not say the input's shape", layer=layer.name, help=help))
            shape = [None, *self.work.shape_out(asked)]
        lengths = shape[1:]
        if len(lengths) > MOST_AXES or not all(
            one is None or (type(one) is int and 1 <= one <= 10**9) for one in lengths
        ):
            raise CnncalcError(
                Fault(f"an input has 1 to {MOST_AXES} axes of whole lengths", layer=layer.name, values=str(shape)[:60])
            )
        if len(lengths) <= MOST_OWN:
            return self.work.sketch.input(self.work.name(layer.name), asked or self._closed(layer, lengths))
        return self._folded(layer, self._closed(layer, lengths), asked)

    def _folded(self, layer: Entry, shape: Shape, asked: Shape | None) -> int:
        """An input of more axes than one has in our language: its last ones come as one, and are parted."""
        folded = (*shape[: MOST_OWN - 1], product(shape[MOST_OWN - 1 :]))
        if asked is not None and asked != folded:
            help = f"leave it out: the file says it, and it is {show_shape(folded)} here"
            raise CnncalcError(Fault(f"an input of {len(shape)} axes cannot be given", layer=layer.name, help=help))
        sketch = self.work.sketch
        name = self.work.name(layer.name)
        whole = sketch.input(name, folded)
        sketch.assume(
            f"`{name}` has {len(shape)} axes in the file, and its last ones are one here: {show_shape(folded)}"
        )
        fields = {"shape": shape}
        return sketch.add(self.work.name(f"{name}.axes"), "reshape", fields, [whole], place=None, foreign="InputLayer")

    def _closed(self, layer: Entry, lengths: list[Any]) -> Shape:
        """The shape with a number for every length that the file leaves open; said so."""
        if None not in lengths:
            return self.work.shape_in(tuple(lengths))
        stand_in = iter(OPEN.get(len(lengths) - 1, (1,)))
        places = lengths[1:] if self.work.channels_first else lengths[:-1]
        closed = [next(stand_in, 1) if one is None else next(stand_in, 1) and one for one in places]
        channels = lengths[0] if self.work.channels_first else lengths[-1]
        if channels is None:
            channels = 1 if places else 128
        shape = (channels, *closed)
        text = "x".join(map(str, shape))
        self.work.sketch.assume(
            f"the file leaves sizes of `{layer.name}` open: {text} stands for it, `--input` changes it"
        )
        return shape

    def call(
        self, layer: Entry, number: int, node: Node, made: dict[Ref, int], path: str, depth: int, timed: bool
    ) -> list[int]:
        """What comes out of one call of a layer."""
        self.work.calls += 1
        if self.work.calls > MOST_CALLS:
            raise CnncalcError(Fault(f"the model has more than {MOST_CALLS:,} calls of layers"))
        missing = [ref for ref in node.refs() if ref not in made]
        full = f"{path}.{layer.name}" if path else layer.name
        if missing:
            values = f"tensor {missing[0].tensor} of call {missing[0].node} of `{missing[0].layer[:60]}`"
            raise CnncalcError(Fault("a layer takes what no layer makes", layer=full, values=values))
        for one in node.stated:
            self._hold(made[one.ref], one.shape, one.ref.layer, timed=timed)
        tensors = [made[ref] for ref in node.refs()]
        if not tensors:
            raise CnncalcError(Fault("a layer takes nothing", layer=full))
        return self.applied(layer, node, tensors, full, depth, timed, made)

    def _hold(self, tensor: int, stated: list[Any], name: str, *, timed: bool) -> None:
        """Hold our shape of a tensor against the one that the file states, where it states all of it."""
        ours = self.work.shape_out(self.work.sketch.shape(tensor))
        whole = len(stated) == len(ours) + 1 and all(type(one) is int for one in stated[1:])
        if whole and not timed and tuple(stated[1:]) != ours and not self.work.inputs:
            values = f"the file says {show_shape(tuple(stated[1:]))}, and it comes to {show_shape(ours)}"
            raise CnncalcError(Fault("the shape of this layer is not what it makes", layer=name[:80], values=values))

    def applied(
        self, layer: Entry, node: Node, tensors: list[int], path: str, depth: int, timed: bool, made: dict[Ref, int]
    ) -> list[int]:
        """A layer on tensors: a model inside the model, a layer at every time step, or one of the table."""
        if layer.kind in MODELS and not layer.operation:
            return self.model(layer, tensors, path, depth + 1, timed)
        if layer.kind == "TimeDistributed":
            (inner,) = _inside(layer)
            steps = Call(self.work, layer, f"{path}.at", tensors, timed)
            if not is_stepped(inner, steps.rank):
                return self.applied(inner, node, tensors, path, depth + 1, True, made)
            return at_each_step(steps, lambda one: self.applied(inner, node, one, path, depth + 1, False, made))
        if layer.kind == "Pipeline":
            for inner in _inside(layer):
                tensors = self.applied(inner, node, tensors, f"{path}.{inner.name}", depth + 1, timed, made)
            return tensors
        if layer.kind == "SpectralNormalization":
            (inner,) = _inside(layer)
            within = self.applied(inner, node, tensors, path, depth + 1, timed, made)
            return [spectral(Call(self.work, layer, f"{path}.spectral", [*tensors[:1], *within]), inner.kind)]
        rule = self._rule(layer)
        call = Call(self.work, layer, path, tensors, timed)
        call.wanted = self.wanted
        call.args = [_number(one, made) for one in node.args]
        call.kwargs = {key: _number(one, made) for key, one in node.kwargs.items()}
        if call.config.get("lora_rank"):
            raise call.fault("its kernel has a part of a low rank (LoRA), which is not known")
        if rule is None:
            self.work.unknown.append((layer.kind, path))
            return tensors[:1]
        return in_its_layout(call, rule)

    def unknown(self, model: Entry, path: str, depth: int) -> Iterator[tuple[str, str]]:
        """Each call of a layer that no rule knows, as its kind and its path, in the model and those in it."""
        layers = layers_of(model)
        plan = _leading(ordered(model, layers), ends_of(model, layers, "output_layers"))
        waiting = [(layer, f"{path}.{layer.name}" if path else layer.name) for layer, _, _ in reversed(plan)]
        while waiting:
            layer, own = waiting.pop()
            if layer.kind in MODELS and not layer.operation and depth < MOST_DEPTH:
                yield from self.unknown(layer, own, depth + 1)
            elif layer.kind in WRAPPING:
                named = layer.kind == "Pipeline"
                waiting += [(one, f"{own}.{one.name}" if named else own) for one in reversed(_inside(layer))]
            elif self._rule(layer) is None:
                yield layer.kind, own

    @staticmethod
    def _rule(layer: Entry) -> Rule | None:
        if layer.operation or layer.kind in TF_OPERATIONS:
            return OPERATIONS.get(operation_name(layer.kind, layer.config))
        if layer.kind not in LAYERS and "trainable" not in layer.config:  # an operation, which `.h5` gives no module
            return OPERATIONS.get(operation_name(layer.kind, layer.config))
        return LAYERS.get(layer.kind)


def _inside(layer: Entry) -> list[Entry]:
    """The layers of a `Pipeline`, or the one that another wrapper has, which is called as that."""
    if layer.kind != "Pipeline":
        return [entry_of(layer.config.get("layer"))._replace(name=layer.name)]
    within = layer.config.get("layers")
    return [entry_of(one) for one in within] if isinstance(within, list) else []


def _leading(calls: Sequence[tuple[Entry, int, Node]], leaving: Sequence[Ref]) -> list[tuple[Entry, int, Node]]:
    """The calls but for operations that lead to no output, as those that make masks."""
    wanted = {(ref.layer, ref.node) for ref in leaving}
    kept: list[tuple[Entry, int, Node]] = []
    for layer, number, node in reversed(calls):
        if not layer.operation or (layer.name, number) in wanted:
            wanted.update((ref.layer, ref.node) for ref in node.refs())
            kept.append((layer, number, node))
    return kept[::-1]


class _Tensor:
    """Stands among a call's arguments for a tensor."""

    __slots__ = ()


TENSOR = _Tensor()


def _number(value: Any, made: dict[Ref, int]) -> Any:
    """An argument with a mark where a tensor stands."""
    if isinstance(value, Ref):
        return TENSOR
    return [_number(one, made) for one in value] if isinstance(value, list) else value
