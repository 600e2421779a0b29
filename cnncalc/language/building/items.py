"""How one item of a `layers:` list is read: its kind, and the keys that every layer has."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import near
from cnncalc.graph import is_name, why_no_name
from cnncalc.language.building.blocks import NAMING_HELP, Blocks
from cnncalc.language.faults import Faults
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode
from cnncalc.layers import kind_named
from cnncalc.layers.kinds.merge import Merge
from cnncalc.notation.vocabulary import field_named, kind_suggestion
from cnncalc.records import NamedTuple

__all__ = ["BRANCH", "BRANCH_HELP", "COMMON", "MERGED", "NET", "OF_NETS", "Item", "ItemReader", "is_merge"]

COMMON = {
    "name": "a name of its own; names nest with dots",
    "from": "the earlier layer, or list of layers, that it takes",
    "repeat": "how many times it stands here; `i`, `first` and `last` are in scope",
    "for": "lists of values, one turn for each",
    "when": "a condition; where it is false the item is left out",
    "trainable": "false freezes its parameters",
    "dtype": "the type that its numbers are stored in, as int8; `--dtype help` lists those of layers",
    "share": "the earlier layer or group whose parameters it uses",
    "naming": "`index` numbers unnamed layers by position",
    "train_only": "true leaves a side branch out at inference",
    "to": "of another net: the last layer or group that is taken",
    "set": "of another net: values of its variables",
    "output": "false: nothing takes what comes out of a side branch, and it is no output of the net",
}
"""The keys that an item may have beside its kind."""

NET = "net"
BRANCH = "branch"
BRANCH_HELP = "such as `concat: [{for: {k: [1, 3]}, branch: [conv 8 k$k same]}, []]`; elsewhere write `layers:`"
AUX_KEYS = {
    "train_only": "only a side branch, `aux`, can be there in training alone",
    "output": "only a side branch, `aux`, can end in nothing; the net's outputs stand under `outputs:`",
}
"""The keys for a side branch alone, with what to say elsewhere."""
KIND_KEYS = ("type", "kind", "class", "class_name", "layer", "op")
"""Keys under which other languages have a layer's kind."""
OF_NETS = ("to", "set")
"""Keys beside `net` alone; elsewhere a block may be called so."""
GROUP_KEYS = ("layers", "aux", BRANCH, NET)
MERGED = ("from", "branches")
"""What may stand among the fields of a merge."""


class Item(NamedTuple):
    """One item in long form, its keys sorted out; the nodes are unread."""

    node: Mapping
    kind: str | None = None
    """`layers`, `aux`, `branch`, `net`, a kind or a block; None where only `share` is given."""
    key: Scalar | None = None
    value: YamlNode | None = None
    branches: list[YamlNode] | None = None
    name: Scalar | None = None
    source: YamlNode | None = None
    repeat: YamlNode | None = None
    loop: YamlNode | None = None
    when: YamlNode | None = None
    trainable: YamlNode | None = None
    dtype: YamlNode | None = None
    share: YamlNode | None = None
    naming: YamlNode | None = None
    train_only: YamlNode | None = None
    output: YamlNode | None = None
    to: YamlNode | None = None
    settings: YamlNode | None = None

    @property
    def plain_name(self) -> str | None:
        """Its own name, where that is no expression."""
        return self.name.text if self.name is not None and "$" not in self.name.text else None

    @property
    def one_branch(self) -> bool:
        """Whether it is a merge of a single branch, which does not turn and cannot be left out."""
        if len(self.branches or ()) != 1:
            return False
        (branch,) = self.branches or [self.node]
        return not (isinstance(branch, Mapping) and any(key in branch.entries for key in ("when", "for", "repeat")))

    @property
    def by_position(self) -> bool:
        """Whether `naming: index` is set."""
        return isinstance(self.naming, Scalar) and self.naming.text == "index"


_RENAMED = {"from": "source", "for": "loop", "set": "settings"}


class ItemReader:
    """Reads items; each node once, however often it is built."""

    def __init__(self, blocks: Blocks, faults: Faults) -> None:
        self.blocks, self.faults = blocks, faults
        self.known: dict[int, Item | None] = {}

    def read(self, node: YamlNode) -> Item | None:
        """The item of a mapping; None, and faults, where it is none."""
        if id(node) not in self.known:
            self.known[id(node)] = self._read(node) if isinstance(node, Mapping) else None
        return self.known[id(node)]

    def list_of(self, node: YamlNode | None, key: str) -> list[YamlNode]:
        """The items of a list; a fault where the node is none."""
        if isinstance(node, Sequence):
            return node.items
        if key == BRANCH and (isinstance(node, Mapping) or (isinstance(node, Scalar) and node.text)):
            return [node]
        if node is not None and not (isinstance(node, Scalar) and node.text == "" and node.plain):
            what = "branches" if key == "branches" else "layers"
            self.faults.add(f"`{key}` is a list of {what}", node, help="put a `-` before each, or write [ … ]")
            if isinstance(node, Mapping):
                self.faults.unreadable(*node.entries)
            elif isinstance(node, Scalar) and kind_named(node.text.partition(" ")[0]):
                return [node]
        return []

    def _read(self, node: Mapping) -> Item | None:
        common: dict[str, Any] = {}
        kinds: list[tuple[Scalar, YamlNode]] = []
        unknown: list[Scalar] = []
        for key, entry in node.entries.items():
            if key in COMMON and (key not in OF_NETS or NET in node.entries):
                common[_RENAMED.get(key, key)] = entry[1]
            elif key in GROUP_KEYS or kind_named(key) or self.blocks.find(key):
                kinds.append(entry)
            else:
                unknown.append(entry[0])
        if len(kinds) == 1 and (pair := self._second(kinds[0][0].text, node, unknown)) is not None:
            common["source"] = pair
        for key_node in unknown:
            help = self._meant(key_node.text, kinds[0][0].text if kinds else "")
            self.faults.add(f"there is no kind, block or key `{key_node.text[:60]}`", key_node, help=help)
            meant = node.entries[key_node.text][1]
            self.faults.unreadable(key_node.text, meant.text if isinstance(meant, Scalar) else "")
        if unknown:
            return None
        if len(kinds) > 1:
            names = " and ".join(f"`{key.text}`" for key, _ in kinds)
            help = "make two items, each with a `-` of its own"
            self.faults.add(f"one item has two kinds, {names}", kinds[1][0], help=help)
            return None
        if not kinds and "share" not in common:
            self.faults.add(
                "an item needs a kind, a block or `layers`", node, help="such as `{conv: 64 k3, name: stem}`"
            )
            return None
        if not self._check(common) or not self._fits(common, kinds[0][0] if kinds else None):
            return None
        if not kinds:
            return Item(node, **common)
        key_node, value = kinds[0]
        branches = _branches(key_node.text, value)
        if isinstance(value, Mapping) and any(key in value.entries for key in MERGED) and _takes(key_node.text):
            value, branches = self._merged(value, common)
        return Item(node, key_node.text, key_node, value, branches, **common)

    def _second(self, kind: str, node: Mapping, unknown: list[Scalar]) -> YamlNode | None:
        """What a kind takes that names its second input by a key of its own, such as `pool`; that key is then known."""
        found = kind_named(kind)
        key = next((one for one in unknown if found is not None and one.text == found[0].beside), None)
        if key is None:
            return None
        unknown.remove(key)
        pair = Sequence(node.source, key.line, key.column)
        pair.items = [Scalar(node.source, key.line, key.column, "previous", True), node.entries[key.text][1]]
        return pair

    def _merged(self, value: Mapping, common: dict[str, Any]) -> tuple[YamlNode, list[YamlNode] | None]:
        """The fields and the branches of `concat: {axis: 1, branches: [...]}`; `from` may stand there as well."""
        fields = Mapping(value.source, value.line, value.column)
        fields.entries.update((key, entry) for key, entry in value.entries.items() if key not in MERGED)
        if "from" in value.entries:
            common["source"] = value.entries["from"][1]
        branches = self.list_of(value.entries["branches"][1], "branches") if "branches" in value.entries else None
        return fields, branches

    def _meant(self, key: str, kind: str) -> str:
        """The help for a key that there is not, beside the key of a `kind`."""
        found = kind_named(kind)
        if key in OF_NETS:
            return f"`{key}` goes with another net, as in `{{net: resnet50, to: layer4}}`"
        if key in KIND_KEYS:
            return "the kind is the key: `conv: 64 k3`, or `conv: {out: 64, kernel: 3}`"
        if not found and kind and (block := self.blocks.find(kind)) and key in block.parameters:
            return f"an argument of `{kind}` stands in its value, as in `{kind}: {{{key}: …}}`"
        if found and field_named(found[0], key):
            return f"a field of `{kind}` stands in its value, as in `{kind}: {{{key}: …}}`"
        if found and (meant := near(key, found[0].fields)):
            return f"did you mean `{meant[0]}`? A field stands in the value, as in `{kind}: {{{meant[0]}: …}}`"
        return kind_suggestion(key, (*COMMON, *GROUP_KEYS, *self.blocks.names()), f"the keys are {', '.join(COMMON)}")

    def _fits(self, common: dict[str, Any], kind: Scalar | None) -> bool:
        """Whether the keys are such as this kind of item has: what would mean nothing is a mistake."""
        before = self.faults.met
        word = kind.text if kind else "share"
        block = word not in (*GROUP_KEYS, "share") and self.blocks.find(word) is not None
        group = block or word in (*GROUP_KEYS, "share")
        for key, help in AUX_KEYS.items():
            if key in common and word != "aux":
                self.faults.add(f"`{word}` takes no `{key}`", common[key], help=help)
        if "naming" in common and (not group or block):
            help = "it is for groups: `{layers: [...], naming: index}`; a block has its own, beside `with` and `layers`"
            self.faults.add(f"`{word}` takes no `naming`", common["naming"], help=help)
        if "share" in common and kind is not None and group:
            help = "`{share: NAME}` alone repeats a group or block with the same parameters"
            self.faults.add(f"`{word}` takes no `share`", common["share"], help=help)
        return self.faults.met == before

    def _check(self, common: dict[str, Any]) -> bool:
        before = self.faults.met
        if "repeat" in common and "loop" in common:
            self.faults.add("an item has either `repeat` or `for`", common["loop"], help="put one inside the other")
        name = common.get("name")
        if name is not None and not isinstance(name, Scalar):
            self.faults.add("a name is one word", name, help="such as `name: stem` or `name: stage1.conv`")
        elif name is not None and "$" not in name.text and not is_name(name.text):
            message, help = why_no_name(name.text)
            self.faults.add(message, name, help=help)
        naming = common.get("naming")
        if naming is not None and not (isinstance(naming, Scalar) and naming.text in ("index", "kind")):
            self.faults.add("`naming` is `index` or `kind`", naming, help=NAMING_HELP)
        return self.faults.met == before


def _branches(kind: str, value: YamlNode) -> list[YamlNode] | None:
    """The branches of a merge; None where the item is no merge, or one that takes what `from` names."""
    return value.items if is_merge(kind) and isinstance(value, Sequence) and value.items else None


def _takes(kind: str) -> bool:
    """Whether a kind takes several tensors, so that `from` may stand among its fields."""
    found = kind_named(kind)
    return found is not None and found[0].inputs[1] > 1


def is_merge(kind: str) -> bool:
    """Whether a word is the name of a merge."""
    found = kind_named(kind)
    return found is not None and issubclass(found[0], Merge)
