"""`python -m web.build`: the page as static files in `web/dist/`, which any server of files can serve.

It needs Node.js with npm, and the packages of `package-lock.json`, which it fetches where they are not there.
"""

from __future__ import annotations

import ast
import gzip
import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from cnncalc.cli.kept_totals import every_net
from cnncalc.forms import FORMS
from cnncalc.interchange.writers import WRITERS
from cnncalc.language.documents.document import KEYS
from cnncalc.language.documents.library import block_texts
from cnncalc.layers.dialects import DIALECTS
from cnncalc.pages.kinds import kinds, object_of
from cnncalc.text import shortened
from web.answers.solving import forms

__all__ = ["DIST", "MOST", "build"]

WEB = Path(__file__).parent
ROOT = WEB.parent
DIST = WEB / "dist"
MODULES = WEB / "node_modules"
MOST = 8_000_000
"""Bytes, each file pressed, that a first visit may take."""
PYODIDE = ("pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
LONG_AGO = (1980, 1, 1, 0, 0, 0)
DOCUMENTS = {"markdown": "Markdown", "csv": "CSV", "json": "JSON", "html": "HTML page", "latex": "LaTeX"}
PROGRAMS = {"torch": "PyTorch code", "keras": "Keras code", "keras-json": "Keras JSON"}


def build() -> int:
    """Make everything anew, beside what is there until all is made; the bytes of a first visit, pressed."""
    if not (MODULES / "esbuild").is_dir():
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    with TemporaryDirectory(prefix="dist.", dir=DIST.parent) as beside:
        made = Path(beside, "made")  # of usual rights, as a temporary folder is not
        made.mkdir()
        _make(made)
        shutil.rmtree(DIST, ignore_errors=True)
        made.replace(DIST)
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in DIST.rglob("*") if path.is_file())


def _make(folder: Path) -> None:
    for name in ("index.html", "style.css", "icon.svg"):
        shutil.copy(WEB / "page" / name, folder / name)
    (folder / "pyodide").mkdir()
    for name in PYODIDE:
        shutil.copy(MODULES / "pyodide" / name, folder / "pyodide" / name)
    known = json.dumps(_known(), ensure_ascii=False, separators=(",", ":"))
    (folder / "known.json").write_text(known, encoding="utf-8")
    _pack(folder / "python.zip")
    _bundle("page/main.ts", folder / "page.js")
    _bundle("worker/python.ts", folder / "python.js", "--external:node:*")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    digest = sha256(b"".join([sha256((folder / name).read_bytes()).digest() for name in files])).hexdigest()[:16]
    told = f"--define:FILES={json.dumps(['./', *files])}", f'--define:DIGEST="{digest}"'
    _bundle("worker/offline.ts", folder / "offline.js", *told)


def _npm(*arguments: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("web.build: npm is not installed; it comes with Node.js")
    subprocess.run([npm, *arguments], cwd=WEB, check=True)


def _bundle(source: str, target: Path, *options: str) -> None:
    """One module of TypeScript, with all that it imports, as one file."""
    _npm("exec", "--", "esbuild", source, "--bundle", "--minify", "--format=esm", "--target=es2022",
         "--log-level=warning", f"--outfile={target}", *options)  # fmt: skip


def _known() -> dict[str, object]:
    """What the page knows before Python runs, see `Known` in `page/answers.ts`."""
    nets = [one for one in every_net() if not one.required]
    writers = [one for one in WRITERS if not one.binary]
    return {
        "library": [
            {"name": one.name, "title": one.title, "family": one.family, "params": shortened(one.totals["params"])}
            for one in sorted(nets, key=lambda one: one.family)
        ],
        "kinds": [object_of(kind) for kind in kinds()],
        "blocks": list(block_texts()),
        "keys": KEYS,
        "dialects": list(DIALECTS),
        "forms": forms(),
        "written": [
            *(
                _written(one.name, PROGRAMS.get(one.name, f"{one.name.capitalize()} file"), one.suffix)
                for one in writers
            ),
            *(_written(one.name, DOCUMENTS[one.name], one.suffix) for one in FORMS if one.name in DOCUMENTS),
        ],
        "first": (WEB / "page" / "first.yaml").read_text(encoding="utf-8"),
    }


def _written(name: str, title: str, suffix: str) -> dict[str, str]:
    return {"name": name, "title": title, "suffix": suffix}


def _pack(target: Path) -> None:
    """Our package with the bundled nets, what the page asks of it, and PyYAML as it is in Python alone."""
    import yaml

    folders = {
        "cnncalc": ROOT / "cnncalc",
        "web": WEB,
        "cnncalc/architectures": ROOT / "architectures",
        "yaml": Path(yaml.__file__).parent,
    }
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, folder in folders.items():
            for path in sorted(folder.rglob("*")):
                within = path.relative_to(folder)
                if _is_wanted(name, within.as_posix(), path):
                    content = _bare(path.read_text("utf-8")) if path.suffix == ".py" else path.read_bytes()
                    archive.writestr(ZipInfo(f"{name}/{within.as_posix()}", LONG_AGO), content, ZIP_DEFLATED)


def _bare(source: str) -> str:
    """A module without what only its readers see: comments, and all descriptions but those of classes.

    Those the page shows: they say what a kind of layer is.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = body[:1] if isinstance(node, ast.ClassDef) else []
            kept += [one for one in body[len(kept) :] if not _describes(one)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _describes(statement: ast.stmt) -> bool:
    """Whether it is a text alone."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


LEFT_OUT = ("cli/", "interchange/onnx/writing/", "torch_backend/", "witnesses/")
"""Parts of our package that a browser cannot run: what they need is not there."""


def _is_wanted(package: str, name: str, path: Path) -> bool:
    if path.is_dir() or "__pycache__" in name:
        return False
    if package == "cnncalc/architectures":
        return path.suffix == ".yaml"
    if package == "web":
        return name == "__init__.py" or (name.startswith("answers/") and path.suffix == ".py")
    return path.suffix == ".py" and not (package == "cnncalc" and name.startswith(LEFT_OUT))


if __name__ == "__main__":
    taken = build()
    print(f"web/dist: a first visit takes {taken:,} bytes, pressed")
    if taken > MOST:
        sys.exit(f"web.build: that is more than {MOST:,}")
