"""Automatic mixed precision in layers that are composed of several operations: what each of these casts and keeps."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from held import graph_of, held_types  # noqa: E402

from cnncalc import Options, chain  # noqa: E402

HALF, FLOAT = "conv 4 k1", "softmax"
"""Layers after which a tensor is in half precision, or in float32."""


@pytest.mark.parametrize("text", ["convlstm 3 k3 same", "convlstm 2 k1 final nobias", "convlstm 2 k3 s2 p1"])
@pytest.mark.parametrize("before", [[], [HALF], [HALF, FLOAT]], ids=["image", "half", "float32"])
def test_a_recurrence_of_maps(text, before):
    kind, _, rest = text.partition(" ")
    for layer in (text, f"{{{kind}: {rest}, trainable: false}}"):
        held_types(chain("4x3x5x6", [*before, layer, "identity"], Options()), batch=2)


@pytest.mark.parametrize("equation", ["cij,ckj->cik", "cij,cki->cjk", "cij,dij->cd", "cij,cij->cij", "cij,cik->cjik"])
@pytest.mark.parametrize("types", ["hh", "hf", "fh", "ff"])
def test_an_equation_of_types(equation, types):
    branches = ", ".join({"h": f"[{HALF}]", "f": f"[{HALF}, {FLOAT}]"}[one] for one in types)
    item = f'{{einsum: {{equation: "{equation}", branches: [{branches}]}}}}'
    net = f"{{input: 4x6x6, layers: [conv 4 k1, {item}, identity]}}"
    held_types(graph_of(net), batch=2)


ASKING = ("2", "2 nofused", "1 noproject key=3", "2 cosine nobias", "2 value=3 axis=last")


@pytest.mark.parametrize("fields", ASKING)
@pytest.mark.parametrize("types", ["hh", "hf", "fh", "fff", "hfh"])
@pytest.mark.parametrize("frozen", ["", ", trainable: false"], ids=["trained", "frozen"])
def test_an_attention_of_types(fields, types, frozen):
    """Each projection casts its own part of the weights, and what it takes."""
    sources = ", ".join("abc"[index] for index in range(len(types)))
    made = "".join(
        f"{{conv: 4 k1, from: m, name: {name}0}}, {{{FLOAT if one == 'f' else 'identity'}: , name: {name}}}, "
        for name, one in zip("abc", types)
    )
    layers = f"{{conv: 4 k1, name: m}}, {made}{{attention: {fields}, from: [{sources}]{frozen}}}, identity"
    held_types(graph_of(f"{{input: 4x6x4, layers: [{layers}]}}"), batch=2)


@pytest.mark.parametrize("fields", ["5 k3 p1", "4 k3 p1 nobias g2"])
@pytest.mark.parametrize("map_type", ["identity", FLOAT])
@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
def test_a_deformable_convolution(fields, map_type, masked):
    """In float32 whatever comes in, and back in the map's type, as torchvision 0.29 has it."""
    mask = "{conv: 9 k1, from: m, name: k}, " if masked else ""
    sources = "m, o, k" if masked else "m, o"
    made = f"{{conv: 4 k1}}, {{{map_type}: , name: m}}, {{conv: 18 k3 p1, name: o}}, {mask}"
    for frozen in ("", ", trainable: false"):
        deformed = f"{{deform_conv: {fields}, from: [{sources}]{frozen}}}"
        held_types(graph_of(f"{{input: 4x6x6, layers: [{made}{deformed}, conv 2 k1]}}"), batch=2)


@pytest.mark.parametrize(
    "fields", ["5 k3 p1", "3 k2 nobias nodemodulate", "5 k3 weights", "3 k2 up=2 weights nodemodulate"]
)
@pytest.mark.parametrize("types", ["hh", "hf", "fh", "ff"])
def test_a_modulated_convolution(fields, types):
    """In float32 whatever comes in, and back in the map's type."""
    map_type, style_type = ("identity" if one == "h" else FLOAT for one in types)
    made = f"{{conv: 4 k1}}, {{{map_type}: , name: m}}, global_avgpool flat, linear 4, {{{style_type}: , name: s}}"
    for frozen in ("", ", trainable: false"):
        modulated = f"{{modulated_conv: {fields}, from: [m, s]{frozen}}}"
        held_types(graph_of(f"{{input: 4x6x6, layers: [{made}, {modulated}, conv 2 k1]}}"), batch=2)


@pytest.mark.parametrize("wanted", ["m", "s", "m, s", ""])
@pytest.mark.parametrize("fields", ["5 k3 p1", "3 k2 nodemodulate", "5 k3 weights", "3 k2 weights nodemodulate"])
@pytest.mark.parametrize("frozen", ["", ", trainable: false"], ids=["trained", "frozen"])
def test_what_a_modulated_convolution_keeps(fields, wanted, frozen):
    """Of whatever is trained before it."""
    made = "".join(
        f"{{{kind}, name: {name}{'' if name in wanted else ', trainable: false'}}}, "
        for name, kind in (("m", "conv: 4 k1"), ("s", "linear: 4, from: v"))
    )
    layers = f"{{global_avgpool: flat, name: v}}, {{identity: , from: x, name: y}}, {made}"
    net = f"{{identity: , name: x}}, {layers}{{modulated_conv: {fields}, from: [m, s]{frozen}}}"
    held_types(graph_of(f"{{input: 4x6x6, layers: [{net}]}}"), "float32", batch=2)


@pytest.mark.parametrize("text", ["2", "2 nofused", "2 cosine", "1 value=3", "2 w3x2 relative", "2 w3 continuous=4"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_an_attention_in_one_type(text, dtype):
    """Without autocast what is float32 there is of the net's own type, but for a fused kernel's sums."""
    held_types(chain("4x6x6", [HALF, f"attention {text}", "identity"], Options()), dtype, batch=2)
