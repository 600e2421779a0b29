"""Where files are found: on disk, on standard input, or among the bundled architectures."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from cnncalc.errors import CnncalcError, Fault, near
from cnncalc.files import open_regular
from cnncalc.language.documents.foreign import Foreign, foreign, in_package
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import Mapping, Scalar, YamlNode, read
from cnncalc.limits import Limits
from cnncalc.notation.shapes import shape_in
from cnncalc.records import NamedTuple
from cnncalc.text import printable

__all__ = [
    "BLOCKS",
    "Given",
    "block_texts",
    "bundled",
    "hidden",
    "in_library",
    "is_bundled",
    "is_plain",
    "library_blocks",
    "library_folder",
    "members_of",
    "open_document",
]


class Given(str):
    """What a net is called that is no file, with what reads it: whatever takes a net's name takes it too."""

    __slots__ = ("foreign", "tree")

    tree: Callable[[Limits], YamlNode]
    foreign: Foreign | None
    """What it was made of, where that is no text of the user's."""

    @classmethod
    def read_by(cls, tree: Callable[[Limits], YamlNode], name: str) -> Given:
        """A net that `tree` reads; other processes can be handed it where they are to."""
        given = cls(name)
        given.tree, given.foreign = tree, None
        return given

    @classmethod
    def text(cls, text: str | bytes, name: str) -> Given:
        """A net of a text."""
        return cls.read_by(partial(read, text, name), name)

    @classmethod
    def made(cls, found: Foreign, name: str) -> Given:
        """A net of another tool that is no file."""
        given = cls.read_by(partial(read, found.text, name, made=True), name)
        given.foreign = found
        return given


READ: set[Path] = set()
"""Every file that was read as a net, or as what a net extends: nothing is written over these."""

BLOCKS = "blocks"
"""The bundled file that holds blocks for all nets, and no net of its own; `…_blocks` are for those that extend them."""


@lru_cache(maxsize=1)
def library_folder() -> Path:
    """The folder of the bundled architectures: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "architectures"
    return inside if inside.is_dir() else package.parent / "architectures"


@lru_cache(maxsize=1)
def bundled() -> dict[str, Path]:
    """Every bundled architecture by name, families included; files of blocks alone are none."""
    files = sorted(library_folder().glob("*.yaml"))
    return {file.stem: file for file in files if not file.stem.endswith(BLOCKS)}


def members_of(family: str) -> list[str]:
    """The bundled nets that extend a bundled family, by the words of their files; families are none."""
    texts = {name: file.read_text(encoding="utf-8") for name, file in bundled().items()}
    return [name for name, text in texts.items() if f"\nextends: {family}\n" in text and ": required" not in text]


def is_plain(name: str) -> bool:
    """Whether a name is spelled as those of bundled nets are, so that it names no other folder."""
    return name.isascii() and name.replace("_", "").isalnum() and name == name.lower()


@lru_cache(maxsize=1_000)
def _in(folder: Path, net: str) -> Path:
    """The file of a net in a folder: a path takes longer to put together than to look up."""
    return folder / f"{net}.yaml"


def _own_file(net: str) -> Path | None:
    """The bundled file of just this name, found without listing them all."""
    file = _in(library_folder(), net) if is_plain(net) and not net.endswith(BLOCKS) else None
    return file if file is not None and file.is_file() else None


def in_library(folder: Path | None) -> bool:
    """Whether a folder is that of the bundled architectures."""
    library = library_folder()
    return folder is library or folder == library


def is_bundled(file: str, folder: Path | None) -> bool:
    """Whether a file that was opened, and lies in this folder, is one of the bundled architectures."""
    return in_library(folder) and Path(file).stem in bundled()


def hidden(net: str) -> str:
    """The file of the current folder that one may mean by a bundled net's name; empty where there is none."""
    if isinstance(net, Given) or not is_plain(net):
        return ""
    names = f"{net}.yaml", f"{net}.yml", net
    return next((name for name in names if os.access(name, os.F_OK) and Path(name).is_file()), "")


def _spelled(name: str) -> str:
    """A name as people may write it: `ResNet-50` is resnet50."""
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def locate(net: str, beside: Path | None = None) -> Path:
    """The file that `net` names: a path (relative to `beside`, the file that mentions it), or a bundled name."""
    if (beside is None or in_library(beside)) and (own := _own_file(net)) is not None:
        return own  # a file of the same name is said as a path: ./unet.yaml
    path = Path(net.replace("\0", ""))
    if beside is not None and not path.is_absolute():
        path = beside / path
    candidates = [path, path.with_name(path.name + ".yaml")] if path.name else []
    for candidate in candidates:
        if candidate.is_file():
            return candidate
        if candidate.exists() and not candidate.is_dir():  # a pipe may never end, and a device does not
            help = f"hand it in on standard input: `cnncalc show - < {net[:60]}`"
            raise CnncalcError(Fault(f"`{net[:200]}` is no regular file", help=help))
    stem = net.removesuffix(".yaml").removesuffix(".yml")
    alike = [stem] if stem in bundled() else [name for name in bundled() if _spelled(name) == _spelled(stem)]
    if stem.endswith(f"_{BLOCKS}") and stem.isidentifier() and (found := library_folder() / f"{stem}.yaml").is_file():
        return found
    if len(alike) == 1:  # regnet_x_16gf and regnet_x_1_6gf are alike, and two
        return bundled()[alike[0]]
    if net and path.is_dir():
        if (packed := in_package(path)) is not None:
            return packed
        raise CnncalcError(
            Fault(f"`{net}` is a folder", help="name one file in it, or use `cnncalc check` on the folder")
        )
    folder = path.parent
    here = [file.name for file in folder.glob("*.y*ml")] if folder.is_dir() else []
    known = {name: name for name in bundled()} | {name.rpartition(".")[0]: name for name in here}  # by no suffix alike
    matches = [known[match] for match in near(stem, known) if known[match] != net]  # a link that leads nowhere
    help = "`cnncalc list` shows the bundled nets; give a path for a file of your own"
    if matches:
        help = f"did you mean {' or '.join(f'`{match}`' for match in matches)}?"
    elif shape := shape_in(net):
        help = f"for a shape: `cnncalc chain {shape} LAYER…`, or a net with `--input {shape}`"
    raise CnncalcError(Fault(f"there is no file or bundled net `{net[:200]}`", help=help))


class Opened(NamedTuple):
    """A net's file: its root node, the name to show for it, its folder, and what it is where another tool wrote it."""

    root: YamlNode
    name: str
    folder: Path | None
    """None for standard input, and for what is no file."""
    foreign: Foreign | None = None


def _most_bytes(limits: Limits) -> int:
    """A character has at most four bytes; of what is longer no more is read than shows it."""
    return 4 * limits.text + 1


_HELD: list[tuple[object, bytes]] = []
"""Standard input, and what it held: it can be read once, and a command may build its net many times."""


def standard_input(limits: Limits) -> bytes:
    """What standard input holds, as much of it as shows that it is too long, however often it is asked for."""
    if not _HELD or _HELD[0][0] is not sys.stdin:
        if sys.stdin is None or sys.stdin.closed:
            message = "there is no standard input to read the net `-` from"
            raise CnncalcError(Fault(message, help="name a file, or hand one in: `cnncalc show - < net.yaml`"))
        try:
            hold_standard_input(sys.stdin.buffer.read(_most_bytes(limits)))
        except OSError as error:
            message = f"standard input cannot be read: {error.strerror}"
            raise CnncalcError(Fault(message, help="hand a file in: `cnncalc show - < net.yaml`")) from None
    return _HELD[0][1]


def hold_standard_input(data: bytes) -> None:
    """Take this for what standard input holds: a process that another one starts has none of its own."""
    _HELD[:] = [(sys.stdin, data)]


def open_document(net: str, options: Options, beside: Path | None = None) -> Opened:
    """A net's file, opened; one of another tool as the text that its reader makes of it. Raises CnncalcError."""
    limits = options.limits
    if isinstance(net, Given):
        return Opened(net.tree(limits), net, None, net.foreign)
    if net == "-":
        data = standard_input(limits)
        other = foreign("-", None, data, options)
        root = read(data, "<stdin>", limits) if other is None else read(other.text, "<stdin>", limits, made=True)
        return Opened(root, "-", None, other)
    path = locate(net, beside)
    library = library_folder()
    own = path is _in(library, net)
    bundled_one = own or path.parent == library
    READ.add(path if bundled_one else path.resolve())
    if bundled_one:
        name = path.name if own or is_plain(net) else printable(net if path == Path(net) else path.name)
        return Opened(_bundled_tree(path, net, name, limits), name, library)
    name = printable(net if path == Path(net) or Path(net).is_dir() else path.name)
    other = foreign(name, path, None, options)
    if other is not None:
        return Opened(read(other.text, name, limits, made=True), name, path.parent, other)
    return Opened(read(_content(path, net, limits), name, limits), name, path.parent)


_TREES: dict[tuple[Path, str, Limits], tuple[tuple[int, int], YamlNode]] = {}
"""Bundled files that were read, with what told then whether they are the same."""


def _bundled_tree(path: Path, net: str, name: str, limits: Limits) -> YamlNode:
    """A bundled file, which is read once a process unless somebody changes it."""
    status = path.stat()
    state, key = (status.st_mtime_ns, status.st_size), (path, name, limits)
    known = _TREES.get(key)
    if known is not None and known[0] == state:
        return known[1]
    root = read(_content(path, net, limits), name, limits)
    if "?" not in root.source.text:  # where unknowns are put in, the tree is changed
        _TREES[key] = state, root
    return root


def _content(path: Path, net: str, limits: Limits) -> bytes:
    """What a file holds, which the user calls `net`. Raises CnncalcError."""
    try:
        with open_regular(path) as file:
            return file.read(_most_bytes(limits))
    except OSError as error:
        raise CnncalcError(Fault(f"`{net}` cannot be read: {error.strerror}", help="name another file")) from None


@lru_cache(maxsize=1)
def library_blocks() -> dict[str, tuple[Scalar, YamlNode]]:
    """The key and the value of each block of the bundled `blocks.yaml`; read once, when a net first needs one."""
    path = library_folder() / f"{BLOCKS}.yaml"
    if not path.is_file():
        return {}
    root = open_document(path.name, Options(), path.parent).root
    blocks = root.entries["blocks"][1] if isinstance(root, Mapping) else None
    return blocks.entries if isinstance(blocks, Mapping) else {}


def block_texts() -> dict[str, str]:
    """The text of each of the library's blocks by name, with the comment above it."""
    from textwrap import dedent

    blocks = library_blocks()
    keys = [key for key, _ in blocks.values()]
    if not keys:
        return {}
    lines = keys[0].source.lines
    starts = [_with_comment(lines, key.line) for key in keys]
    ends = [*starts[1:], len(lines) + 1]
    texts = ("\n".join(lines[start - 1 : end - 1]) for start, end in zip(starts, ends))
    return {name: dedent(text).strip() + "\n" for name, text in zip(blocks, texts)}


def _with_comment(lines: list[str], line: int) -> int:
    """The line, from 1, on which the comment above `line` begins; `line` itself where there is none."""
    while line > 1 and lines[line - 2].lstrip().startswith("#"):
        line -= 1
    return line
