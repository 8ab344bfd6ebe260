"""Prints what was looked at, for somebody of a clinic: tables that fit into 100 columns."""

from __future__ import annotations

from datetime import datetime
from textwrap import shorten

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.demo.review import Names, OpenedCase, OpenedNote, Page
from domain.aliases import REMOVED
from domain.values import ActorKind
from projections.entries import Entry

_WIDTH = 100
_EXCERPT = 150
_WHOLE = ("Time", "Role", "Whose", "Outcome", "Session", "Note about", "Status")
"""Columns that no line of a narrow terminal breaks."""
_LEAST = {"What": 14, "Words": 30, "Outcome": 7}
_VERBS = {
    "READ": "opened",
    "LIST": "listed",
    "LIST_HIT": "listed",
    "AUDIT_READ": "reviewed",
    "CREATE": "added",
    "AMEND": "changed",
    "DENY": "tried",
    "SYSTEM_BATCH": "prepared lists",
}
_OBJECTS = {
    "access-log": "access log",
    "audit-trail": "audit trail",
    "client": "client file",
    "identity": "name card",
    "integration": "program",
    "practitioner": "staff file",
}
_PURPOSES = {
    "TREAT": "treatment",
    "HOPERAT": "operations",
    "HQUALIMP": "quality",
    "PATRQT": "own request",
    "HCOMPL": "compliance",
    "HSYSADMIN": "system",
    "ACCESS-REVIEW": "access review",
}
_REASONS = {
    "deny.relationship.none": "no care relation",
    "deny.role": "not for this role",
    "deny.purpose": "not for this purpose",
    "deny.no-such-record": "not there for her",
}
_ROLES = {"administrator": "admin"}
_OTHERS = {
    ActorKind.CLIENT.value: "the client herself",
    ActorKind.SYSTEM.value: "the clinic itself",
    ActorKind.INTEGRATION.value: "a program",
}


def fit(console: Console) -> None:
    """Where nobody sees the edge of a screen, lines are as long as the tables want them."""
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)


def case(console: Console, opened: OpenedCase) -> None:
    """The state of a case, as its therapist sees it."""
    state, names = opened.state, opened.names
    head = Table(
        title="1 · Case state, as its therapist sees it",
        title_justify="left",
        box=None,
        show_header=False,
        pad_edge=False,
    )
    head.add_column(style="dim", no_wrap=True)
    head.add_column(ratio=1)
    head.add_row("Client", ", ".join(names.get(each, each) for each in state.clients))
    head.add_row("Therapy", f"{state.format}, {state.school}, {_open(state.open, state.outcome)}")
    head.add_row("Therapist", names.get(state.therapist, ""))
    head.add_row("Care team", ", ".join(names.get(each, each) for each in state.team))
    for problem, words in zip(state.problems, opened.problems, strict=True):
        head.add_row("Problem", _excerpt(words, 2 * _EXCERPT))
        if problem.diagnosis:
            _, code, title = problem.diagnosis
            head.add_row("Diagnosis", f"{code}  {title}")
    _print(console, head)
    _print(console, _sessions(opened))
    _print(console, _notes(opened))


def joint(console: Console, opened: OpenedCase) -> None:
    """Who takes part in a joint case, and the newest note with the parts that are one's alone."""
    members = _table("A group, as its therapist sees it", "Alias", "Name", "Joined", "Left")
    for each in opened.state.members:
        left = "" if each.left_at is None else _when(each.left_at)
        name = opened.names.get(each.client, REMOVED)
        members.add_row(each.alias or "", name, _when(each.joined_at), left)
    _print(console, members)
    note = opened.notes[-1]
    words = _table(None, "Note about", "Whose part", "Words")
    common = _excerpt(opened.named(note.words.split("\n\n")[-1]), 2 * _EXCERPT)
    words.add_row(_when(note.line.occurred_at), "all", common)
    for alias, part in note.parts:
        words.add_row("", opened.named(f"{{{{{alias}}}}}"), _excerpt(opened.named(part)))
    _print(console, words)


def _open(is_open: bool, outcome: str | None) -> str:  # noqa: FBT001 - a state, not a switch
    return "open" if is_open else f"closed ({outcome})"


def _sessions(opened: OpenedCase) -> Table:
    table = _table(None, "Session", "Minutes", "Room", "Status")
    for each in opened.state.sessions:
        minutes = (each.ends_at - each.starts_at).seconds // 60
        table.add_row(_when(each.starts_at), str(minutes), each.room or each.place, each.status)
    return table


def _notes(opened: OpenedCase) -> Table:
    table = _table(None, "Note about", "Kind", "Status", "Words")
    for note in opened.notes:
        table.add_row(_when(note.line.occurred_at), note.line.kind, _status(note), _words(note))
    return table


def _status(note: OpenedNote) -> str:
    line = note.line
    seconds = f" +{len(line.countersignatures)}" if line.countersignatures else ""
    late = ", late" if line.late else ""
    return f"{line.status}{seconds}{late}"


def _words(note: OpenedNote) -> str:
    parts = [_excerpt(note.words)]
    parts += [f"+ {_excerpt(reason)} {_excerpt(text)}" for reason, text in note.amendments]
    if note.erroneous_because:
        parts.append(f"! {_excerpt(note.erroneous_because)}")
    return "\n".join(parts)


def audit_trail(console: Console, page: Page) -> None:
    """The newest lines of the audit trail, as the officer sees them: clients by pseudonym."""
    title = f"2 · Audit trail, newest {len(page.entries)} lines, as the officer sees them"
    table = _table(title, "Time", "Who", "Role", "What", "Whose", "Why", "Outcome")
    short = {person: _initial(name) for person, name in page.names.items()}
    for each in page.entries:
        time, who, role, what, why, outcome = _cells(each, short)
        table.add_row(time, who, role, what, _whose(each), why, outcome, style=_style(each))
    _print(console, table)


def access_log(console: Console, page: Page, client: str, *, lines: int) -> None:
    """One client's access log, as the officer sees it: the newest, and whatever was refused."""
    shown = [
        each for number, each in enumerate(page.entries) if number < lines or each.outcome != "0"
    ]
    title = f"3 · Access log of {client}, newest and refused: {len(shown)} of {len(page.entries)}"
    table = _table(title, "Time", "Who", "Role", "What", "Why", "Outcome")
    for each in shown:
        table.add_row(*_cells(each, page.names), style=_style(each))
    _print(console, table)


def _cells(entry: Entry, names: Names) -> tuple[str, str, str, str, str, str]:
    role = entry.role or "none"
    return (
        f"{entry.recorded_at.astimezone():%d %b %H:%M}",
        names.get(entry.actor) or _OTHERS.get(entry.actor_kind, "somebody"),
        _ROLES.get(role, role),
        _what(entry),
        _PURPOSES.get(entry.purpose or "", ""),
        "done" if _done(entry) else "REFUSED",
    )


def _what(entry: Entry) -> str:
    verb = _VERBS.get(entry.kind, entry.kind.lower())
    if entry.kind == "SYSTEM_BATCH":
        return verb
    found = f"{verb} {_OBJECTS.get(entry.object_type, entry.object_type)}"
    if not _done(entry):
        found += f": {_REASONS.get(entry.reason or '', entry.reason or '')}"
    return found if entry.count is None else f"{found} ({entry.count})"


def _done(entry: Entry) -> bool:
    return entry.outcome == "0"


def _whose(entry: Entry) -> str:
    return f"…{entry.client[-6:]}" if entry.client else "staff"


def _initial(name: str) -> str:
    given, _, family = name.partition(" ")
    return f"{given[:1]}. {family}"


def _style(entry: Entry) -> str:
    return "" if _done(entry) else "bold red"


def _table(title: str | None, *columns: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    for each in columns:
        table.add_column(each, no_wrap=each in _WHOLE, min_width=_LEAST.get(each))
    return table


def _print(console: Console, table: Table) -> None:
    console.print(table, width=min(console.width, _WIDTH))


def _when(instant: datetime) -> str:
    return f"{instant.astimezone():%Y-%m-%d %H:%M}"


def _excerpt(words: str, length: int = _EXCERPT) -> str:
    return shorten(words, length, placeholder=" …")


def excerpt(words: str | None) -> str:
    """The beginning of a text, in quotation marks."""
    return f"„{_excerpt(words or '')}”"


def line(console: Console, words: str) -> None:
    """One line of prose."""
    console.print(Text(words))
