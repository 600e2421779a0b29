"""What rules made of a net: what each changed, the figures before and after side by side, the proof, the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.answers.page import WHOLE, Column, Heading, Items, Page, Stack, Table, Text, Verbatim
from cnncalc.pages import comparison, verification
from cnncalc.pages.show.columns import field_text
from cnncalc.records import NamedTuple
from cnncalc.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.analysis.comparison import Compared
    from cnncalc.answers.page import Block, Layout
    from cnncalc.answers.rewriting import Proof
    from cnncalc.answers.verification import Verification
    from cnncalc.rewrites.rewriting import Change, Rewriting, Step

__all__ = ["Proved", "page"]

SHOWN = 8
"""Changed layers that are shown of each rule, and layers that it left, unless it becomes part of a document."""


class Proved(NamedTuple):
    """What a framework says of a rewrite."""

    proofs: tuple[Proof, ...]
    """That of each exact rule, in order."""
    verification: Verification
    """Of the net that came out."""

    @property
    def passed(self) -> bool:
        """Whether outputs are equal and no figure differs."""
        return all(one.passed for one in self.proofs) and not self.verification.failed


def page(rewriting: Rewriting, proved: Proved | None = None, *, written: str = "") -> Page:
    """`written` is the file that the text went to; without one the page ends in it."""
    steps = rewriting.steps
    nets = [steps[0].before, *(step.after for step in steps)]
    side = comparison.page(nets)

    def body(layout: Layout) -> Iterator[Block]:
        name = steps[0].before.report.name or rewriting.net
        yield Heading(printable(name), [step.asked.text for step in steps])
        for step in steps:
            yield from _step(step, layout)
        yield from side.body(layout)
        yield from _outcome(rewriting, proved, written)

    return Page("a rewrite", body, lambda: _object(rewriting, nets, proved), side.table, "nets", side.picture)


def _step(step: Step, layout: Layout) -> Iterator[Block]:
    """What a rule did, and what it left as it was."""
    rule = step.asked.rule
    kind = "exact" if rule.exact else "another net, to be trained"
    count = plural(len(step.changes), "layer")
    changes = step.changes if layout.document else step.changes[:SHOWN]
    rows = [(one.name, one.before, _after(one)) for one in changes]
    if len(changes) < len(step.changes):
        rows.append(("…", f"and {len(step.changes) - len(changes):,} more", ""))
    columns = [
        Column("layer", "layer", style="name"),
        Column("before", "before", style="notation"),
        Column("after", "after", style="notation"),
    ]
    what = rule.what
    for argument, word in zip(rule.arguments, step.asked.text.split()[1:]):
        what = re.sub(rf"\b{argument}\b", word.replace("\\", ""), what)
    yield Text(f"{step.asked.text}: {what} ({kind}); {count} changed")
    yield Table(columns, rows, indent=True)
    left = [f"{_some(names)}: {why}" for why, names in step.passed.items()]
    if left:
        yield Items(left, "Left as they are:")


def _after(change: Change) -> str:
    return ", ".join(change.after) or "–"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return printable(", ".join(names[:SHOWN])) + more


def _outcome(rewriting: Rewriting, proved: Proved | None, written: str) -> Iterator[Block]:
    """What is sure of the new net, and its text."""
    sure = [Text(_field(step)) for step in rewriting.steps if step.asked.rule.same_field]
    if proved is not None:
        sure += [Text(_proof(proof)) for proof in proved.proofs]
    if sure:
        yield Stack(sure)
    if proved is not None:
        result = verification.NetResult("the net that came out", proved.verification)
        yield from verification.page([result]).body(WHOLE)
    if not rewriting.in_place:
        yield Text("note: the text was written anew, without comments, variables and blocks of its own")
    if rewriting.ended:
        yield Text(f"note: what led nowhere is an output now: {_some(rewriting.ended)}")
    if written:
        yield Text(f"written to {printable(written)}")
    else:
        yield Verbatim(rewriting.yaml, "yaml")


def _field(step: Step) -> str:
    if step.unlike:
        return f"✗ {step.asked.text}: other pixels are seen by {_some(step.unlike)}"
    last = field_text(step.after.receptive_field)
    return f"✓ {step.asked.text}: every layer sees the pixels that it saw, a pixel of the last map {last}"


def _proof(proof: Proof) -> str:
    where = f"({proof.framework}, {proof.dtype}, seed {proof.seed})"
    if not 0 < proof.spread < float("inf"):
        return f"✗ {proof.rule}: the outputs are zero, or no numbers, with random weights: nothing is proved {where}"
    mark, word = ("✓", "equal") if proof.passed else ("✗", "not equal")
    return (
        f"{mark} {proof.rule}: {proof.outputs:,} outputs {word}: they differ by {proof.part:.1e} of what they differ "
        f"from input to input {where}"
    )


def _object(rewriting: Rewriting, nets: Sequence[Compared], proved: Proved | None) -> dict[str, object]:
    made: dict[str, object] = {
        "net": rewriting.net,
        "nets": [comparison.object_of(one) for one in nets],
        "steps": [_step_object(step) for step in rewriting.steps],
        "in_place": rewriting.in_place,
        "new_outputs": list(rewriting.ended),
        "yaml": rewriting.yaml,
    }
    if proved is not None:
        held = verification.page([verification.NetResult(rewriting.net, proved.verification)]).data
        assert held is not None
        made["proofs"] = [{**one._asdict(), "part": one.part, "passed": one.passed} for one in proved.proofs]
        made["verification"] = held()
        made["passed"] = proved.passed
    return made


def _step_object(step: Step) -> dict[str, object]:
    return {
        "rule": step.asked.text,
        "exact": step.asked.rule.exact,
        "changes": [one._asdict() for one in step.changes],
        "same_field": not step.unlike,
        "left": {why: list(names) for why, names in step.passed.items()},
        "before": comparison.object_of(step.before)["totals"],
        "after": comparison.object_of(step.after)["totals"],
    }
