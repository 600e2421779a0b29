"""A model file of Ultralytics as text of the language: a line for each of its rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping as MappingType
from typing import Any

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.interchange.ultralytics.elsewhere import SEVERAL, called, computed
from cnncalc.interchange.ultralytics.modules import MODULES, YOLOV5, Module
from cnncalc.interchange.ultralytics.rows import MOST_REPEATS, Fields, Row, Scaling, UnusableError, whole
from cnncalc.interchange.ultralytics.values import value_of
from cnncalc.language.yaml.reader import Mapping, Sequence, YamlNode

__all__ = ["written"]

LISTS = ("CBLinear", "CBFuse")
"""Modules that hand on a list of tensors."""
GUIDED = ("C2fAttn", "ImagePoolingAttn", "WorldDetect", "YOLOEDetect", "YOLOESegment", "YOLOESegment26")
"""Modules that take the embedding of a text beside their maps."""
BRANCHED = ("C3k2", "A2C2f", "C2fCIB")
"""A file with one of these has heads with depthwise branches."""
NAMED_SCALE = re.compile(r"yolo(?:e-)?v?\d+([nsmlx])")
FIRST = ("out", "nc", "width", "middle", "kernel", "scale", "border", "c", "heads")
"""Arguments that are the first of their block or kind, and are read without their name."""
SETTINGS = ("scale", "nc", "reg_max", "end2end", "depth_multiple", "width_multiple", "activation")
"""What `--set` may change of a file."""


def written(root: Mapping, name: str, settings: MappingType[str, str]) -> str:
    """The text; raises CnncalcError with every row that cannot be read, and all unknown modules together.

    `name` is the file's; `settings` replace keys of the file, and `scale` chooses one of its `scales`.
    """
    return _File(root, name, settings).text()


class _File:
    """The keys of one file, and what its rows have become so far."""

    def __init__(self, root: Mapping, name: str, settings: MappingType[str, str]) -> None:
        self.root, self.name = root, name
        self.keys: dict[str, Any] = {
            key: value_of(node) for key, (_, node) in root.entries.items() if key not in ("backbone", "head")
        }
        self._set(settings)
        self.rows = [row for part in ("backbone", "head") for row in _items(root.entries[part][1])]
        self.yolov5 = "anchors" in self.keys
        self.table = YOLOV5 if self.yolov5 else MODULES
        self.scaling = self._scaling()
        self.faults: list[Fault] = []
        self.unknown: list[tuple[str, YamlNode]] = []
        self.lines: list[str] = []
        self.parts: dict[int, list[list[int]]] = {}
        """Of a row that hands on a list of tensors: the channels of each."""
        self.guide = "text"
        self.guided = any(_module_name(row) in GUIDED for row in self.rows)
        self.ends: list[str] = []

    def _set(self, settings: MappingType[str, str]) -> None:
        for key, value in settings.items():
            if key not in SETTINGS:
                help = suggestion(key, SETTINGS, f"it takes {', '.join(SETTINGS)}")
                raise CnncalcError(Fault(f"a model file of Ultralytics has no `{key[:60]}` to set", help=help))
            number = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value)
            words = {"true": True, "false": False}
            self.keys[key] = (
                (float(value) if "." in value else int(value)) if number else words.get(value.lower(), value)
            )

    def _number(self, key: str, otherwise: float) -> float:
        value = self.keys.get(key, otherwise)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 10**6:
            raise self._wrong(key, "a number above 0", value)
        return value

    def _wrong(self, key: str, wanted: str, value: object) -> CnncalcError:
        place = self.root.entries[key][1].place() if key in self.root.entries else None
        return CnncalcError(Fault(f"`{key}` is {wanted}", place, values=f"it is {str(value)[:60]}"))

    def _scaling(self) -> Scaling:
        """What the chosen scale makes of the rows."""
        scale, depth, width, most = "", 1.0, 1.0, float("inf")
        depth, width = self._number("depth_multiple", 1.0), self._number("width_multiple", 1.0)
        scales = self.keys.get("scales")
        if isinstance(scales, dict) and scales:
            found = NAMED_SCALE.search(self.name)
            guessed = found[1] if found and found[1] in scales else next(iter(scales))
            scale = str(self.keys.get("scale") or guessed)
            if scale not in scales:
                help = f"choose one with `--set scale=…`: {', '.join(map(str, scales))}"
                raise CnncalcError(Fault(f"there is no scale `{scale[:40]}`", self.root.place(), help=help))
            numbers = scales[scale]
            if not isinstance(numbers, list) or len(numbers) != 3 or not all(type(n) in (int, float) for n in numbers):
                raise self._wrong("scales", "a list of depth, width and most channels for each scale", numbers)
            depth, width, most = numbers
        names = [_module_name(row) for row in self.rows]
        return Scaling(
            scale=scale,
            depth=depth,
            width=width,
            most=most,
            classes=int(self._number("nc", 80)),
            reg_max=int(self._number("reg_max", 16)),
            end2end=self.keys.get("end2end") is True,
            legacy=not any(name in BRANCHED for name in names),
            keypoints=self.keys.get("kpt_shape"),
            yolov5=self.yolov5,
            names=self.keys,
        )

    def text(self) -> str:
        """The whole net."""
        for number, node in enumerate(self.rows):
            try:
                self._row(number, node)
            except UnusableError as error:
                self.faults.append(Fault(f"this row cannot be read: {error}", node.place(), layer=str(number)))
        if self.unknown:
            self.faults.insert(0, self._unknown())
        if self.faults:
            raise CnncalcError(self.faults)
        return "\n".join([*self._head(), *self.lines]) + "\n"

    def _head(self) -> list[str]:
        size = 224 if any(_module_name(row) == "Classify" for row in self.rows) else 640
        channels = whole(self.keys.get("ch", self.keys.get("channels", 3)), "`ch`")
        variables: Fields = {"nc": self.scaling.classes}
        if self.keys.get("activation"):
            variables["activation"] = self.scaling.activation_of(self.keys["activation"])
        scale = f", scale {self.scaling.scale}" if self.scaling.scale else ""
        last = str(len(self.rows) - 1)
        image = f"{channels}x{size}x{size}"
        inputs = f"inputs: {{image: {image}, text: 512x{self.scaling.classes}}}" if self.guided else f"input: {image}"
        return [
            f"name: {_quoted(re.sub(r'[^ -~]', '', self.name)[:80] + scale)}",
            f"source: {_quoted(f'{self.name} of Ultralytics, row by row')}",
            "extends: ultralytics_blocks",
            inputs,
            f"variables: {_flow(variables)}",
            "naming: index",
            *([f"outputs: {_flow([last, *self.ends])}"] if self.ends else []),
            "layers:",
        ]

    def _unknown(self) -> Fault:
        """All the modules that are not known, and how often each stands there."""
        counts = Counter(name for name, _ in self.unknown)
        listed = ", ".join(f"`{name[:40]}` {count} ×" for name, count in counts.most_common(20))
        more = f" and {len(counts) - 20} more" if len(counts) > 20 else ""
        help = suggestion(
            next(iter(counts)), self.table, "write the net in the language, with blocks of your own for these"
        )
        return Fault("the file names modules that are not known", self.unknown[0][1].place(), None, listed + more, help)

    # -- rows --

    def _row(self, number: int, node: YamlNode) -> None:
        items = _items(node)
        if len(items) != 4:
            raise UnusableError("it is a list of four: from, repeats, module, arguments")
        name = str(value_of(items[2]))
        if name not in self.table and name not in LISTS and (name not in SEVERAL or not self.yolov5):
            self.unknown.append((name, items[2]))
            return
        arguments = value_of(items[3])
        if not isinstance(arguments, list):
            raise UnusableError("its arguments are a list")
        arguments = [self._meant(one) for one in arguments]
        repeats = self.scaling.repeats_of(whole(value_of(items[1]), "`repeats`"))
        if repeats > MOST_REPEATS:
            raise UnusableError(f"a module stands at most {MOST_REPEATS:,} times")
        name = called(name, arguments) if self.yolov5 else name
        row = Row(number, self._sources(value_of(items[0]), number), repeats, name, arguments, self.scaling)
        if name in LISTS:
            self._listed(row)
        elif name in SEVERAL:
            self._several(row)
        else:
            self._plain(row, self.table[name])

    def _meant(self, argument: Any) -> Any:
        """A word among the arguments stands for a key of the file; the classes stay a variable."""
        if argument == "nc":
            return "$nc"
        if not isinstance(argument, str) or argument in self.keys:
            return self.keys.get(argument) if isinstance(argument, str) else argument
        pairs = self.scaling.outputs() // (self.scaling.classes + 5)
        made = computed(argument, {"nc": self.scaling.classes, "na": pairs, "no": pairs * (self.scaling.classes + 5)})
        return argument if made is None else made

    def _sources(self, value: Any, number: int) -> list[int]:
        """The rows that it takes, counted from 0; −1 is the row before, and before the first the image."""
        found: list[int] = []
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool) or not isinstance(one, int):
                raise UnusableError(f"it takes rows by their number, not `{str(one)[:40]}`")
            source = number + one if one < 0 else one
            if not (0 <= source < number or source == number - 1):
                raise UnusableError(f"it takes row {source}, and only those before {number} are there")
            found.append(source)
        return found or [number - 1]

    def _plain(self, row: Row, module: Module) -> None:
        fields = module.fields(row)
        sources = [self._tensor(source) for source in row.sources]
        if row.name in GUIDED:
            sources.append("text" if row.name == "WorldDetect" else self.guide)
        if row.name == "ImagePoolingAttn":
            self.guide = str(row.number)
        taken = {"from": sources if len(sources) > 1 else sources[0]}
        if sources == [self._tensor(row.number - 1)]:  # the image is the first of the inputs
            taken = {}
        self.ends = [f"{row.number}.{end}" for end in module.ends]
        if row.repeats > 1 and not module.inner:
            inside = _item(module.block, fields, {"repeat": row.repeats})
            self.lines.append(
                f"  - {{naming: index, layers: [{inside}]{_rest(taken)}, name: {_quoted(str(row.number))}}}"
            )
        else:
            self.lines.append(f"  - {_item(module.block, fields, taken)}")

    def _several(self, row: Row) -> None:
        """A head on sets of levels: the first answers where they differ (YOLOv7), else the last; the others train."""
        kinds = SEVERAL[row.name]
        each = len(row.sources) // len(kinds)
        if not each or len(row.sources) != len(kinds) * each:
            raise UnusableError(f"it takes {len(kinds)} sets of as many levels, for its answers and for its training")
        sides = [(kind, row.sources[at * each : (at + 1) * each]) for at, kind in enumerate(kinds)]
        kind, answering = sides.pop(-1 if kinds[0] == kinds[-1] else 0)
        self._plain(row._replace(name=kind, sources=answering), self.table[kind])
        for at, (trained, training) in enumerate(sides):
            module, taken = self.table[trained], {"from": [self._tensor(source) for source in training]}
            inside = _item(module.block, module.fields(row), taken)
            name = _quoted(f"{row.number}.aux{at + 1 if at else ''}")
            self.lines.append(f"  - {{aux: [{inside}], name: {name}, output: false}}")

    def _tensor(self, source: int) -> str:
        return str(source) if source >= 0 else "image" if self.guided else "input"

    def _listed(self, row: Row) -> None:
        """CBLinear gives its channels in parts; CBFuse adds a part of each to its last map."""
        if row.name == "CBLinear":
            widths = row.arguments[0] if row.arguments else None
            if not isinstance(widths, list) or not widths or len(row.arguments) > 3:
                raise UnusableError("it takes a list of widths, a kernel and a stride")
            ends = [0]
            for width in widths:
                ends.append(ends[-1] + whole(width, "a width"))
            self.parts[row.number] = [[end - width, end] for end, width in zip(ends[1:], widths)]
            kernel, stride = (*(whole(one, "a length") for one in row.arguments[1:]), 1, 1)[:2]
            fields: Fields = {"out": ends[-1], "kernel": kernel, "stride": stride, "padding": kernel // 2}
            self.lines.append(f"  - {_item('conv', fields, {'from': self._tensor(row.sources[0])})}")
            return
        chosen = row.arguments[0] if row.arguments else None
        if not isinstance(chosen, list) or len(chosen) != len(row.sources) - 1:
            raise UnusableError("it takes the number of a part for each map but the last")
        parts = []
        for source, part in zip(row.sources, chosen):
            known = self.parts.get(source, [])
            if type(part) is not int or not 0 <= part < len(known):
                raise UnusableError(f"row {source} has {len(known)} parts, and `{str(part)[:20]}` is none of them")
            parts.append(known[part])
        taken = {"from": [self._tensor(source) for source in row.sources]}
        self.lines.append(f"  - {_item('CBFuse', {'parts': parts}, taken)}")


def _items(node: YamlNode) -> list[YamlNode]:
    return node.items if isinstance(node, Sequence) else []


def _module_name(row: YamlNode) -> str:
    items = _items(row)
    return str(value_of(items[2])) if len(items) == 4 else ""


# -- text --


def _item(kind: str, fields: Fields, others: dict[str, Any]) -> str:
    """One item: the notation where the kind stands alone, or else a mapping."""
    listed = any(isinstance(value, list) for value in fields.values())
    notation = " ".join(_token(place, name, value) for place, (name, value) in enumerate(fields.items()))
    if not others and not listed:
        return f"{kind} {notation}".strip()
    plain = not listed and re.fullmatch(r"[A-Za-z0-9$][A-Za-z0-9_.= $-]*", notation)
    return f"{{{kind}: {notation if plain else _flow(fields if listed else notation)}{_rest(others)}}}"


def _rest(others: dict[str, Any]) -> str:
    """The keys beside the kind."""
    return "".join(f", {key}: {_flow(value)}" for key, value in others.items())


def _token(place: int, name: str, value: Any) -> str:
    """`16 k=3`: the first argument stands without its name where that is clear."""
    return _word(value) if place == 0 and name in FIRST else f"{name}={_word(value)}"


def _word(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _flow(value: Any) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _quoted(value) if isinstance(value, str) else _word(value)


def _quoted(text: str) -> str:
    """A text as a scalar: in quotes where it is anything but words."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_. =-]*", text) or not text:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
