"""A model as the JSON of `model.to_json()`: what is so unless told is left out, and Keras fills it in."""

from __future__ import annotations

from json import dumps
from typing import Any

from cnncalc.interchange.keras.writing.model import Made, Model, Numbers, Tensor

__all__ = ["config", "text"]


def text(model: Model) -> str:
    """The JSON."""
    return dumps(config(model), indent=1) + "\n"


def config(model: Model) -> dict[str, Any]:
    """What `keras.saving.deserialize_keras_object` takes."""
    layers = [_layer(model, made) for made in model.layers.values()]
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": model.name_of(model.name),
            "trainable": True,
            "layers": layers,
            "input_layers": [_history(tensor) for tensor in model.inputs.values()],
            "output_layers": [_history(tensor) for tensor in model.outputs.values()],
        },
        "registered_name": "Functional",
        "build_config": {"input_shape": None},
    }


def _history(tensor: Tensor) -> list[Any]:
    return [tensor.layer, tensor.call, 0]


def _layer(model: Model, made: Made) -> dict[str, Any]:
    package, _, kind = made.kind.rpartition(".")
    nodes = [
        {
            "args": [_argument(one) for one in call.args],
            "kwargs": {key: _argument(one) for key, one in call.kwargs.items()},
        }
        for call in made.calls
    ]
    return {
        "module": f"keras.src.ops.{package}" if package else "keras.layers",
        "class_name": kind,
        "config": {"name": made.name, **made.config},
        "registered_name": kind if package else None,
        "name": made.name,
        "inbound_nodes": nodes,
    }


def _argument(value: Any) -> Any:
    if isinstance(value, Tensor):
        inner = {"shape": [None, *value.shape], "dtype": "float32", "keras_history": _history(value)}
        return {"class_name": "__keras_tensor__", "config": inner}
    if isinstance(value, Numbers):
        return {"class_name": "__numpy__", "config": {"value": [*map(float, value.values)], "dtype": "float32"}}
    if isinstance(value, list):
        return [_argument(one) for one in value]
    if isinstance(value, slice):
        return {"class_name": "__slice__", "config": {"start": value.start, "stop": value.stop, "step": value.step}}
    return value
