"""A model on its way: a chain of nodes whose arguments are drawn, with the shapes that onnx infers after each."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["Draw"]


class Draw:
    """A chain of nodes on one input `x`, whose batch is 1."""

    def __init__(self, random: Random, opset: int) -> None:
        self.random, self.opset = random, opset
        self.nodes: list[onnx.NodeProto] = []
        self.held: list[onnx.TensorProto] = []
        self.functions: list[onnx.FunctionProto] = []
        self.domains = {"": opset}
        self.tensors = 0
        self.shape = (1, random.randint(1, 8), *(random.randint(4, 13) for _ in range(random.choice((1, 2, 2, 2, 3)))))
        self.start = self.shape
        self.last = "x"
        self.weights = 0
        """Numbers of weights so far."""

    def fresh(self) -> str:
        """A name that no tensor has."""
        self.tensors += 1
        return f"t{self.tensors}"

    def weight(self, *dims: int, kind: int = TensorProto.FLOAT, counts: bool = True) -> str:
        """A learned tensor; weights are made unlike one another."""
        name = self.fresh() + ".weight"
        values = np.array([self.random.uniform(-1, 1) for _ in range(int(np.prod(dims)))], np.float32).reshape(dims)
        if kind == TensorProto.FLOAT:
            self.held.append(numpy_helper.from_array(values, name))
        else:
            self.held.append(helper.make_tensor(name, kind, dims, (values.ravel() * 7).round().astype(int).tolist()))
        self.weights += values.size * counts
        return name

    def wholes(self, *numbers: int) -> str:
        """Whole numbers, as an initialiser or in a Constant node."""
        name, values = self.fresh(), np.array(numbers, np.int64)
        if self.random.random() < 0.3:
            self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(values)))
        else:
            self.held.append(numpy_helper.from_array(values, name))
        return name

    def reals(self, *numbers: float, scalar: bool = False) -> str:
        """Numbers that are no weights."""
        name = self.fresh()
        self.held.append(numpy_helper.from_array(np.array(numbers[0] if scalar else numbers, np.float32), name))
        return name

    def node(self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> list[str]:
        """A node; arguments that are None are left out."""
        made = [self.fresh() for _ in range(outputs)]
        given = {key: value for key, value in attributes.items() if value is not None}
        self.nodes.append(helper.make_node(kind, inputs, made, domain=domain, **given))
        return made

    def then(self, kind: str, *inputs: str, **attributes: Any) -> None:
        """A node on the last tensor, which becomes the last one."""
        self.last = self.node(kind, self.last, *inputs, **attributes)[0]

    def some(self, *choices: Any) -> Any:
        """One of these."""
        return self.random.choice(choices)

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        return self.random.randint(low, max(low, high))

    @property
    def rank(self) -> int:
        """Spatial axes of the last tensor."""
        return len(self.shape) - 2

    def each(self, low: int, high: int) -> list[int]:
        """A number for each spatial axis."""
        return [self.number(low, high) for _ in range(self.rank)]

    def model(self, outputs: list[str]) -> onnx.ModelProto:
        """The model so far."""
        graph = helper.make_graph(
            self.nodes,
            "variation",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.start)],
            [helper.make_empty_tensor_value_info(name) for name in outputs],
            self.held,
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in self.domains.items()]
        return helper.make_model(graph, opset_imports=opsets, functions=self.functions, ir_version=10)

    def made(self) -> list[str]:
        """Every tensor that a node makes."""
        return [name for node in self.nodes for name in node.output if name]
