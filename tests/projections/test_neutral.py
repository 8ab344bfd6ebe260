"""No row of a list, a log or the trail tells that a process note, a crisis or a group exists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from domain.confidentiality import Class
from domain.events import VOCABULARY
from domain.values import ActingMode
from projections.access_log import AccessLogProjection
from projections.audit_trail import AuditTrailProjection
from projections.case_state import CaseStateProjection
from projections.process_notes import ProcessNotesProjection
from tests.support.life import Life
from tests.support.rows import dump

LOGS = (f"{AccessLogProjection.name}/entries", f"{AuditTrailProjection.name}/trail")
TELLING = re.compile(
    r"process|psychotherapy.note|working|crisis|risk|supervision|joint|couple|family\b|group"
    r"|recording|substance|legal|draft|sign|author",
    re.IGNORECASE,
)


def words(value: object) -> Iterator[str]:
    """Every text in a row, however deep."""
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield from words(key)
                yield from words(each)
        case list() | tuple():
            for each in value:
                yield from words(each)
        case _:
            pass


@pytest.mark.parametrize("name", LOGS)
def test_no_line_of_a_log_tells_what_kind_of_record_it_was(life: Life, name: str) -> None:
    lines = dump(life.clinic)[name]
    assert len(lines) > 100
    for key, clear, content in lines:
        # In what capacity somebody looked is told: at a case pack as her supervisor (SUP-02).
        mode = content.get("mode")
        line = (key, clear, {**content, "mode": None if mode == ActingMode.SUPERVISION else mode})
        telling = [each for each in words(line) if TELLING.search(each)]
        # Somebody's session at a desk is no session of therapy.
        assert telling == [], line


@pytest.mark.parametrize("name", LOGS)
def test_a_log_tells_classes_in_neutral_words_and_never_by_letter(life: Life, name: str) -> None:
    told = {each for _, _, content in dump(life.clinic)[name] for each in content["classes"]}
    assert told == {"administrative", "record", "audit-log"}
    assert not told & {each.letter for each in Class}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_tells_kinds_actions_and_objects_from_closed_lists(life: Life, name: str) -> None:
    lines = [content for _, _, content in dump(life.clinic)[name]]
    assert {each["type"] for each in lines} <= {
        "access-log",
        "appointment",
        "case",
        "client",
        "consent",
        "custodian",
        "enquiry",
        "erasure",
        "find",
        "follow",
        "identity",
        "practitioner",
        "record",
        "search",
        "test",
    }
    kinds = {"CREATE", "AMEND", "READ", "SEARCH", "LIST_HIT", "SHRED"}
    kinds |= {"AUDIT_READ", "DENY", "SYSTEM_BATCH"}
    assert {each["kind"] for each in lines} <= kinds
    assert {each["action"] for each in lines} <= set("CRUDE")
    assert not {each["type"] for each in lines} & {*VOCABULARY, "process_note", "note"}


def test_nobody_but_their_author_has_rows_of_process_notes(life: Life) -> None:
    theirs = {note for _, note in life.process_notes}
    rows = dump(life.clinic)
    own = rows.pop(f"{ProcessNotesProjection.name}/own")
    assert {key[2] for key, _, _ in own} == theirs
    for name in LOGS:
        rows.pop(name)
    for name, lines in rows.items():
        assert not theirs & set(words(lines)), name


def test_case_state_knows_no_process_notes(life: Life) -> None:
    rows = dump(life.clinic)
    for table in CaseStateProjection.tables:
        for line in rows[f"{CaseStateProjection.name}/{table.name}"]:
            assert not [each for each in words(line) if "process" in each.lower()]
    items = {
        key[1]
        for key, _, content in rows[f"{CaseStateProjection.name}/items"]
        if content["item"] in ("note", "session")
    }
    assert items == {note for _, note in life.notes} | {each for _, each in life.sessions}


def test_words_lie_nowhere_in_the_open(life: Life) -> None:
    """Every file of the data folder, byte by byte."""
    life.clinic.catch_up()
    told = [b"Words ", b"Thoughts ", b"Problem ", b"Kowal", b"Klara", b"example.invalid"]
    folder = life.clinic.clinic.folder.layout.folder
    for path in (each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        assert [each for each in told if each in data] == [], path.name
