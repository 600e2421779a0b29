"""A file with everything that it extends: its keys, variables, blocks and defaults, before any layer is built."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping as MappingType
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncalc.errors import CnncalcError, suggestion
from cnncalc.language.documents.foreign import Foreign, in_ours
from cnncalc.language.documents.library import hidden, in_library, is_bundled, is_plain, locate, open_document
from cnncalc.language.documents.strangers import stranger
from cnncalc.language.documents.variables import Entry, Variables, is_required
from cnncalc.language.expressions import Value
from cnncalc.language.expressions.values import begin_work
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.language.values import ValueFault, value_of
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode
from cnncalc.layers.dialects import DIALECTS, like_dialect

if TYPE_CHECKING:
    from cnncalc.notation.lines import Defaults

__all__ = ["KEYS", "Document"]

KEYS = {
    "name": "the net's name",
    "source": "where the net is published",
    "note": "anything else a reader should know",
    "input": "the input's shape, channels first, such as 3x224x224",
    "inputs": "several inputs by name",
    "variables": "numbers, flags and words that `--set` and `extends` can change; `required` ones have no value yet",
    "blocks": "templates of layers",
    "layers": "the net",
    "naming": "`index` numbers unnamed layers by position",
    "outputs": "the names of the layers whose outputs the net gives",
    "extends": "another file that this one starts from",
    "replace": "of the net that is extended: layers and groups by name, each with what stands in its place",
    "after": "of the net that is extended: layers and groups by name, each with what comes behind it",
    "without": "of the net that is extended: the layers and groups that are left out",
    "dtypes": "the types of layers by pattern, as classifier.*: int8",
    "functions": "patterns of layers that its code calls as a function or as a tensor's `mean`, which tools do not see",
    "dialect": "the framework whose rules apply",
    "defaults": "field values for kinds of layers",
    "expect": "figures that `cnncalc check` holds the file to",
}
"""The keys of a file, in the order in which people write them."""

SUCH_AS = {"dialect": "keras", "naming": "index", "source": "https://arxiv.org/abs/1409.1556"}
MERGED = {"variables": "{width: 64}", "blocks": "{unit: [conv 64 k3, relu]}", "defaults": "{conv: {bias: false}}"}
"""The keys that a file adds to those of the file that it extends, each with an example."""
NOT_INHERITED = ("expect", "name", "extends")
PARTS = ("replace", "after", "without")
"""The keys that change a part of the net that is extended; a file that writes `layers` anew has none of them."""


class Document:
    """One file joined with the files that it extends. Faults are collected; what is wrong is left out."""

    symbols = False
    """Whether the input that is chosen may hold symbols."""
    extends: Scalar | None = None
    """What the file itself names after `extends`."""

    foreign: Foreign | None = None
    """What the file is where another tool wrote it."""

    def __init__(self, net: str, options: Options, faults: Faults) -> None:
        self.options, self.limits, self.faults = options, options.limits, faults
        self.begin()
        begin_work()
        root, self.file, folder, self.foreign = open_document(net, options)
        self.roots: list[YamlNode] = []
        """The tree of the file, and of each that it extends."""
        self.fence = self.folder = folder
        """The folder that the file lies in: what it extends lies there too, or below."""
        if in_library(folder) and (clash := hidden(net)):
            self.notices[net] = f"this is the bundled net; for the file of that name here write `./{clash}`"
        self.take(root, folder, [(Path(self.file).name, folder)])

    def begin(self) -> None:
        """Nothing is taken yet."""
        self.keys: dict[str, Entry] = {}
        self.variables: dict[str, Entry] = {}
        self.blocks: dict[str, Entry] = {}
        self.defaults: dict[str, Entry] = {}
        self.parts: dict[str, dict[str, Entry]] = {key: {} for key in PARTS}
        """What changes a part of what is extended, by the names of layers and groups."""
        self.parents: list[str] = []
        """The files that it extends, the nearest first."""
        self.notices: dict[str, str] = {}
        """What a reader may not expect of the file, by where."""

    def other(self, node: Scalar, faults: Faults) -> Document:
        """The net that this file names as a part of its own, found as what it would extend; faults are noted."""
        document = Document.__new__(Document)
        document.options, document.limits, document.faults, document.file = self.options, self.limits, faults, node.text
        document.begin()
        document.roots, document.root = self.roots, node
        document.fence, document.folder = self.fence, self.folder
        document.extend(node, self.folder, [])
        return document

    def take(self, root: YamlNode, folder: Path | None, chain: list[tuple[str, Path | None]]) -> None:
        """Take a file's keys, its parent's first, so that the child's replace them."""
        self.root = root
        self.roots.append(root)
        if not isinstance(root, Mapping):
            help = "start with `input: 3x224x224` and `layers:`"
            place = root.place()
            place = place if len(self.roots) == 1 else place._replace(text="")  # another's may be anybody's
            self.faults.add("a net is a mapping of keys such as input and layers", place, help=help)
            self.faults.raise_any()
            return
        if (strange := stranger(root, KEYS)) is not None:
            raise CnncalcError(strange)
        whole = True
        if "extends" in root.entries:
            whole = self.extend(root.entries["extends"][1], folder, chain)
        inherited = bool(self.keys or self.variables)
        for key, (key_node, value) in root.entries.items():
            if key not in KEYS:
                help = suggestion(key, KEYS, f"a file has the keys {', '.join(KEYS)}")
                self.faults.add(f"there is no key `{key[:60]}`", key_node, help=help)
            elif key in MERGED:
                self._merge(key, value, root if inherited and key == "variables" else None)
            elif key in PARTS:
                self._change(key, key_node, value, root)
            else:
                self._replace(key, (key_node, value))
        if not whole:  # what the missing file would give is not missing here
            self.faults.raise_any()

    def _replace(self, key: str, entry: Entry) -> None:
        if key in ("input", "inputs"):
            self.keys.pop("input", None)
            self.keys.pop("inputs", None)
        if key == "layers" and key in self.keys:
            self.parts = {part: {} for part in PARTS}
            self._rewritten(entry)
        self.keys[key] = entry

    def _rewritten(self, entry: Entry) -> None:
        """Tell that a file writes all the layers of the net that it extends anew."""
        if entry[0].source.name == self.file and not is_bundled(self.file, self.folder):
            text = f"it writes all layers of `{self.parents[0]}` anew; `replace:`, `after:` and `without:` change some"
            self.notices["layers"] = text

    def _change(self, key: str, key_node: Scalar, value: YamlNode, root: Mapping) -> None:
        """Take `replace`, `after` or `without`."""
        if "extends" not in root.entries or "layers" in root.entries:
            help = "write `extends: NAME` above it, and no `layers:`; in a net of your own, change the list itself"
            self.faults.add(f"`{key}` changes a net that the file extends", key_node, help=help)
        elif key == "without":
            for one in value.items if isinstance(value, Sequence) else [value]:
                if isinstance(one, Scalar):
                    self.parts[key][one.text] = one, one
                else:
                    self.faults.add("`without` is a list of names", one, help="such as `without: [avgpool, fc]`")
        elif isinstance(value, Mapping):
            self.parts[key].update(value.entries)
        else:
            help = f"such as `{key}: {{fc: linear 10}}`"
            self.faults.add(f"`{key}` is a mapping of names to layers", value, help=help)

    def extend(self, node: YamlNode, folder: Path | None, chain: list[tuple[str, Path | None]]) -> bool:
        """Take the file that is extended; False, and a fault, where there is none."""
        if not isinstance(node, Scalar):
            self.faults.add("`extends` names one file or bundled net", node, help="such as `extends: resnet`")
            return False
        self.extends = self.extends or node
        if len(chain) > self.limits.depth:
            self.faults.add("`extends` goes too deep", node, help="a file cannot extend itself, over others either")
            self.faults.raise_any()
        if not self._may_extend(node, folder, "extends" if chain else "net"):
            return False
        try:
            root, name, parent_folder, _ = open_document(node.text, self.options, folder)
        except CnncalcError as error:
            if error.faults[0].place is not None:
                self.faults.extend(_unquoted(error))
                self.faults.raise_any()
            self.faults.add(error.faults[0].message, node, help=error.faults[0].help)
            return False
        step = (Path(name).name, parent_folder)
        if step in chain:
            names = " → ".join(each for each, _ in [*chain, step])
            help = "take one of these `extends` out; a file whose name is that of a bundled net hides that net"
            self.faults.add("`extends` goes in a circle", node, values=names, help=help)
            self.faults.raise_any()
        self.parents.append(Path(name).stem)
        self.take(root, parent_folder, [*chain, step])
        for key in NOT_INHERITED:
            self.keys.pop(key, None)
        return True

    def _may_extend(self, node: Scalar, folder: Path | None, key: str) -> bool:
        """Whether what is named lies where a file may look: a stranger's must show no others, nor their names."""
        if node.text == "-":
            help = "name a file, or hand the net itself in on standard input"
            self.faults.add(f"`{key}` cannot take standard input", node, help=help)
            return False
        if self.options.trust or (in_library(folder) and is_plain(node.text)):
            return True
        try:
            path = locate(node.text, folder or Path()).resolve()
        except CnncalcError:  # there is none, which opening it says; but who asks is not told of another folder
            path = Path(os.path.realpath(Path(folder or "", node.text)))
        if in_library(path.parent) or path.is_relative_to((self.fence or Path()).resolve()):
            return True
        help = "move it beside this one, or give `--trust` if you know who wrote the file"
        self.faults.add(f"`{key}` leads outside the file's folder", node, help=help)
        return False

    def _merge(self, key: str, value: YamlNode, child: Mapping | None) -> None:
        """Merge `variables`, `blocks` or `defaults` key by key; `child` is the file that sets a parent's variables."""
        if not isinstance(value, Mapping):
            if not (isinstance(value, Scalar) and value.text == ""):
                self.faults.add(f"`{key}` is a mapping of names", value, help=f"such as `{key}: {MERGED[key]}`")
            return
        target: dict[str, Entry] = getattr(self, key)
        for name, entry in value.entries.items():
            if child is not None and name not in target and not _mentions(child, name):
                help = suggestion(name, target, f"it declares {', '.join(target) or 'none'}")
                self.faults.add(f"the file that this one extends has no variable `{name[:60]}`", entry[0], help=help)
            target[name] = entry

    def text(self, key: str, default: str = "") -> str:
        """A key's plain text."""
        if key not in self.keys:
            return default
        node = self.keys[key][1]
        if isinstance(node, Scalar):
            return node.text
        self.faults.add(f"`{key}` is a line of text", node, help=f"such as `{key}: {SUCH_AS.get(key, 'VGG-16')}`")
        return default

    def dialect(self, chosen: str | None) -> str:
        """The dialect in force."""
        name = chosen if chosen is not None else self.text("dialect", "torch")
        if name not in DIALECTS:
            node = None if chosen is not None else self.keys["dialect"][1]
            self.faults.add(f"there is no dialect `{name[:60]}`", node, help=like_dialect(name))
            return "torch"
        return name

    def scope(self, settings: MappingType[str, str]) -> dict[str, Value]:
        """The values of all variables, `--set` applied."""
        taken = self.foreign.settings if self.foreign is not None else ()
        kept = {name: value for name, value in settings.items() if name not in taken}
        self.declares(kept)
        return Variables(self.variables, self.file, self.limits, self.faults, self.folder).compute(kept)

    def layers(self) -> YamlNode:
        """What stands under `layers`. Raises CnncalcError where that key is missing, and with what is known by then."""
        if "layers" not in self.keys:
            self.faults.add("the net has no layers", self.start(), help="write `layers:` and a list below it")
            self.faults.raise_any()
        return self.keys["layers"][1]

    def declares(self, settings: MappingType[str, str]) -> None:
        """Whether the file declares what is set; a fault is noted for each name that it does not."""
        for name in settings:
            if name not in self.variables:
                own = f"it declares {', '.join(self.variables) or 'none'}"
                help = in_ours(self.foreign, self.file, suggestion(name, self.variables, own), "declare `variables:`")
                self.faults.add(f"there is no variable `{name[:60]}` to set", None, help=help)

    def required(self) -> list[str]:
        """The variables without a value: a file that has some is a family, and only its members are nets."""
        return [name for name, (_, node) in self.variables.items() if is_required(node)]

    def start(self) -> YamlNode:
        """Where to say that something is missing: at the first key."""
        entry = next(iter(self.keys.values()), None)
        return entry[0] if entry else self.root

    def default_fields(self, scope: MappingType[str, Value]) -> Defaults:
        """`defaults:` as (field, value) pairs of each kind; raises nothing, faults are noted."""
        from cnncalc.notation.vocabulary import TokenError, default_pairs

        pairs: dict[str, tuple[tuple[str, Any], ...]] = {}
        for kind, (key, node) in self.defaults.items():
            try:
                values = value_of(node, scope, self.limits)
                if not isinstance(values, dict):
                    self.faults.add(
                        f"the defaults of `{kind[:60]}` are a mapping of fields", node, help="such as {bias: false}"
                    )
                    continue
                name, found = default_pairs(kind, values)
                pairs[name] = found
            except ValueFault as fault:
                self.faults.value(fault)
            except TokenError as error:
                at: YamlNode = key
                if isinstance(node, Mapping) and error.field in node.entries:
                    at = node.entries[error.field][1 if error.in_value else 0]
                self.faults.token(error, at)
        return tuple(pairs.items())


def _mentions(file: Mapping, name: str) -> bool:
    """Whether the file itself uses a variable in an expression."""
    pattern = re.compile(rf"\$(?:{re.escape(name)}\b|\(.*\b{re.escape(name)}\b)")
    return any(pattern.search(line) for line in file.source.lines)


def _unquoted(error: CnncalcError) -> CnncalcError:
    """The faults of a file that is no YAML by its name, without its lines: it may be anybody's, and no net at all."""
    return CnncalcError([
        fault._replace(place=fault.place._replace(text=""))
        if fault.place and not fault.place.file.endswith((".yaml", ".yml"))
        else fault
        for fault in error.faults
    ])  # fmt: skip
