"""The register of complaints: no part of any case's chart, in rows that do not tell what they are.

They stand where items of a case stand, but under a case that there is not, each under the keys of
the client whom it is about.
"""

from __future__ import annotations

from domain.events.complaint import (
    ComplaintDeadlineExtended,
    ComplaintExamined,
    ComplaintFiled,
    ComplaintResolved,
)
from domain.ports import Recorded
from domain.rows import Content
from projections.chart.facts import facts
from projections.chart.rows import begin, change
from projections.chart.work import step_of
from projections.projection import Rows

OF_NO_CASE = "0" * 32
KIND = "complaint"


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let an event put a complaint into the register, or change it there."""
    match recorded.event:
        case ComplaintFiled() as event:
            said = facts(event)
            content: Content = {
                "answer_by": said["answer_by"],
                "outcome": None,
                "begun": said,
                "steps": [],
            }
            begin(recorded, rows, OF_NO_CASE, event.complaint, KIND, content)
        case ComplaintExamined() | ComplaintDeadlineExtended() | ComplaintResolved() as event:
            change(
                recorded,
                rows,
                OF_NO_CASE,
                event.complaint,
                lambda content: _handled(content, recorded),
            )
        case _:
            pass


def _handled(content: Content, recorded: Recorded) -> None:
    step = step_of(recorded)
    content["steps"].append(step)
    for name in ("answer_by", "outcome"):
        content[name] = step["said"].get(name, content[name])
