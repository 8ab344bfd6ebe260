"""The client's access bundle: read strictly, judged claim by claim, and whole or not believed."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given, strategies as st

from domain.confidentiality import Class
from domain.events.access import AccessKind
from infrastructure.folder import OpenFolder
from infrastructure.ledger.access import SeenAccess
from infrastructure.ledger.bundle import (
    MOST_VALUES,
    Bundle,
    ShownEntry,
    ShownHead,
    check_as_of,
    check_chain,
    check_map_head,
    completeness,
    open_entries,
)
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.control import ControlKind, map_stream
from infrastructure.ledger.errors import ClaimRefused, LedgerError, MemoryRefused
from infrastructure.ledger.map import MapLabel, StreamMap, map_root
from infrastructure.ledger.memory import Memory
from infrastructure.ledger.merkle import CompactRange, inclusion_proof, leaf_hash
from infrastructure.ledger.note import ED25519, Note, Signer
from infrastructure.ledger.offline import NOT_PROVED, verify_bundle, verify_log
from infrastructure.ledger.remembered import Remembered
from infrastructure.ledger.trust import Trust
from infrastructure.ledger.verdict import NOT_JUDGED, Verdict
from infrastructure.vault.envelope import Kind, entry_key
from tests.support import ink
from tests.support.logs import header, name
from tests.support.shown import (
    COSIGNED_S,
    NOW_S,
    START_S,
    STATEMENT,
    TRUST,
    UNWITNESSED,
    ShownLog,
    a_clinic,
    flipped,
    padded,
    payload,
    without_key,
)

LOG = a_clinic()
GOOD = LOG.bundle(0)
DATA = GOOD.encode()
CARD = name(0, "access log")
DAY_S = 24 * 60 * 60


def verdict_of(
    bundle: Bundle | bytes,
    *,
    trust: Trust = TRUST,
    memory: Path | None = None,
    card: bytes | None = CARD,
) -> Verdict:
    data = bundle if isinstance(bundle, bytes) else bundle.encode()
    with Remembered(memory) as remembered:
        return verify_bundle(data, trust, remembered=remembered, now_s=NOW_S, access_log=card)


def bad_in(verdict: Verdict) -> dict[str, str]:
    """The bad claims that were judged, each with its code."""
    assert not verdict.good
    assert verdict.lines[-2:] == NOT_PROVED or not verdict.shown
    return {claim.name: claim.code for claim in verdict.claims if claim.code}


def refused(data: bytes) -> ClaimRefused:
    with pytest.raises(ClaimRefused) as caught:
        Bundle.parse(data)
    return caught.value


# What is good.


def test_a_bundle_is_read_as_it_was_written() -> None:
    assert Bundle.parse(DATA) == GOOD
    assert Bundle.parse(DATA).encode() == DATA


def test_every_claim_of_a_good_bundle_is_good_and_what_it_shows_is_told() -> None:
    verdict = verdict_of(GOOD)
    assert [claim.line()[:4] for claim in verdict.claims] == ["GOOD"] * 9
    last = "2023-11-14 22:13:20Z  {}  Zofia Łąka  clinician  care  TREAT  admitted  AUDIT_READ"
    assert last.format(name(0, "actor").hex()[:8]) + "  access-log  M" in verdict.lines
    assert STATEMENT["pl"] in verdict.lines
    told = completeness(log_size=LOG.last_map_head(), closed=0, later=0)
    assert verdict.lines[-len(told) :] == told
    entries = verdict.shown["entries"]
    assert isinstance(entries, list)
    assert len(entries) == 5
    assert entries[0]["object"] == "note"


def test_a_bundle_of_a_longer_log_shows_what_came_before_the_map_head() -> None:
    log = a_clinic()
    log.look(0)
    log.look(1)
    verdict = verdict_of(log.bundle(0, later=1))
    assert verdict.good
    assert any("klinika podaje ich 1" in line for line in verdict.lines)


def test_closed_entries_are_counted_and_stay_closed() -> None:
    first, second, *rest = GOOD.entries
    closed = (without_key(first), replace(without_key(second, "old"), record=None), *rest)
    verdict = verdict_of(replace(GOOD, entries=closed))
    assert verdict.good
    assert verdict.shown["closed"] == {"ehds-9": 1, "old": 1}
    assert "2023-11-14 22:13:20Z  closed: ehds-9" in verdict.lines
    assert any(line.startswith("Closed entries: 2.") for line in verdict.lines)


def test_an_entry_of_the_old_kind_is_shown_closed_and_never_with_a_key() -> None:
    log = ShownLog()
    log.client(0)
    log.access(0, kind=0x01)
    log.audited(0)
    shown = log.shown_entries(0)
    assert verdict_of(log.bundle(0)).good
    keyed = replace(shown[0], key=bytes(32), closed=None)
    found = bad_in(verdict_of(log.bundle(0, entries=[keyed, shown[1]])))
    assert found == {"contents": "E-BIND"}


def test_a_refused_look_and_one_of_her_own_without_a_client_are_shown() -> None:
    log = ShownLog()
    log.client(0)
    log.look(0, event="access.denied")
    log.look(0, clients=[], who=["client", [], None, None, None, "", 0, "", "", ""])
    log.audited(0)
    verdict = verdict_of(log.bundle(0, names={}))
    assert verdict.good
    assert any("refused  READ  note  -" in line for line in verdict.lines)
    assert any("  -  -  -  -  admitted" in line for line in verdict.lines)


def test_the_card_is_compared_only_if_it_is_given() -> None:
    verdict = verdict_of(GOOD, card=None)
    assert verdict.good
    assert any("--access-log" in line for line in verdict.lines)
    assert bad_in(verdict_of(GOOD, card=name(1, "access log"))) == {"card": "E-MAP"}


# The form.


GONE = object()
LEAF = json.loads(DATA)["map"]["leaf"]
FORMS: tuple[tuple[str, object], ...] = (
    ("more", 1),
    ("later", GONE),
    ("format", "powiernik/access-bundle/2"),
    ("made_at", "2023-11-14T22:13:50+00:00"),
    ("made_at", "2023-13-14T22:13:50Z"),
    ("origin", ""),
    ("origin", 7),
    ("access_log", CARD.hex().upper()),
    ("access_log", CARD.hex()[:30]),
    ("statement", {"pl": "tak"}),
    ("statement", {"pl": "tak", "en": None}),
    ("statement", []),
    ("checkpoint", None),
    ("checkpoint", "\ud800"),
    ("later", -1),
    ("later", True),
    ("later", 1.0),
    ("later", 2**63),
    ("names", {"Anna": "Anna"}),
    ("names", {"0" * 32: "A" * 201}),
    ("entries", {}),
    ("proof", [[0, 1]]),
    ("proof", [[0, 1, "AA==", 4]]),
    ("proof.0.0", "0"),
    ("map.more", 1),
    ("map.leaf", "AA=="),
    ("map.hashes", ["AA=="]),
    ("map.hashes", [LEAF] * 64),
    ("map_head.position", 0),
    ("map_head.entry", LEAF),
    ("map_head.record", LEAF + "\n"),
    ("entries.0.position", 0),
    ("entries.0.entry", "AAAA"),
    ("entries.0.key", "AAAA"),
    ("entries.0.key", None),
    ("entries.0.closed", "ehds-9"),
    ("entries.0.closed", GONE),
    ("entries.0.record", None),
    ("entries.0.record", "AAAA="),
    ("entries.0.record", "AB=="),
    ("entries.4", json.loads(DATA)["entries"][0]),
)


def as_file(members: Any) -> bytes:
    return json.dumps(members, ensure_ascii=False).encode(errors="surrogatepass")


def set_at(members: Any, path: str, value: object) -> None:
    """Put a value at a path of names and numbers, or take away what is there."""
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for each in parents:
        members = members[each]
    if value is GONE:
        del members[last]
    else:
        members[last] = value


@pytest.mark.parametrize("case", range(len(FORMS)), ids=lambda at: f"{FORMS[at][0]}-{at}")
def test_a_file_of_another_form_is_refused_and_nothing_is_judged(case: int) -> None:
    path, value = FORMS[case]
    members = json.loads(DATA)
    set_at(members, path, value)
    verdict = verdict_of(as_file(members))
    assert bad_in(verdict)["form"] in ("E-PARSE", "E-LIMIT")
    assert {claim.found for claim in verdict.claims[1:]} == {NOT_JUDGED}
    assert not verdict.shown


def test_spaces_and_another_order_of_members_are_no_other_form() -> None:
    members = json.loads(DATA)
    spaced = as_file(dict(reversed(members.items())))
    assert spaced != DATA
    assert Bundle.parse(spaced) == GOOD


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(TEXTS, TEXTS)
def test_any_text_is_read_as_it_was_written(statement: str, of_the_actor: str) -> None:
    bundle = replace(
        GOOD,
        statement={"pl": statement, "en": 'C:\\users \\\\u0105 " \n'},
        names={"0" * 32: of_the_actor},
    )
    assert Bundle.parse(bundle.encode()) == bundle


@pytest.mark.parametrize("escape", [r"\u0105", r"\ud83d\ude00", r"\\\u0105", r"\u00c4\u0085"])
def test_a_character_that_is_escaped_without_need_is_refused(escape: str) -> None:
    assert refused(DATA.replace(b"This is", escape.encode())).code == "E-PARSE"


def test_a_closed_entry_needs_a_code() -> None:
    for code in ("", "not a code", "a" * 65, "zażółć"):
        with pytest.raises(ClaimRefused, match="a code of"):
            without_key(GOOD.entries[0], code)


NO_JSON = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"format":NaN}',
    b'{"format":1e3}',
    b'{"later":01}',
    b'{"later":' + b"9" * 10_000 + b"}",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf" + DATA,
    DATA + b"{}",
    DATA.replace(b'"later":0', b'"later":0,"later":0'),
    DATA.replace(b'"later":0', b'"later":-0'),
    DATA.replace(b'"index":', b'"index":0,"index":'),
)


@pytest.mark.parametrize("data", NO_JSON, ids=range(len(NO_JSON)))
def test_what_is_no_json_of_the_subset_is_refused(data: bytes) -> None:
    assert refused(data).code == "E-PARSE"


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"[]," * (MOST_VALUES // 2) + b"[]]",
        DATA[:-3] + b" " * 1_000_000 + b"," * MOST_VALUES,
    ],
    ids=["brackets", "objects", "lists", "commas"],
)
def test_a_hostile_file_costs_little(data: bytes) -> None:
    begun = time.perf_counter()
    assert refused(data).code == "E-LIMIT"
    assert time.perf_counter() - begun < 1


def test_too_many_or_too_much_is_refused() -> None:
    with pytest.raises(ClaimRefused, match="at most"):
        replace(GOOD, statement={"pl": "a" * 70_000, "en": ""})
    with pytest.raises(ClaimRefused, match="at most"):
        replace(GOOD, map_head=GOOD.map_head, entries=GOOD.entries * 20_001)
    with pytest.raises(ClaimRefused, match="at most"):
        ShownEntry(GOOD.entries[0].entry, bytes(3_000_000), closed="old")


def test_no_error_and_no_repr_carries_a_key_or_a_text() -> None:
    entry = GOOD.entries[0]
    assert entry.key is not None
    assert repr(entry.key)[2:-1] not in repr(GOOD)
    secret = "Zofia Łąka jest chora"
    for data in (
        DATA.replace(b'"later":0', f'"later":"{secret}"'.encode()),
        DATA.replace(b'"later":0', f'"{secret}":0'.encode()),
        DATA.replace(GOOD.made_at.encode(), secret.encode()),
        DATA.replace(b'"format"', f'"{secret}'.encode()),
    ):
        error = refused(data)
        assert "Zofia" not in f"{error!r} {error} {error.__cause__!r}"


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_any_altered_byte_is_refused_or_changes_only_what_is_shown_and_not_judged(
    at: int, difference: int
) -> None:
    data = bytearray(DATA)
    data[at] ^= difference
    verdict = verdict_of(bytes(data))
    if verdict.good:
        found = Bundle.parse(bytes(data))
        not_judged = {
            each: getattr(found, each) for each in ("names", "statement", "made_at", "later")
        }
        assert found == replace(GOOD, **not_judged)


def test_every_part_that_is_judged_is_refused_when_it_is_altered() -> None:
    first, *rest = GOOD.entries
    record = first.record or b""
    bent = {
        "record": replace(GOOD, entries=(replace(first, record=flipped(record)), *rest)),
        "key": replace(GOOD, entries=(replace(first, key=flipped(first.key or b"")), *rest)),
        "leaf": replace(GOOD, label=replace(GOOD.label, leaf=flipped(GOOD.label.leaf))),
        "hash": replace(GOOD, proof=(*GOOD.proof[:-1], (*GOOD.proof[-1][:2], bytes(32)))),
        "index": replace(GOOD, label=replace(GOOD.label, index=GOOD.label.index ^ 1)),
        "origin": replace(GOOD, origin="clinic.example/log/2"),
        "note": replace(GOOD, checkpoint=LOG.note(times_s=(COSIGNED_S,))),
        "head": replace(
            GOOD, map_head=replace(GOOD.map_head, record=flipped(GOOD.map_head.record))
        ),
    }
    found = {what: bad_in(verdict_of(bundle)) for what, bundle in bent.items()}
    assert found == {
        "record": {"contents": "E-LEAF"},
        "key": {"contents": "E-AEAD"},
        "leaf": {"map": "E-MAP", "entries": "E-MAP"},
        "hash": {"tree": "E-ROOT"},
        "index": {"map": "E-MAP"},
        "origin": {"checkpoint": "E-BIND", "map head": "E-MAP", "contents": "E-BIND"},
        "note": {"checkpoint": "E-QUORUM"},
        "head": {"map head": "E-LEAF"},
    }


# Attack 64 of the design: a client is shown another list than the true one.


def reproved(entries: tuple[ShownEntry, ...], **more: Any) -> Bundle:
    """The bundle with other entries, and with the proof that goes with these."""
    return LOG.bundle(0, entries=entries, **more)


def test_an_access_that_was_left_out_is_missed() -> None:
    for missing in range(len(GOOD.entries) - 1):
        left = tuple(each for at, each in enumerate(GOOD.entries) if at != missing)
        assert bad_in(verdict_of(reproved(left))) == {"entries": "E-CHAIN"}


def test_the_last_access_that_was_left_out_is_missed() -> None:
    assert bad_in(verdict_of(reproved(GOOD.entries[:-1]))) == {
        "entries": "E-MAP",
        "as of": "E-MAP",
    }
    assert bad_in(verdict_of(reproved(())))["entries"] == "E-MAP"


def relinked(entries: list[ShownEntry]) -> list[ShownEntry]:
    """Entries as the first ones of a stream, each linked to the one before it."""
    linked: list[ShownEntry] = []
    for version, each in enumerate(entries, start=1):
        before = linked[-1].entry if linked else None
        again = replace(
            each.entry,
            version=version,
            prev_pos=before.position if before else None,
            prev_leaf=leaf_hash(before.pack()) if before else bytes(32),
        )
        linked.append(replace(each, entry=again))
    return linked


def test_entries_that_were_renumbered_are_found() -> None:
    shifted = replace(GOOD.entries[2], entry=replace(GOOD.entries[2].entry, version=4))
    one = (*GOOD.entries[:2], shifted, *GOOD.entries[3:])
    assert bad_in(verdict_of(reproved(one)))["entries"] == "E-CHAIN"
    rest = tuple(relinked([*GOOD.entries[:1], *GOOD.entries[2:]]))
    assert bad_in(verdict_of(reproved(rest)))["entries"] == "E-MAP"
    shorter = replace(GOOD.label, version=4, leaf=leaf_hash(rest[-1].entry.pack()))
    found = bad_in(verdict_of(replace(reproved(rest), label=shorter)))
    assert found == {"tree": "E-ROOT", "map": "E-MAP", "contents": "E-BIND"}


def test_the_stream_of_another_client_is_found() -> None:
    label, membership = StreamMap(LOG.labels(LOG.last_map_head())).membership(CARD)
    assert label.version == 5
    others = LOG.shown_entries(1, below=LOG.last_map_head())
    foreign = LOG.bundle(0, entries=others, label=label, membership=membership)
    assert bad_in(verdict_of(foreign))["entries"] == "E-CHAIN"
    mixed = (*GOOD.entries[:2], others[2], *GOOD.entries[3:])
    assert bad_in(verdict_of(reproved(mixed)))["entries"] == "E-CHAIN"
    log = a_clinic()
    log.audited(1)
    assert bad_in(verdict_of(log.bundle(1))) == {"card": "E-MAP"}


def test_a_stale_map_head_is_found() -> None:
    log = a_clinic()
    stale = log.last_map_head()
    log.look(0)
    log.look(0)
    log.audited(0)
    assert verdict_of(log.bundle(0)).good
    hidden = log.bundle(0, at=stale, entries=log.shown_entries(0))
    assert bad_in(verdict_of(hidden)) == {"entries": "E-MAP"}
    old = log.bundle(0, at=stale, note=log.note(times_s=(NOW_S, NOW_S)))
    assert verdict_of(old).good, "it is as fresh as its last entry, which is what it says"
    later_s = START_S + DAY_S + 60
    old = log.bundle(0, at=stale, note=log.note(times_s=(later_s, later_s)))
    with Remembered(None) as remembered:
        verdict = verify_bundle(old.encode(), TRUST, remembered=remembered, now_s=later_s)
    assert bad_in(verdict) == {"as of": "E-MAP"}


def doubled_map(log: ShownLog) -> tuple[MapLabel, ...]:
    """A map in which the first client stands twice: with all entries, and with one less."""
    labels = log.labels(log.size)
    before = log.access_logs[CARD][-2]
    return tuple(sorted([*labels, before]))


def test_a_map_with_a_label_twice_is_found_by_whoever_verifies_the_log(tmp_path: Path) -> None:
    log = a_clinic()
    log.look(0)
    labels = doubled_map(log)
    with pytest.raises(LedgerError):
        map_root(labels)
    tree = CompactRange()
    leaves = [
        leaf_hash(b"PSM\x01" + label.stream + label.version.to_bytes(8, "big") + label.leaf)
        for label in labels
    ]
    tree.extend(leaves)
    log.map_head(map_size=len(labels), map_root=tree.root())
    index = next(at for at, label in enumerate(labels) if label.stream == CARD)
    _, membership = StreamMap(LOG.labels(LOG.last_map_head())).membership(CARD)
    proof = replace(
        membership,
        index=index,
        size=len(labels),
        hashes=inclusion_proof(leaves, index, len(labels)),
    )
    shown = log.shown_entries(0)[:-1]
    bundle = log.bundle(0, label=labels[index], membership=proof, entries=shown)
    assert verdict_of(bundle).good, "a client alone cannot see it, as completeness tells her"
    with Remembered(None) as remembered:
        verdict = verify_log(
            log.export(tmp_path / "log"), TRUST, remembered=remembered, now_s=NOW_S
        )
    assert {claim.name: claim.code for claim in verdict.claims if claim.code} == {
        "entries": "E-MAP"
    }


def test_an_entry_that_links_to_a_leaf_outside_the_tree_is_found() -> None:
    bent = replace(GOOD.entries[2], entry=replace(GOOD.entries[2].entry, prev_leaf=b"\x07" * 32))
    found = bad_in(verdict_of(reproved((*GOOD.entries[:2], bent, *GOOD.entries[3:]))))
    assert found == {"tree": "E-ROOT", "entries": "E-CHAIN"}


def test_time_that_goes_back_and_a_kind_that_is_none_of_an_access_log_are_found() -> None:
    head = check_map_head(GOOD)
    first, second, *rest = GOOD.entries
    for change in ({"time_ms": first.entry.time_ms - 1}, {"kind": 0x05}):
        bent = replace(GOOD, entries=(first, *relinked_onto(first, second, change), *rest))
        with pytest.raises(ClaimRefused, match=r"time not before|a kind of an access log"):
            check_chain(bent, head)


def relinked_onto(
    first: ShownEntry, second: ShownEntry, change: dict[str, Any]
) -> tuple[ShownEntry]:
    assert second.entry.prev_leaf == leaf_hash(first.entry.pack())
    return (replace(second, entry=replace(second.entry, **change)),)


# The map head.


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"log_size": 1_000}, "E-MAP"),
        ({"map_root": bytes(31)}, "E-PARSE"),
        ({"map_size": 2}, "E-MAP"),
        ({"map_root": bytes(32)}, "E-MAP"),
    ],
)
def test_a_map_head_that_says_something_else_is_refused(said: dict[str, Any], code: str) -> None:
    log = a_clinic()
    labels = log.labels(log.last_map_head())
    true = {"log_size": log.last_map_head(), "map_size": 3, "map_root": map_root(labels)}
    at = log.size
    bent: dict[str, Any] = {**true, **said}
    log.map_head(**bent)
    label, membership = StreamMap(labels).membership(CARD)
    bundle = Bundle.assembled(
        made_at=datetime.fromtimestamp(COSIGNED_S, UTC),
        note=log.note(),
        subtree=log.subtree,
        statement=STATEMENT,
        map_head=ShownHead(log.entry(at), log.rows[at].record or b""),
        label=label,
        membership=membership,
        entries=GOOD.entries,
    )
    assert code in bad_in(verdict_of(bundle)).values()


def test_another_record_is_no_map_head() -> None:
    log = a_clinic()
    record = header(ControlKind.ANCHOR, bytes(16), map_stream(b""), 1) + msgpack.packb([])
    log.enter(ControlKind.MAPHEAD, map_stream(b""), bytes(16), record)
    log.enter(ControlKind.ANCHOR, name(0, "map"), bytes(16), record)
    for at in (0, 1, log.size - 1, log.size - 2):
        shown = ShownHead(log.entry(at), log.rows[at].record or b"")
        assert bad_in(verdict_of(log.bundle(0, map_head=shown)))["map head"] == "E-MAP"


def test_a_map_head_under_the_header_of_another_kind_is_refused() -> None:
    log = a_clinic()
    stream = map_stream(header(0, bytes(16), bytes(16), 1)[8:24])
    record = header(ControlKind.ANCHOR, bytes(16), stream, 2) + msgpack.packb([2, 1, 1, bytes(32)])
    log.enter(ControlKind.MAPHEAD, stream, bytes(16), record)
    shown = ShownHead(log.entry(log.size - 1), record)
    assert bad_in(verdict_of(log.bundle(0, map_head=shown)))["map head"] == "E-BIND"


# What the entries say.


def contents_of(plain: bytes | None = None, **bent: Any) -> dict[str, str]:
    log = ShownLog()
    log.client(0)
    log.look(0, plain=plain, **bent)
    log.audited(0)
    return bad_in(verdict_of(log.bundle(0)))


def packed(**changed: Any) -> bytes:
    members = payload(name(0, "client"))
    members.update({int(key[1:]): value for key, value in changed.items()})
    return padded(msgpack.packb(members))


ANOTHER = name(1, "client")


@pytest.mark.parametrize(
    ("bent", "code"),
    [
        ({"clients": [ANOTHER]}, "E-BIND"),
        ({"clients": [name(0, "client"), ANOTHER]}, "E-BIND"),
        ({"owner": [1, ANOTHER]}, "E-BIND"),
        ({"owner": [2, name(0, "client")]}, "E-BIND"),
        ({"owner": [True, name(0, "client")]}, "E-PARSE"),
        ({"class": 2}, "E-BIND"),
        ({"version": 2}, "E-BIND"),
        ({"event": "access.revealed"}, "E-PARSE"),
        ({"event": None}, "E-PARSE"),
        ({"actor": b"short"}, "E-PARSE"),
        ({"kind": 7}, "E-PARSE"),
        ({"classes": [0]}, "E-PARSE"),
        ({"classes": [14]}, "E-PARSE"),
        ({"classes": 2}, "E-PARSE"),
        ({"who": ["staff", []]}, "E-PARSE"),
        ({"state": {0: "READ"}}, "E-PARSE"),
        ({"state": {0: "READ", 2: "note", 3: [2], 14: 1}}, "E-PARSE"),
        ({"state": {2: "note", 0: "READ", 3: [2]}}, "E-PARSE"),
        ({"state": {"0": "READ"}}, "E-PARSE"),
        ({"state": [1]}, "E-PARSE"),
        ({"plain": packed(_5=7)}, "E-PARSE"),
        ({"plain": packed(_13=7)}, "E-PARSE"),
        ({"plain": padded(b"")}, "E-PARSE"),
        ({"plain": padded(b"\x93\x01\x02\x03")}, "E-PARSE"),
        ({"plain": padded(msgpack.packb(payload(name(0, "client"))) + b"\0")}, "E-PARSE"),
        ({"plain": b""}, "E-PARSE"),
        ({"plain": packed()[:-1]}, "E-PARSE"),
        ({"plain": packed() + b"\0"}, "E-PARSE"),
        ({"plain": packed()[:-1] + b"\x01"}, "E-PARSE"),
        ({"plain": b"\x02" + packed()[1:]}, "E-PARSE"),
        ({"plain": b"\x01\xff\xff\xff\xff" + bytes(507)}, "E-PARSE"),
    ],
)
def test_contents_that_are_no_access_to_her_record_are_refused(
    bent: dict[str, Any], code: str
) -> None:
    assert contents_of(**bent)["contents"] == code


def test_entries_of_two_clients_in_one_log_are_refused() -> None:
    other = ANOTHER
    state = {0: "READ", 2: "note", 3: [2], 8: other}
    found = contents_of(owner=[1, other], clients=[other], state=state)
    assert found["contents"] == "E-BIND"


def test_a_key_opens_its_own_entry_and_no_other() -> None:
    first, second, *rest = GOOD.entries
    swapped = (replace(first, key=second.key), replace(second, key=first.key), *rest)
    assert bad_in(verdict_of(replace(GOOD, entries=swapped))) == {"contents": "E-AEAD"}


@pytest.mark.parametrize("length", [0, 5, 79, 80, 100, 151, 152])
def test_a_record_that_is_too_short_is_refused(length: int) -> None:
    log = ShownLog()
    log.client(0)
    stream, key_id = name(0, "access log"), name(0, "access key")
    record = (header(0x06, key_id, stream, 1) + bytes(100))[:length]
    log.enter(0x06, stream, key_id, record)
    entry = log.entry(log.size - 1)
    log.access_logs[stream] = [MapLabel(stream, 1, log.rows[-1].leaf)]
    log.audited(0)
    shown = [ShownEntry(entry, record, bytes(32)), log.shown_entries(0)[-1]]
    found = bad_in(verdict_of(log.bundle(0, entries=shown)))
    assert found["contents"] == ("E-PARSE" if length < 80 else "E-AEAD")


# As of when.


def test_the_last_entry_must_be_the_look_by_which_the_bundle_was_made() -> None:
    log = a_clinic()
    log.look(0)
    log.map_head()
    assert bad_in(verdict_of(log.bundle(0))) == {"as of": "E-MAP"}
    closed = (*GOOD.entries[:-1], without_key(GOOD.entries[-1]))
    assert bad_in(verdict_of(replace(GOOD, entries=closed))) == {"as of": "E-MAP"}


def test_a_refused_look_at_the_log_made_no_bundle() -> None:
    seen = open_entries(GOOD)
    with pytest.raises(ClaimRefused, match="AUDIT_READ"):
        check_as_of(GOOD, (replace(seen[-1], denied=True),), None)
    with pytest.raises(ClaimRefused, match="AUDIT_READ"):
        check_as_of(GOOD, (), None)


@pytest.mark.parametrize(("seconds", "good"), [(DAY_S, True), (DAY_S + 1, False)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_checkpoint_must_be_of_the_same_day(seconds: int, sign: int, *, good: bool) -> None:
    last: SeenAccess = open_entries(GOOD)[-1]
    seen = (replace(last, time_ms=START_S * 1000),)
    cosigned_s = START_S + sign * seconds
    if good:
        assert check_as_of(GOOD, seen, cosigned_s) == seen[0]
    else:
        with pytest.raises(ClaimRefused, match="within 24 hours"):
            check_as_of(GOOD, seen, cosigned_s)


def test_without_witnesses_the_look_tells_the_time_alone() -> None:
    assert verdict_of(LOG.bundle(0, note=LOG.note(times_s=())), trust=UNWITNESSED).good


# The memory.


def test_a_log_that_grew_is_good_and_one_that_shrank_or_changed_is_not(tmp_path: Path) -> None:
    memory = tmp_path / "memory.db"
    log = a_clinic()
    early = log.bundle(0)
    assert verdict_of(early, memory=memory).good
    assert verdict_of(early, memory=memory).good
    log.look(0)
    log.audited(0)
    late = log.bundle(0)
    grown = verdict_of(late, memory=memory)
    assert grown.good
    assert grown.claims[-1].found == "5 entries as they were, and 2 new"
    found = bad_in(verdict_of(early, memory=memory))
    assert found == {"remembered": "E-ROLLBACK"}
    kept = Remembered(memory).memory
    assert kept is not None
    with closing(kept):
        notes = [kept.note(each) for each in evidence_in(kept)]
    assert sorted(note or b"" for note in notes) == sorted([early.checkpoint, late.checkpoint])


def evidence_in(memory: Memory) -> list[str]:
    rows = memory._all("SELECT name FROM note WHERE name LIKE 'evidence/%'")
    return [row[0] for row in rows]


def another_past(extra: int) -> ShownLog:
    """A log of the same clinic in which the first look was at another thing."""
    log = ShownLog()
    for number in range(3):
        log.client(number)
        log.key(name(number, "key"), name(number, "subject"))
    for look in range(12):
        log.event(name(look % 4, "stream"), name(look % 3, "key"))
        log.look(look % 3, object_type="case")
    for _ in range(extra):
        log.look(0)
    log.audited(0)
    return log


@pytest.mark.parametrize("extra", [0, 3])
def test_a_forked_log_is_found_at_the_same_size_and_later(tmp_path: Path, extra: int) -> None:
    memory = tmp_path / "memory.db"
    assert verdict_of(GOOD, memory=memory).good
    forked = another_past(extra).bundle(0)
    assert verdict_of(forked).good
    assert bad_in(verdict_of(forked, memory=memory)) == {"remembered": "E-FORK"}
    assert verdict_of(GOOD, memory=memory).good, "what was remembered stays"


def test_a_list_that_shrank_in_a_log_that_grew_is_found(tmp_path: Path) -> None:
    memory = tmp_path / "memory.db"
    log = a_clinic()
    assert verdict_of(log.bundle(0), memory=memory).good
    other = ShownLog()
    other.client(0)
    for _ in range(40):
        other.event(name(0, "stream"), name(0, "key"))
    other.audited(0)
    assert bad_in(verdict_of(other.bundle(0), memory=memory)) == {"remembered": "E-ROLLBACK"}


def test_the_memory_of_another_log_is_told(tmp_path: Path) -> None:
    memory = tmp_path / "memory.db"
    Memory.create(memory, "other.example/log").close()
    assert bad_in(verdict_of(GOOD, memory=memory)) == {"remembered": "E-BIND"}


def test_a_memory_keeps_the_logs_of_several_clients_apart(tmp_path: Path) -> None:
    memory = tmp_path / "memory.db"
    log = a_clinic()
    log.audited(1)
    assert verdict_of(log.bundle(0, at=log.last_map_head()), memory=memory).good
    verdict = verdict_of(log.bundle(1), memory=memory, card=None)
    assert verdict.good
    assert verdict.claims[-1].found == "nothing of this access log that was seen before"


def test_a_bad_bundle_is_not_remembered(tmp_path: Path) -> None:
    memory = tmp_path / "memory.db"
    bad = reproved(GOOD.entries[:-1])
    assert bad_in(verdict_of(bad, memory=memory))
    assert not memory.exists()


def test_a_damaged_memory_is_no_verdict(tmp_path: Path) -> None:
    memory = tmp_path / "memory.db"
    memory.write_bytes(b"no memory at all" * 1000)
    with pytest.raises(MemoryRefused):
        verdict_of(GOOD, memory=memory)
    memory.unlink()
    assert verdict_of(GOOD, memory=memory).good
    with closing(Memory(memory)) as opened:
        opened.put_note("checkpoint", b"none")
    with pytest.raises(MemoryRefused):
        verdict_of(GOOD, memory=memory)


# Whom to believe.


def test_a_bundle_of_a_stranger_is_not_believed() -> None:
    stranger = Signer("clinic.example/log/1", ED25519, b"\x05" * 32)
    checkpoint = Checkpoint("clinic.example/log/1", LOG.size, LOG.root())
    forged = LOG.bundle(0, note=signed(checkpoint, stranger).encode())
    assert bad_in(verdict_of(forged)) == {"checkpoint": "E-KEYSTATE"}
    text = Note.parse(LOG.note()).text
    assert str(LOG.size) in text


def test_a_proof_of_a_larger_tree_than_the_checkpoint_is_refused() -> None:
    smaller = LOG.note(GOOD.entries[-1].entry.position)
    assert bad_in(verdict_of(replace(GOOD, checkpoint=smaller))) == {"tree": "E-ROOT"}


# The clinic's own records.


def test_what_the_clinic_itself_has_sealed_is_opened(folder: OpenFolder) -> None:
    append = folder.record.append_now
    append((ink.looked(ink.ANNA, Class.PROCESS_NOTE),), ink.WHO)
    append((ink.looked(ink.BASIA),), ink.WHO)
    append((ink.looked(ink.ANNA, Class.AUDIT_LOG, kind=AccessKind.AUDIT_READ),), ink.WHO)
    log, shown = ShownLog(genesis=False), list[ShownEntry]()
    for row in folder.store.rows(0, 1000):
        record = row.record or b""
        log.enter(record[5], row.stream_id, row.key_id, record)
        if record[5] != Kind.ENTRY:
            continue
        entry = log.entry(row.position)
        label = MapLabel(row.stream_id, row.version, log.rows[-1].leaf)
        log.access_logs.setdefault(row.stream_id, []).append(label)
        if row.stream_id.hex() == ink.an_id(f"access {ink.ANNA}"):
            key = folder.vault.keyring.for_opening(row.key_id)
            own = entry_key(key, folder.vault.log_id, row.stream_id, row.version)
            shown.append(ShownEntry(entry, record, own))
    log.map_head()
    card = shown[0].entry.stream_id
    bundle = log.bundle(0, stream_id=card, entries=shown)
    verdict = verdict_of(bundle, card=card)
    assert verdict.good, [claim.line() for claim in verdict.claims]
    first, last = open_entries(bundle)
    assert (first.client, last.client) == (ink.ANNA, ink.ANNA)
    assert (first.actor, first.role, first.mode) == (ink.THERAPIST, "clinician", "care")
    assert (first.kind, first.object_type, first.classes) == ("READ", "record", "B")
    assert (last.kind, last.denied) == ("AUDIT_READ", False)
