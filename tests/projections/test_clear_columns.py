"""What the database may see of rows. Whoever adds a column here says why it may stand in the clear.

Ids are pseudonyms, drawn at random; times and the coarse codes below tell nobody's story. Names,
words, kinds of notes, formats and reasons are sealed.
"""

from __future__ import annotations

from api.compose import PROJECTIONS

CLEAR = {
    "case_state-3/cases": ("case_id", "open"),
    "case_state-3/items": ("case_id", "item_id"),
    "case_state-3/members": ("case_id", "client_id"),
    "chart-1/items": ("case_id", "item_id"),
    "worklist-1/tasks": ("record_id", "item_id", "open"),
    "access_log-1/entries": ("client_id", "position_of"),
    "audit_trail-1/trail": ("position_of", "client_id", "time_ms", "actor_id", "owner_kind"),
    "caseload-1/cares": ("practitioner_id", "case_id", "since_ms", "caring"),
    "caseload-1/cases": ("case_id", "open"),
    "calendar-2/slots": (
        "session_id",
        "starts_ms",
        "ends_ms",
        "therapist_id",
        "client_id",
        "status",
    ),
    # Whose an enquiry is, as a caseload says whose a case is; who asks, and for what, is sealed.
    "enquiries-2/enquiries": ("enquiry_id", "intake_id", "therapist_id", "open"),
    "name_cards-1/cards": ("person_id",),
    "process_notes-2/own": ("author_id", "case_id", "item_id"),
    "staff-1/staff": ("practitioner_id",),
    # Both are keyed: whoever has no key sees that so many people can be found, and that two of them
    # share a telephone.
    "identifiers-2/found_by": ("row_id", "fingerprint"),
    # Of which kind a row is, whether a certificate, own therapy or a conflict, no column says.
    "portfolio-1/kept": ("practitioner_id", "item_id"),
    "supervision-1/readers": ("reader_id", "item_id", "case_id"),
    "retention-1/clocks": ("client_id", "first_ms", "last_ms"),
    "retention-1/holds": ("client_id",),
    # How much goes and where that stands; on what ground stands in the request alone.
    "erasures-1/requests": (
        "erasure_id",
        "requester_id",
        "scope",
        "status",
        "requested_ms",
        "settled_ms",
    ),
    "erasures-1/about": ("client_id", "erasure_id"),
    "erasures-1/custodians": ("practitioner_id", "number"),
}


def test_the_database_sees_the_listed_columns_and_no_others() -> None:
    found = {
        f"{each.name}/{table.name}": (*table.key, *table.clear)
        for each in PROJECTIONS
        for table in each.tables
    }
    assert found == CLEAR


def test_an_index_is_made_of_columns_that_stand_in_the_clear() -> None:
    for each in PROJECTIONS:
        for table in each.tables:
            for index in table.indexes:
                assert set(index) <= {*table.key, *table.clear}


def test_every_projection_has_a_name_with_a_number() -> None:
    names = [each.name for each in PROJECTIONS]
    assert len(set(names)) == len(names)
    assert all(name.rpartition("-")[2].isdigit() for name in names)
