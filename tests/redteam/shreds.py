"""Attacks 36, 58 and 67: on destroying itself. What nobody approved is destroyed nowhere, what was
destroyed never comes back.

Whoever attacks has the files (a DBA), or the key of the writers as well, or one custodian's key.

Source:
    docs of the design: security, sections 1.7 and 7.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from api.compose.erasing import shredder_of
from domain.confidentiality import Owner, OwnerKind
from domain.ports import Destruction
from domain.values import FreeText
from infrastructure.backup.restore import Wanted, restore
from infrastructure.control import custodian_line, retire_line, shred_line
from infrastructure.custodians.appointing import appoint
from infrastructure.custodians.rotating import rotate
from infrastructure.folder import OpenFolder
from infrastructure.guard.incidents import Incidents
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import Custodian, log_id_of
from infrastructure.ledger.key_control import Shred, shred_statement, shred_stream
from infrastructure.ledger.note import ED25519, Signer, Verifier
from infrastructure.stores.contract import Line
from infrastructure.vault.custody import unlock
from infrastructure.verify import verify_folder
from tests.redteam.erasing import (
    ALL_OF_ANNA,
    REQUEST,
    custodians,
    destroyed,
    enter,
    erase,
    gone,
    keys_of,
    readable,
    signed,
    text_of,
    with_both,
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
from tests.redteam.keys_and_access import without_the_key_encryption_key
from tests.redteam.log_layer import added, control_records_forged
from tests.support import ink
from tests.support.backups import Trio

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
        for by in ([], both[:1], [both[0], both[0]], [both[0], other], [other, stranger()]):
            found.append(code_of(lambda: appoint(folder, vkey, by)))  # noqa: B023 - at once
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


# 58: what was destroyed is brought back


@attack(58, "destroyed keys brought back: by hand, as a file, from a backup", HELD)
def brought_back(site: Site) -> str:
    """A key store of before, whole or row by row, before the rotation and after it; and backups."""
    begun = site.copy("begun")
    claims = {"opens nothing without its KEK": without_the_key_encryption_key(site) in NOTHING}
    site.put_back(begun)
    both = custodians(site)
    with_both(site)
    yesterday, trio = site.copy("yesterday"), Trio(site.place / "sets")
    with closing(site.open()) as folder:
        trio.made(folder)
        erase(folder, both)
        after_the_shred = site.copy("after")
    claims |= put_back_now(site, yesterday, "before the rotation")
    claims |= brought_back_while_open(site, yesterday)
    claims |= from_a_backup(site, trio, yesterday)
    site.put_back(after_the_shred)
    with_both(site)
    with closing(site.open()) as folder:
        rotate(folder, shredder_of(folder))
    rotated = site.copy("rotated")
    # Under the new key-encryption key alone nothing of yesterday opens.
    site.put_back(yesterday, "keys.db")
    codes = agreed(site.opening(), site.verifying())
    claims["yesterday's keys under the new KEK"] = codes == "refused"
    site.put_back(rotated)
    rows_put_back(site, yesterday, items=False)
    claims |= found_again(site, "their rows after the rotation")
    site.put_back(rotated)
    rows_put_back(site, yesterday)
    claims["item keys of yesterday's generation"] = site.verifying() == "E-KEYSTATE"
    # Whoever kept the keyfile as well opens what is left, and that is not what was destroyed.
    site.put_back(rotated)
    site.put_back(yesterday, "keys.db", "kek.key")
    with_both(site)
    claims |= found_again(site, "the keyfile too")
    site.put_back(rotated)
    with_both(site)
    claims |= too_late(site, trio)
    return holds(claims)


NOTHING = {"E-AEAD, refused", "E-AEAD", "refused"}


def put_back_now(site: Site, yesterday: Path, when: str) -> dict[str, bool]:
    """Yesterday's key store, whole and row by row, under today's log."""
    good = site.copy("good")
    site.put_back(yesterday, "keys.db")
    claims = found_again(site, f"a key store {when}")
    site.put_back(good)
    rows_put_back(site, yesterday)
    claims |= found_again(site, f"rows {when}")
    site.put_back(good)
    return claims


def rows_put_back(site: Site, yesterday: Path, *, items: bool = True) -> None:
    """Put the rows of keys back that were destroyed, and of item keys those of everybody."""
    with site.sql("keys.db") as db:
        db.execute("ATTACH ? AS old", (str(yesterday / "keys.db"),))
        gone_rows = "SELECT key_id FROM main.subject_key WHERE wrapped IS NULL"
        changed = db.execute(
            "REPLACE INTO main.subject_key SELECT * FROM old.subject_key"
            f" WHERE key_id IN ({gone_rows})"
        ).rowcount
        if items:
            db.execute("REPLACE INTO main.item_key SELECT * FROM old.item_key")
        assert changed > 0, "the attack hit nothing"


def found_again(site: Site, how: str) -> dict[str, bool]:
    """What holds when the clinic is opened next: destroyed again, and somebody is told."""
    before = len(incidents_of(site))
    opens = site.opening()
    return {
        f"opens, {how}": opens == ACCEPTED,
        f"an incident, {how}": "E-KEYSTATE" in incidents_of(site)[before:],
        f"gone again, {how}": is_gone(site),
    }


def incidents_of(site: Site) -> list[str]:
    """The codes that were written down, read without opening the clinic."""
    return [each.code for each in Incidents(site.layout.incidents).all()]


def is_gone(site: Site) -> bool:
    """Whether Anna's content is gone and Basia's is whole."""
    with closing(site.open(pinned=False)) as folder:
        return gone(folder, ink.ANNA) and readable(folder, ink.BASIA)


def brought_back_while_open(site: Site, yesterday: Path) -> dict[str, bool]:
    """Rows put back under a process that goes on, which would not open the folder anew."""
    good = site.copy("running")
    with closing(site.open()) as folder:
        rows_put_back(site, yesterday)
        for rings in (0, 1):
            for _ in range(rings):
                folder.bell.ring()
            read = readable(folder, ink.ANNA)
            told = code_of(lambda: verify_folder(folder))
        claims = {
            "nothing read by a process that goes on": not read,
            "found by it when it verifies": told == "E-KEYSTATE",
        }
    site.put_back(good)
    return claims


def from_a_backup(site: Site, trio: Trio, yesterday: Path) -> dict[str, bool]:
    """Sets of before the destruction, restored with the newer log and without it."""
    claims = {}
    target = site.place / "restored"
    wanted = Wanted(trio.places, log=site.path, accept_unreadable=True)
    restore(target, unlock(yesterday / "kek.key", site.passphrases[0]), wanted)
    live, site.path = site.path, target
    shutil.copy(yesterday / "kek.key", target)
    claims["gone in what was restored with the newer log"] = is_gone(site)
    site.path = live
    shutil.rmtree(target)
    return claims


def too_late(site: Site, trio: Trio) -> dict[str, bool]:
    """The same sets after the rotation, with the key-encryption key that there is now."""
    wanted = Wanted(trio.places, log=site.path, accept_unreadable=True)
    code = code_of(lambda: restore(site.place / "late", site.custody, wanted))
    return {"sets open nothing after the rotation": code == "refused"}
