"""`cnncalc web`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli.program.declared import option
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from http.server import ThreadingHTTPServer

__all__ = ["command"]

HERE = "127.0.0.1"


def _built() -> Path:
    """The folder of the page. Raises CnncalcError where it is not built."""
    import cnncalc

    folder = Path(cnncalc.__file__).resolve().parent.parent / "web" / "dist"
    if not (folder / "index.html").is_file():
        help = "`python -m web.build` in a checkout of the repository, with Node.js; then `python -m cnncalc web` there"
        raise CnncalcError(Fault("the page is not built here", help=help))
    return folder


def _server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of the files of a folder, for this machine alone. Raises CnncalcError."""
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Files(SimpleHTTPRequestHandler):
        """Files as a browser wants them: its own types whatever the system says, and asked for anew each time."""

        extensions_map = SimpleHTTPRequestHandler.extensions_map | {
            ".js": "text/javascript",
            ".mjs": "text/javascript",
            ".wasm": "application/wasm",
            ".json": "application/json",
        }

        def end_headers(self) -> None:
            self.send_header("Cache-Control", "no-cache")
            super().end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: the terminal is that of whoever waits at it."""

    try:
        return ThreadingHTTPServer((HERE, port), partial(Files, directory=str(folder)))
    except OSError as error:
        help = "give another with `--port`, or 0 for one that is free"
        raise CnncalcError(Fault(f"port {port} of {HERE} cannot be had: {error.strerror}", help=help)) from None


@click.command("web", short_help="Serve the calculator as a page, on this machine.")
@option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65_535),
    default=8470,
    show_default=True,
    help="0 takes one that is free.",
)
@option("--open", "opened", is_flag=True, help="Open it in a browser, too.")
def command(port: int, opened: bool) -> None:
    """Serve the calculator as a page, on this machine alone; Ctrl-C ends it.

    The page computes in the browser: what is typed or dropped there goes nowhere, not to this server either. Any server
    of files can serve the folder `web/dist` in its place.
    """
    folder = _built()
    with _server(folder, port) as server:
        address = f"http://{HERE}:{server.server_port}/"
        click.echo(f"{address}  (Ctrl-C ends it)")
        if opened:
            import webbrowser

            webbrowser.open(address)
        server.serve_forever()
