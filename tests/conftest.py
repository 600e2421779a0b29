"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

# The same examples in every run, and no limit on the time of one: a busy machine is no failure.
settings.register_profile("cnncalc", derandomize=True, deadline=None)
settings.load_profile("cnncalc")


@pytest.fixture(autouse=True)
def asked_anew(request):
    """A test that changes what a kind answers: no answer from before counts in it, and none stays."""
    if "monkeypatch" not in request.fixturenames:
        yield
        return
    from cnncalc.graph import forget
    from cnncalc.language.building.templates import forget as forget_templates

    forget(), forget_templates()
    yield
    forget(), forget_templates()


@pytest.fixture(scope="module")
def one_thread():
    """Small nets wait more for threads than they compute."""
    import torch  # most tests do without it

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
