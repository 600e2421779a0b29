"""What the tests of the page share: `web/`, which is not installed, and a browser that has the page open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import Seen

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # behind what is installed: it is the installed package that is tested

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def address():
    """Where the page is served, by `cnncalc web` itself."""
    if not (ROOT / "web" / "dist" / "index.html").is_file():
        pytest.skip("the page is not built: python -m web.build")
    command = [sys.executable, "-u", "-m", "cnncalc", "web", "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as served:
        yield served.stdout.readline().split()[0]
        served.terminate()


@pytest.fixture(scope="session")
def chromium():
    """A browser."""
    driven = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("there is no Chromium")
    with driven.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def opened(chromium, address):
    """A page that is loaded once for many tests."""
    seen = Seen(chromium.new_page(viewport={"width": 1440, "height": 900}))
    seen.page.goto(address)
    seen.sees("#totals", "138,357,544")
    yield seen
    seen.page.close()


@pytest.fixture
def page(opened):
    """The loaded page; whatever it complains about fails the test."""
    opened.wrong.clear()
    yield opened
    assert opened.wrong == []
