"""How quick the page is, as a multiple of what the same browser takes for a fixed piece of work, just before.

Both are seconds of the processor: the machine that runs this may be slow, and have much else to do. What counts are
the threads that a reader waits for, one after the other: Python's, and that of the page itself.

`pytest tests/page/test_speed.py -s` prints what it finds, beside what clocks on the wall say.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from pathlib import Path

import pytest
from browser import Seen

PROC = Path("/proc")
FIRST, LATER = 8.0, 0.25
"""The first table, and a keystroke on ResNet-50, at most: in times of `WORK`."""
WORK = """() => {
  const seen = new Map();
  let state = 1;
  for (let step = 0; step < 9_000_000; step++) {
    state = (state * 48271) % 2147483647;
    seen.set(state % 10_007, `${state}`);
  }
  return seen.size;
}"""
"""Numbers, texts and a table, as an interpreter has them, of which a fixed count takes a second or two."""


def descendants():
    """The processes that have come from this one; the browser is among them."""
    parents = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it is over
            continue
    found = {os.getpid()}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more


def spent():
    """Seconds of the processor that each thread has taken which a reader waits for: pages, and their workers."""
    ticks = {}
    for process in descendants():
        try:
            if b"--type=renderer" not in (PROC / str(process) / "cmdline").read_bytes():
                continue
            for thread in (PROC / str(process) / "task").iterdir():
                stat = (thread / "stat").read_text()
                if thread.name == str(process) or "(DedicatedWorker" in stat:
                    ticks[thread.name] = sum(map(int, stat.rpartition(")")[2].split()[11:13]))
        except OSError:
            continue
    return {thread: count / os.sysconf("SC_CLK_TCK") for thread, count in ticks.items()}


def since(before):
    """Seconds that were spent since; threads that are over by now are another page's."""
    return sum(seconds - before.get(thread, 0) for thread, seconds in spent().items())


def work(chromium):
    """Seconds that `WORK` takes in a page of its own."""
    page = chromium.new_page()
    page.goto("about:blank")
    before = spent()
    assert page.evaluate(WORK) == 10_007
    taken = since(before)
    page.close()
    return taken


@pytest.mark.skipif(not PROC.is_dir(), reason="only Linux says what each process has taken")
def test_the_first_table_and_later_keystrokes(chromium, address):
    unit = work(chromium)
    seen = Seen(chromium.new_page(viewport={"width": 1440, "height": 900}))
    before, began = spent(), time.monotonic()
    seen.page.goto(address)
    seen.sees("#totals", "138,357,544")
    first, first_wall = since(before), time.monotonic() - began
    seen.type("extends: resnet50\n")
    seen.sees("#totals", "25,557,032")
    walls, count = [], 20
    before = spent()
    for step in range(count):
        classes = 1001 + step
        seen.page.evaluate("() => { window.began = performance.now(); }")
        seen.type(f"extends: resnet50\nvariables: {{classes: {classes}}}\n")
        seen.sees("#totals", f"{25_557_032 + 2049 * (classes - 1000):,}")
        walls.append(seen.page.evaluate("() => Number(document.body.dataset.answered) - window.began") / 1000)
    later, later_wall = since(before) / count, statistics.median(walls)
    told = {
        "unit": unit,
        "first, processor": first,
        "first, wall": first_wall,
        "later, processor": later,
        "later, wall": later_wall,
    }
    print(json.dumps({name: round(seconds, 3) for name, seconds in told.items()}))
    seen.page.close()
    assert 0 < first <= FIRST * unit
    assert 0 < later <= LATER * unit
