"""`cnncalc web`: what it serves, to whom, and what it says where it cannot."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

import cnncalc
from cnncalc.cli.commands import web
from cnncalc.errors import CnncalcError


@contextmanager
def serving():
    """The server in a thread, as long as it is asked."""
    with web._server(web._built(), 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{web.HERE}:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A folder in which a page is built."""
    folder = tmp_path / "web" / "dist"
    folder.mkdir(parents=True)
    for name in ("index.html", "page.js", "a.mjs", "python.wasm"):
        (folder / name).write_text(name)
    (tmp_path / "secret.txt").write_text("not of the page")
    monkeypatch.setattr(cnncalc, "__file__", str(tmp_path / "cnncalc" / "__init__.py"))
    return folder


def test_a_page_that_is_not_built_says_how(tmp_path, monkeypatch):
    monkeypatch.setattr(cnncalc, "__file__", str(tmp_path / "cnncalc" / "__init__.py"))
    with pytest.raises(CnncalcError) as raised:
        web.command.callback(port=0, opened=False)
    assert "python -m web.build" in raised.value.faults[0].help


def test_a_port_that_is_taken_is_told(built):
    with socket.socket() as taken:
        taken.bind((web.HERE, 0))
        taken.listen()
        with pytest.raises(CnncalcError, match="cannot be had") as raised:
            web.command.callback(port=taken.getsockname()[1], opened=False)
    assert "--port" in raised.value.faults[0].help


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", "text/html"),
        ("page.js", "text/javascript"),
        ("a.mjs", "text/javascript"),
        ("python.wasm", "application/wasm"),
    ],
)
def test_files_have_the_types_that_a_browser_wants(built, path, kind):
    with serving() as address, urlopen(address + path, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["../../secret.txt", "%2e%2e/%2e%2e/secret.txt", "nothing"])
def test_nothing_else_is_served(built, path):
    with serving() as address, pytest.raises(HTTPError) as raised:
        urlopen(address + path, timeout=10)
    assert raised.value.code == 404
    raised.value.close()
