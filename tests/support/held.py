"""A random network, held against torch: every figure of every layer, the totals, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from math import prod
from typing import Any

import torch
from agreement import unexplained
from networks import Network

from cnncalc.analysis.dtypes import amp_of
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.language.building.builder import Builder
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.library import Given
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.layers import Layer, Shape
from cnncalc.layers.kinds import reshape, resize, shuffle, unfolding
from cnncalc.layers.kinds.activation import Maxout
from cnncalc.layers.kinds.algebra import reductions
from cnncalc.layers.kinds.conv import Convolution, Deconv
from cnncalc.layers.kinds.merge import Concat, Merge
from cnncalc.layers.kinds.modulated import ModulatedConv
from cnncalc.layers.kinds.sequences import recurrent
from cnncalc.torch_backend import compare
from cnncalc.torch_backend.building.autocasting import pretend_cuda
from cnncalc.torch_backend.building.builder import build
from cnncalc.torch_backend.fields.receptive import held_fields
from cnncalc.torch_backend.running.measure import measure
from cnncalc.torch_backend.running.planning import DTYPES, single_value
from cnncalc.torch_backend.running.training import training_step
from cnncalc.torch_backend.verify import verify

__all__ = ["BYTES_UNKNOWN", "channels_blurred", "differences", "first_difference", "graph_of", "held_types"]

BYTES = ("saved bytes", "peak bytes")
AMP_UNKNOWN = (recurrent.Recurrent,)
"""On CUDA cuDNN runs them, and keeps a workspace of a size that it alone knows."""
BYTES_UNKNOWN: tuple[tuple[str, Callable[[Layer, Shape, Shape], bool]], ...] = (
    (
        (
            "torch's own kernel for transposed convolutions on volumes, where oneDNN's does not run, makes its output "
            "in a storage of the input's size and does not shrink it."
        ),
        lambda layer, entering, leaving: (
            len(entering) == 4
            and prod(leaving) < prod(entering)
            and (
                layer.groups == 1 if isinstance(layer, Deconv) else isinstance(layer, ModulatedConv) and bool(layer.up)
            )
        ),
    ),
)
"""Layers whose storages may be larger than their tensors, with the reason: nets with one are not held to bytes."""


PICKING = (resize.Slice, reshape.Reshape, shuffle.PixelShuffle, reductions.Select)
DEALING = (
    shuffle.PixelShuffle, shuffle.PixelUnshuffle, shuffle.SpaceToDepth, shuffle.ChannelShuffle, unfolding.Unfold,
    Maxout, Merge,
)  # fmt: skip


def channels_blurred(graph: Net) -> bool:
    """Whether a net picks channels out of those that a layer has dealt out, computed group by group or filled up.

    Such channels may see less than all of them together, which is what cnncalc says of them; told apart are those of
    concats.
    """
    layers = [(layer, graph.input_shapes(node)[0]) for _, node, layer in graph.layers()]
    dealt = any(
        (isinstance(layer, DEALING) and not isinstance(layer, Concat))
        or (isinstance(layer, Convolution) and layer.group_count(shape) > 1)
        or (isinstance(layer, resize.Pad) and layer.channels != ((0, 0),))
        for layer, shape in layers
    )
    return dealt and any(isinstance(layer, PICKING) for layer, _ in layers)


def graph_of(text: str, *, train: bool = False) -> Net:
    """The graph of a net's text."""
    options, faults = Options(train=train), Faults()
    document = Document(Given.text(text, "random.yaml"), options, faults)
    return Builder(document, options, faults).build()


def differences(network: Network) -> tuple[Net | None, list[str]]:
    """The net's graph, and what cnncalc and torch do not agree on, a line each; none where they agree on everything."""
    found = [line for text, shape in network.refused if (line := unexplained(text, (shape,)))]
    try:
        graph = graph_of(network.text, train=network.train)
    except CnncalcError as error:
        return None, [*found, f"refused as a whole: {error.faults[0]}"]
    single = single_value(graph, network.batch)
    return graph, found + _run(graph, network, network.batch + bool(single.mended), not single.lasting)


def first_difference(nets: Iterable[Network]) -> list[str]:
    """What the first of these nets shows that differs, fields and refused layers apart; empty where none does."""
    for net in nets:
        if lines := differences(net._replace(fields=False, refused=()))[1]:
            return lines
    return []


def _run(graph: Net, network: Network, batch: int, training: bool) -> list[str]:
    half = DTYPES.get(amp_of(network.dtype))
    dtype = torch.float32 if half else DTYPES[network.dtype]
    module = build(graph, dtype=dtype)
    module.train(training)
    generator = torch.Generator().manual_seed(0)
    inputs = [
        torch.rand((batch, *graph.nodes[index].shape), generator=generator).to(dtype) for index in graph.inputs.values()
    ]
    around: Any = nullcontext()
    if half:
        around, inputs = pretend_cuda(module, inputs)
    try:
        with around:
            measured = measure(module, module.rows, inputs, saved=training, finite=False, half=half)
    except (RuntimeError, ValueError) as error:
        return [] if "not implemented for" in str(error) else [f"torch refuses it: {str(error).splitlines()[0]}"]
    lines = [
        f"{row.name} ({row.notation}): {figure.what} {figure.predicted} ≠ {figure.measured}"
        for row in compare.rows(graph, measured, batch, network.dtype)
        for figure in row.failed
    ]
    lines += [
        f"{figure.what} {figure.predicted} ≠ {figure.measured}"
        for figure in compare.totals(graph, module, measured, batch, network.dtype)
        if not figure.passed
    ]
    unknown = any(
        applies(layer, graph.nodes[node.inputs[0]].shape, node.shape)
        for _, node, layer in graph.layers()
        for _, applies in BYTES_UNKNOWN
    )
    unknown |= bool(half) and any(isinstance(layer, AMP_UNKNOWN) for _, _, layer in graph.layers())
    if unknown:
        lines = [line for line in lines if not any(what in line for what in BYTES)]
    if network.fields and not channels_blurred(graph):
        lines += [
            f"{name}: {figure.what} {figure.predicted} ≠ {figure.measured}"
            for name, figures in held_fields(graph).items()
            for figure in figures
            if not figure.passed
        ]
    in_place = any(getattr(layer, "inplace", False) for _, _, layer in graph.layers())
    if network.step and training and not in_place and not half:
        try:
            training_step(module, inputs)
        except RuntimeError as error:
            lines.append(f"no step of training: {str(error).splitlines()[0]}")
    return lines


def held_types(graph: Net, dtype: str = "amp-bfloat16", **options: Any) -> dict[str, Any]:
    """The saved bytes of each layer, after neither these nor all and the peak were found to differ from torch's."""
    found = verify(graph, dtype=dtype, **options)
    assert found.failed == 0, [row for row in found.rows if row.failed] or found.totals
    assert "saved bytes" in {figure.what for figure in found.totals}
    return {row.name: figure.measured for row in found.rows for figure in row.figures if figure.what == "saved bytes"}
