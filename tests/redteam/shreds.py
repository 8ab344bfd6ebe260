"""Attacks 36 and 67: on destroying itself: what nobody approved is destroyed nowhere.

Whoever attacks has the files (a DBA), or the key of the writers as well, or one custodian's key.

Source:
    docs of the design: security, sections 1.7 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from api.compose.erasing import shredder_of
from domain.confidentiality import Owner, OwnerKind
from domain.ports import Destruction
from domain.values import FreeText
from infrastructure.control import custodian_line, retire_line, shred_line
from infrastructure.custodians.appointing import appoint
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import Custodian, log_id_of
from infrastructure.ledger.key_control import Shred, shred_statement, shred_stream
from infrastructure.ledger.note import ED25519, Signer, Verifier
from infrastructure.stores.contract import Line
from tests.redteam.erasing import (
    ALL_OF_ANNA,
    REQUEST,
    custodians,
    destroyed,
    enter,
    keys_of,
    readable,
    signed,
    text_of,
)
from tests.redteam.harness import (
    ACCEPTED,
    CONTROL_KEY,
    HELD,
    Forgery,
    Site,
    agreed,
    attack,
    code_of,
    holds,
)
from tests.redteam.log_layer import added, control_records_forged
from tests.support import ink

ALL_OF_BASIA = Destruction(
    REQUEST, "retention-expired", owners=(Owner(OwnerKind.CLIENT, ink.BASIA),)
)
Lines = tuple[Line, ...]


# 36: records of the log that nobody may write


@attack(36, "control records forged: KEY, SHRED, RECOVERY, custodian", "E-AUTH")
def forged_controls(site: Site) -> str:
    """By whoever has the files; and by a writer of ours whom no two custodians have heard of."""
    site.anchor()
    good = site.copy("good")
    found = [control_records_forged(site)]
    site.put_back(good)
    both = custodians(site)
    with closing(site.open()) as folder:
        without_a_key = list(by_the_dba(folder, both))
        with_the_key = list(by_a_writer(folder, both))
        named = list(namings(folder, both))
        before = destroyed(site)
    for lines in without_a_key:
        forgery = Forgery(site)
        start = len(forgery.rows)
        for line in lines:
            forgery.add(row_of(line, forgery))
        found.append(added(site, forgery, start))
        if lines[0].stream_id == shred_stream(log_id_of(site.origin)):
            found.append(site.opening())
        if destroyed(site) != before:
            found.append("destroyed")
        site.put_back(good)
    for lines in [*with_the_key, *named]:
        with closing(site.open()) as folder:
            enter(folder, *lines)
            # Whoever opens it destroys what the log says, so that it is asked first.
            found.append(site.verifying(with_keys=False))
            if lines not in named:
                found += [site.opening(), site.verifying()]
        if destroyed(site) != before:
            found.append("destroyed")
        site.put_back(good)
    return agreed(*found)


def by_the_dba(folder: OpenFolder, both: list[Signer]) -> Iterator[Lines]:
    """Rows that suit the log in everything but a writer's tag, approved or not."""
    wanted = shred_of(folder, keys_of(folder, ink.BASIA))
    yield (shred_line(approved(wanted, both)),)
    yield (shred_line(wanted),)
    log_id, (key_id, *_) = folder.vault.log_id, keys_of(folder, ink.ANNA)
    yield (retire_line(log_id, key_id),)
    yield (custodian_line(log_id, stranger().verifier.vkey()),)


def by_a_writer(folder: OpenFolder, both: list[Signer]) -> Iterator[Lines]:
    """A SHRED that a writer with the append key has written, each without what it needs."""
    annas, basias = (keys_of(folder, each) for each in (ink.ANNA, ink.BASIA))
    hers, another = shred_of(folder, annas), shred_of(folder, basias)
    approvals = approved(hers, both).approvals
    strangers = [stranger(), stranger()]
    for forged in (
        another,
        approved(another, both[:1]),
        approved(another, [both[0], both[0]]),
        approved(another, [both[0], strangers[0]]),
        approved(another, strangers),
        replace(another, approvals=approvals),
        replace(hers, keys=annas + basias, approvals=approvals),
        replace(hers, keys=annas + basias[:1], approvals=approvals),
        replace(hers, keys=annas[:-1] + basias[:1], approvals=approvals),
        replace(hers, keys=annas[:-1], items=annas[-1:], approvals=approvals),
        replace(hers, request=bytes(16), approvals=approvals),
        replace(hers, reason="art-51", approvals=approvals),
        replace(hers, approvals=approved(replace(hers, log_id=bytes(16)), both).approvals),
    ):
        yield (shred_line(forged),)
    # One of them was named a second time under another name, and has signed for both.
    second = Signer("somebody.else", ED25519, seed_of(both[0]))
    twice = named(folder.vault.log_id, second.verifier.vkey(), both)
    yield (twice, shred_line(approved(another, [both[0], second])))
    # They named themselves, or each other, or one of the clinic named them alone.
    themselves = [each.verifier.vkey() for each in strangers]
    by_strangers = shred_line(approved(another, strangers))
    for signers in ([], strangers, [both[0], strangers[0]], [both[0], both[0]]):
        naming = (named(folder.vault.log_id, each, signers) for each in themselves)
        yield (*naming, by_strangers)


def namings(folder: OpenFolder, both: list[Signer]) -> Iterator[Lines]:
    """The naming of a custodian alone: nothing is destroyed yet, the log's laws say no."""
    somebody, other = stranger(), stranger()
    for signers in ([], both[:1], [both[0], both[0]], [both[0], somebody], [somebody, other]):
        yield (named(folder.vault.log_id, somebody.verifier.vkey(), signers),)


def named(log_id: bytes, vkey: str, by: list[Signer]) -> Line:
    """The naming of a custodian, as these have signed it."""
    return custodian_line(log_id, vkey, signed(Custodian(vkey).statement(), by) if by else b"")


def shred_of(folder: OpenFolder, keys: tuple[bytes, ...]) -> Shred:
    """What a SHRED of these keys would say, not approved."""
    request, generation = bytes.fromhex(REQUEST), folder.keys.generation()
    return Shred(folder.vault.log_id, request, keys, (), "retention-expired", generation)


def approved(shred: Shred, by: list[Signer]) -> Shred:
    """The same, as these have signed it."""
    return replace(shred, approvals=signed(shred_statement((shred,)), by))


def seed_of(signer: Signer) -> bytes:
    """The secret of a custodian, who does with it what she likes."""
    return signer._private.private_bytes_raw()


def stranger() -> Signer:
    """Somebody whom the log never named, under the name of a custodian."""
    return Signer.generate("redteam.example/log/1/custodian-3", ED25519)


def row_of(line: Line, forgery: Forgery) -> Row:
    """A line as a row, behind the last of its stream."""
    ((_, sealer),) = line.records
    before = [row for row in forgery.rows if row.stream_id == line.stream_id]
    version, place = len(before) + 1, before[-1].position if before else None
    record = sealer(version)
    return Row(0, line.stream_id, version, CONTROL_KEY, place, 0, 0, b"", b"", record)


# 67: what the program itself is asked for


@attack(67, "approvals short, repeated, of strangers, of another request", "validation", "refused")
def approvals_that_do_not_bear_it(site: Site) -> str:
    """Asked of the program: to destroy, and to appoint; nothing is destroyed nor written."""
    both, other = custodians(site), stranger()
    before, rows = destroyed(site), len(site.rows())
    with closing(site.open()) as folder:
        shredder = shredder_of(folder)
        statement = shredder.statement(ALL_OF_ANNA)
        tried: list[tuple[Destruction, bytes]] = [
            (ALL_OF_ANNA, approvals)
            for approvals in (
                b"",
                statement.encode(),
                *(
                    signed(statement, by)
                    for by in (both[:1], [both[0]] * 2, [both[0], other], [other, stranger()])
                ),
                signed(shredder.statement(ALL_OF_BASIA), both),
            )
        ]
        good = signed(statement, both)
        tried += [
            (ALL_OF_BASIA, good),
            (replace(ALL_OF_ANNA, owners=(*ALL_OF_ANNA.owners, *ALL_OF_BASIA.owners)), good),
            (replace(ALL_OF_ANNA, request=ink.an_id("another request")), good),
            (replace(ALL_OF_ANNA, reason="wrong-client"), good),
            (replace(ALL_OF_ANNA, texts=(basias_text(folder),)), good),
        ]
        found = [code_of(lambda: shredder.destroy_now(*each)) for each in tried]  # noqa: B023 - at once
        vkey = other.verifier.vkey()
        found += [
            code_of(lambda: appoint(folder, vkey, by))  # noqa: B023 - at once
            for by in ([], both[:1], [both[0], both[0]], [both[0], other], [other, stranger()])
        ]
        twice = Verifier("somebody.else", ED25519, both[0].verifier.public).vkey()
        found += [code_of(lambda: appoint(folder, each, both)) for each in ("no key", twice)]  # noqa: B023 - at once
        whole = readable(folder, ink.ANNA) and readable(folder, ink.BASIA)
    claims = {
        "nothing destroyed": whole and destroyed(site) == before,
        "nothing written": len(site.rows()) == rows,
        "nothing condemned": not condemned(site),
        "good": site.verifying() == ACCEPTED,
    }
    return agreed(*found, *({holds(claims)} - {HELD}))


def basias_text(folder: OpenFolder) -> FreeText:
    """The text of Basia's note, closed."""
    found = text_of(folder, ink.BASIA)
    assert found is not None
    return found


def condemned(site: Site) -> bool:
    """Whether a key is marked as one that is being destroyed."""
    with site.sql("keys.db") as db:
        return bool(db.execute("SELECT 1 FROM subject_key WHERE state & 8").fetchall())
