"""The bundled nets: every figure that their files state, and torchvision's and Keras's own figures beside them.

`data/torchvision.csv` and `data/keras.csv` were made by the frameworks, and so were the lists of tensors in
`data/torchvision/`: a line for each parameter and buffer, its name and its shape, of torchvision 0.29's nets with side
branches.
"""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from jsonschema import Draft202012Validator

from cnncalc.analysis.costs import report
from cnncalc.answers.report import Totals
from cnncalc.claims.expect import check
from cnncalc.cli.nets import open_net
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.graph.stored import stored_in
from cnncalc.language import bundled, load
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.library import library_folder
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import Mapping, plain_value, read

DATA = Path(__file__).parent / "data"
FILES = bundled()


@cache
def document(name: str) -> Document:
    return open_net(name)


@cache
def own_keys(name: str) -> dict[str, object]:
    """What the file itself says, its parents apart."""
    root = read(FILES[name].read_bytes(), name)
    assert isinstance(root, Mapping)
    return {key: plain_value(value) for key, (_, value) in root.entries.items()}


FAMILIES = [name for name in FILES if document(name).required()]
NETS = [name for name in FILES if name not in FAMILIES]
MEMBERS = [name for name in NETS if "extends" in own_keys(name)]


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def totals(name: str, *, train: bool = False, dialect: str | None = None) -> Totals:
    return report(load(name, Options(train=train, dialect=dialect))).totals


# -- what the files say ------------------------------------------------------------------------------------------------


def test_the_library_is_large() -> None:
    assert len(NETS) >= 150


@pytest.mark.parametrize("name", NETS)
def test_every_expectation_holds(name: str) -> None:
    checks = check(name, Options(), {}, {}).checks
    assert checks, "a net states what it comes to"
    assert [(one.what, one.expected, one.found) for one in checks if not one.passed] == []


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_shown_by_itself_says_what_to_set(name: str) -> None:
    with pytest.raises(CnncalcError) as caught:
        load(name, Options())
    assert document(name).required()[0] in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_a_name_and_a_source(name: str) -> None:
    assert own_keys(name)["name"]
    source = document(name).text("source")
    assert source
    assert any(place in source for place in ("https://", "release", "tutorials")), "where it is published"


@pytest.mark.parametrize("name", NETS)
def test_every_net_states_its_parameters(name: str) -> None:
    expected = own_keys(name)["expect"]
    assert isinstance(expected, dict)
    assert "params" in expected


def test_names_are_unique() -> None:
    names = [own_keys(name)["name"] for name in FILES]
    assert sorted({str(name) for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("name", FILES)
def test_every_file_follows_the_schema(name: str) -> None:
    assert [error.message for error in validator().iter_errors(own_keys(name))] == []


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((library_folder() / "schema.json").read_text(encoding="utf-8")))


RIGHT: list[object] = [
    "conv 16 k3", "conv2d 16 k3", "Linear 10", "relu inplace", "linear $(3 * 4)", "inverted_residual 3 24 6 2",
    "$kind 3", {"conv": "16 k3", "name": "a"}, {"conv": {"out": 3, "k": 1}}, {"net": "resnet50", "to": "layer2"},
    {"linear": 10}, {"conv": "16 k3", "dtype": "int8"}, {"einsum": "ij,jk->ik", "from": ["a", "b"]},
    {"crop": {"from": ["a", "b"]}}, {"add": [["conv 3 k1"], []]}, {"repeat": 2, "layers": ["relu"]}, "conv ?1..64 k?",
]  # fmt: skip
WRONG: list[object] = [
    "conv 16 k3 zz", "relu x", {"conv": "16 k3", "colour": "red"}, {"conv": "16 k3 zz"}, {"add": [["relu x"], []]},
    {"linear": "x"}, {"conv": {"kern": 3}},
]  # fmt: skip
UNKNOWN: list[object] = ["lineer 3", {"lineer": 3}, {"add": [["convv 3 k1"], []]}]
"""Wrong, but where a file has blocks of its own."""


@pytest.mark.parametrize("item", RIGHT + WRONG + UNKNOWN, ids=str)
def test_the_schema_knows_kinds_and_their_words(item: object) -> None:
    plain: dict[str, object] = {"input": "3x8x8", "layers": [item]}
    assert validator().is_valid(plain) == (item in RIGHT)
    assert validator().is_valid({**plain, "blocks": {"unit": ["relu"]}}) == (item not in WRONG)


@pytest.mark.parametrize(
    "layers", [{"conv": {"out": -4}}, {"conv": {"out": 4, "k": []}}, {"linear": {"out": 0}}], ids=str
)
def test_the_schema_knows_how_small_a_number_may_be(layers: object) -> None:
    assert not validator().is_valid({"input": "3x8x8", "layers": [layers]})


@pytest.mark.parametrize("shape", [[], -3, [3, -8, 8], [3, 8, 8, 8, 8], 0])
def test_the_schema_knows_what_no_shape_is(shape: object) -> None:
    assert not validator().is_valid({"input": shape, "layers": ["relu"]})
    assert not validator().is_valid({"input": "3x8x8", "layers": ["relu"], "expect": {"output": shape}})


def lines_of(name: str) -> int:
    return len(FILES[name].read_text(encoding="utf-8").splitlines())


LONGEST = {"mvit": 171}
"""Its attention pools what it takes and adds biases by distance, which no kind of layer does: it is written out."""


def test_files_are_short() -> None:
    assert median(map(lines_of, FAMILIES)) < 60
    assert median(map(lines_of, MEMBERS)) < 10
    assert [name for name in FILES if lines_of(name) > LONGEST.get(name, 110)] == []
    assert FILES["vgg16"].read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_plain_to_read(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\nname: ")
    assert "\t" not in text
    assert not [line for line in text.splitlines() if len(line) > 120 or line != line.rstrip()]


# -- what the frameworks say -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("torchvision.csv"), ids=lambda row: row["name"])
def test_torchvision(row: dict[str, str]) -> None:
    """Parameters, buffers and multiply-accumulates are torchvision's, with its side branches."""
    net = row["name"].removesuffix("_noaux")
    found = totals(net, train=bool(row["macs_with_aux"]))
    assert (found.params, found.buffers) == (int(row["params"]), int(row["buffers"]))
    assert found.macs == int(row["macs_with_aux"] or row["macs"])
    assert totals(net).macs == int(row["macs"])


KERAS = {
    "ConvNeXtXLarge": "convnext_xlarge",
    "InceptionResNetV2": "inception_resnet_v2_keras",
    "InceptionV3": "inception_v3_keras",
    "MobileNet": "mobilenet_v1",
    "MobileNetV2": "mobilenet_v2",
    "NASNetLarge": "nasnet_large",
    "NASNetMobile": "nasnet_mobile",
}
"""Keras's names where ours do not follow from them."""


def ours(keras: str) -> str:
    """The bundled net of a Keras application."""
    if keras in KERAS:
        return KERAS[keras]
    if keras.startswith("ResNet"):
        return keras.lower().replace("v2", "_v2") if keras.endswith("V2") else f"{keras.lower()}_keras"
    for family, name in (
        ("EfficientNetV2", "efficientnet_v2_"),
        ("EfficientNet", "efficientnet_"),
        ("MobileNetV3", "mobilenet_v3_"),
        ("ConvNeXt", "convnext_"),
    ):
        if keras.startswith(family):
            return name + keras.removeprefix(family).lower()
    return keras.lower()


def preprocessing(keras: str) -> int:
    """The numbers of the layer inside Keras's EfficientNets that normalises the image: means, variances and a count."""
    return 7 if keras.startswith("EfficientNetB") else 0


@pytest.mark.parametrize("row", rows("keras.csv"), ids=lambda row: row["name"])
def test_keras(row: dict[str, str]) -> None:
    """Total, trainable and other parameters are Keras's to the unit."""
    found = totals(ours(row["name"]), dialect="keras")
    apart = preprocessing(row["name"])
    assert found.params == int(row["total_params"]) - apart
    assert found.trainable == int(row["trainable_params"])
    assert found.params - found.trainable == int(row["non_trainable_params"]) - apart


def tensors(graph: Net) -> dict[str, str]:
    """Every parameter and buffer, by name, with its shape."""
    return {one.name: "x".join(map(str, one.shape)) for one in stored_in(graph).values() if not one.shared}


@pytest.mark.parametrize("path", sorted((DATA / "torchvision").glob("*.txt")), ids=lambda path: path.stem)
def test_every_tensor_is_torchvisions(path: Path) -> None:
    """Not only the sums: each tensor has torchvision's name and shape, so that its weights could be loaded."""
    witness = dict(line.split() for line in path.read_text(encoding="utf-8").splitlines())
    found = tensors(load(path.stem, Options(train=True)))
    assert {name: shape for name, shape in found.items() if witness.get(name) != shape} == {}
    left = set(witness) - set(found)
    assert sorted(name for name in left if not name.endswith("relative_position_index")) == []


# -- what a user may do with them --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variables", "params"),
    [
        ("resnet50", {"classes": "10"}, 23_528_522),
        ("vgg16", {"classes": "10"}, 134_301_514),
        ("mobilenet_v1", {"width": "0.5"}, 1_331_592),
        ("mobilenet_v2", {"width": "1.4"}, 6_108_776),
        ("stylegan2_ffhq_1024", {"mapping": "2"}, 28_794_124),
    ],
)
def test_variables_of_a_member(name: str, variables: dict[str, str], params: int) -> None:
    """Published: Keras's MobileNet 0.5 (1,331,592 trainable); torchvision's with other heads; StyleGAN2-ADA's."""
    assert report(load(name, Options(variables=variables))).totals.params == params


@pytest.mark.parametrize(("name", "input"), [("vgg16", "3x16x16"), ("inception_v3", "3x32x32"), ("unet", "1x500x500")])
def test_a_size_that_does_not_fit_is_an_error_with_a_place(name: str, input: str) -> None:
    with pytest.raises(CnncalcError) as caught:
        load(name, Options(input=input))
    assert caught.value.faults[0].place is not None
