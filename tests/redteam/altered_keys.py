"""Attacks 68 and 69: on what the key store says of its keys, by whoever may write into it.

Of each it is found out what an opening, a verification and a process that goes on make of it; and
that nothing is lost by it, once it says again what it said.

Source:
    docs of the design: security, sections 1.6, 1.7 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch

from api.compose.erasing import shredder_of
from domain.events.note import NoteDrafted
from domain.values import ClientId
from domain.wording import texts_of
from infrastructure.custodians.rotating import rotate
from infrastructure.vault import rotation
from infrastructure.vault.custody import Keyfile
from infrastructure.vault.envelope import field_place
from infrastructure.verify import verify_folder
from tests.redteam.erasing import (
    ALL_OF_ANNA,
    custodians,
    erase,
    gone,
    readable,
    with_both,
)
from tests.redteam.harness import ACCEPTED, HELD, Site, agreed, attack, code_of, holds
from tests.support import ink

NOTE = ink.drafted(ink.ANNA).stream


# 68: what it says of itself

GENERATION = "UPDATE meta SET value = ? WHERE name = 'kek_generation'"
UNDER_WAY = "INSERT OR REPLACE INTO meta VALUES('rotation', ?)"
SHREDDING = "INSERT OR REPLACE INTO meta VALUES('shredding', ?)"
NUMBERS = [each.to_bytes(8, "big") for each in (0, 2, 7, 2**40, 2**63, 2**64 - 1)] + [
    b"",
    bytes(7) + b"\x01\x00",
    b"x" * 1000,
]


@attack(
    68,
    "the key store's own words altered: generation, rotation, shredding, states",
    "refused",
    "E-KEYSTATE",
)
def altered_words(site: Site) -> str:
    begun = site.copy("begun")
    found = []
    for value in NUMBERS:
        site.damage(GENERATION, (value,), file="keys.db")
        found += [site.opening(), site.verifying()]
        site.put_back(begun)
    site.damage("DELETE FROM meta WHERE name = 'kek_generation'", file="keys.db")
    found.append(site.opening())
    site.put_back(begun)
    with patch.object(rotation, "HEARD_SECONDS", 0.0):
        for value in (1).to_bytes(8, "big"), *NUMBERS:
            site.damage(UNDER_WAY, (value,), file="keys.db")
            found.append(rotating(site))
            site.put_back(begun)
        claims = forgotten_rotation(site, begun) | while_open(site, begun)
    # Destroyed and condemned at once, with the bytes of the key beside it.
    site.damage("UPDATE subject_key SET state = 11", file="keys.db")
    found += [site.verifying(), site.reading(NOTE)]
    site.put_back(begun)
    claims |= states(site, begun) | shredding_marks(site, begun)
    return agreed(*found, *({holds(claims)} - {HELD}))


def rotating(site: Site) -> str:
    """What a rotation meets; the log must not be told of one that never was."""
    with_both(site)
    rows = len(site.rows())
    with closing(site.open()) as folder:
        code = code_of(lambda: rotate(folder, shredder_of(folder)))
    told = len(site.rows()) > rows
    return agreed(code, *(["told the log"] if told and code != ACCEPTED else []))


class Cut(BaseException):
    """The process ends here."""


@contextmanager
def cut_at(name: str) -> Iterator[None]:
    """A rotation that ends with the first batch of keys, or before the old generation goes."""

    def ends(*_: object) -> None:
        raise Cut

    place = Keyfile if name == "destroy" else rotation
    try:
        with patch.object(place, name, ends):
            yield
    except Cut:
        return


def forgotten_rotation(site: Site, begun: Path) -> dict[str, bool]:
    """A rotation is cut short, and the key store is made to forget that, or to take it back."""
    claims = {}
    for how, statements in {
        "forgotten": ["DELETE FROM meta WHERE name = 'rotation'"],
        "taken back": [
            "DELETE FROM meta WHERE name = 'rotation'",
            "UPDATE meta SET value = x'0000000000000001' WHERE name = 'kek_generation'",
        ],
    }.items():
        for cut in ("_rewrap_items", "destroy"):
            with_both(site)
            with closing(site.open()) as folder, cut_at(cut):
                rotate(folder, shredder_of(folder))
            with site.sql("keys.db") as db:
                for each in statements:
                    db.execute(each)
            with_both(site)
            with closing(site.open()) as folder:
                claims[f"reads ({how} at {cut})"] = readable(folder, ink.ANNA)
                folder.record.append_now((ink.drafted(ink.BASIA, name="between"),), ink.WHO)
                code = code_of(lambda: rotate(folder, shredder_of(folder)))
                claims[f"goes on ({how} at {cut}): {code}"] = code == ACCEPTED
                claims[f"one generation ({how} at {cut})"] = folder.custody.generations == (2,)
                claims[f"reads again ({how} at {cut})"] = readable(folder, ink.ANNA)
                claims[f"good ({how} at {cut})"] = (
                    code_of(lambda: verify_folder(folder)) == ACCEPTED
                )
            site.put_back(begun)
    return claims


def while_open(site: Site, begun: Path) -> dict[str, bool]:
    """The generation is altered under a process that goes on: it loses nothing that it took."""
    claims = {}
    with_both(site)
    for number in (0, 2, 2**64 - 1):
        with closing(site.open()) as folder:
            site.damage(GENERATION, (number.to_bytes(8, "big"),), file="keys.db")
            newcomer = ClientId(ink.an_id(f"newcomer {number}"))
            code = code_of(
                lambda: folder.record.append_now((ink.registered(newcomer),), ink.WHO)  # noqa: B023 - at once
            )
            claims[f"refused under generation {number}: {code}"] = code in (
                "E-KEYSTATE",
                "record-unavailable",
            )
            claims[f"reads under generation {number}"] = readable(folder, ink.ANNA)
            site.damage(GENERATION, ((1).to_bytes(8, "big"),), file="keys.db")
            claims[f"good again after generation {number}"] = (
                code_of(lambda: folder.record.append_now((ink.registered(newcomer),), ink.WHO))  # noqa: B023 - at once
                == code_of(lambda: verify_folder(folder))
                == ACCEPTED
            )
        site.put_back(begun)
    return claims


def states(site: Site, begun: Path) -> dict[str, bool]:
    """States of the keys of Anna's content: condemned, retired, and such as there are none."""
    claims = {}
    for state in (8, 2, 10, 4, 64, -1, 2**62):
        with closing(site.open()) as folder:
            site.damage("UPDATE subject_key SET state = ?", (state,), file="keys.db")
            folder.bell.ring()
            read = readable(folder, ink.ANNA)
            wrote = code_of(
                lambda: folder.record.append_now((ink.drafted(ink.ANNA, name="on"),), ink.WHO)
            )
            claims[f"reads, state {state}"] = read
            claims[f"writes or refuses, state {state}: {wrote}"] = wrote in (
                ACCEPTED,
                "wrong-state",
                "E-KEYSTATE",
                "record-unavailable",
            )
        with closing(site.open()) as folder:
            claims[f"reads when opened, state {state}"] = readable(folder, ink.ANNA)
            claims[f"nothing destroyed, state {state}"] = not folder.keys.rows(
                "SELECT 1 FROM subject_key WHERE wrapped IS NULL"
            )
            told = code_of(lambda: verify_folder(folder))
            claims[f"good, state {state}: {told}"] = told == ACCEPTED
        site.put_back(begun)
    return claims


def shredding_marks(site: Site, begun: Path) -> dict[str, bool]:
    """A destruction is said to be under way that is not, or that was over long ago."""
    site.damage(SHREDDING, (b"somebody's wish.",), file="keys.db")
    with closing(site.open()) as folder:
        claims = {
            "a made-up wish destroys nothing": readable(folder, ink.ANNA)
            and code_of(lambda: verify_folder(folder)) == ACCEPTED
        }
    site.put_back(begun)
    with closing(site.open()) as folder:
        erase(folder, custodians(site))
    site.put_back(begun, "keys.db")
    site.damage(SHREDDING, (bytes.fromhex(ALL_OF_ANNA.request),), file="keys.db")
    with closing(site.open()) as folder:
        claims["gone again, said to be under way"] = gone(folder, ink.ANNA)
        claims["somebody is told all the same"] = [
            each.code for each in folder.guard.incidents.all()
        ] == ["E-KEYSTATE"]
    site.put_back(begun)
    return claims


# 69: under which generation something lies


@attack(
    69,
    "generations of keys and item keys altered and swapped",
    "E-KEYSTATE",
    "E-AEAD",
    "E-PARSE",
)
def altered_generations(site: Site) -> str:
    begun = site.copy("begun")
    key_id, item_id = site.event(NOTE).key_id, item_of(site)
    key, item = (
        "UPDATE subject_key SET kek_generation = ? WHERE key_id = ?",
        "UPDATE item_key SET generation = ? WHERE item_id = ?",
    )
    found = []
    for statement, name in ((key, key_id), (item, item_id)):
        for number in (0, 2, -1, 2**40):
            site.damage(statement, (number, name), file="keys.db")
            found += [site.verifying(), words_read(site)]
            site.put_back(begun)
    # In the middle of a rotation, when two generations open: a row under the other's number.
    with patch.object(rotation, "HEARD_SECONDS", 0.0):
        with_both(site)
        with closing(site.open()) as folder, cut_at("_rewrap_secrets"):
            rotate(folder, shredder_of(folder))
        middle = site.copy("middle")
        for statement, name in ((key, key_id), (item, item_id)):
            site.damage(statement, (1, name), file="keys.db")
            found += [site.verifying(), words_read(site), rotating(site)]
            site.put_back(middle)
        # Rows of the old generation beside the number of the new one; then as they were, whole.
        found += swapped(site, begun, middle, generations=False)
        claims = {"whole rows of before": swapped(site, begun, middle, generations=True) == [HELD]}
        # After its end: neither opens.
        rotating(site)
        ended = site.copy("ended")
        found += swapped(site, begun, ended, generations=False)
        for statement, name in ((key, key_id), (item, item_id)):
            site.damage(statement, (1, name), file="keys.db")
            found += [site.verifying(), words_read(site)]
            site.put_back(ended)
    return agreed(*found, *({holds(claims)} - {HELD}))


def item_of(site: Site) -> bytes:
    """The item key of the text of Anna's note."""
    with closing(site.open()) as folder:
        event = folder.record.read(NOTE)[0].event
    assert isinstance(event, NoteDrafted)
    (text,) = texts_of(event)
    assert text.sealed is not None
    return field_place(text.sealed)[0]


def words_read(site: Site) -> str:
    """The code of reading the words of Anna's note, as somebody does who looks at it."""
    with closing(site.open()) as folder:
        return code_of(lambda: readable(folder, ink.ANNA))


def swapped(site: Site, old: Path, now: Path, *, generations: bool) -> list[str]:
    """Put what was wrapped of old back, with its generation or without; then as it is now."""
    which = ", kek_generation" if generations else ""
    items = ", escrow, generation" if generations else ""
    codes = []
    for table, columns in (("subject_key", f"wrapped{which}"), ("item_key", f"wrapped{items}")):
        name = "key_id" if table == "subject_key" else "item_id"
        with site.sql("keys.db") as db:
            db.execute("ATTACH ? AS old", (str(old / "keys.db"),))
            for column in columns.split(", "):
                db.execute(
                    f"UPDATE main.{table} SET {column} = (SELECT {column} FROM old.{table} AS it"  # noqa: S608 - ours
                    f" WHERE it.{name} = main.{table}.{name})"
                    f" WHERE {name} IN (SELECT {name} FROM old.{table})"
                )
        if generations:
            codes.append(rotating(site))
            with closing(site.open()) as folder:
                whole = readable(folder, ink.ANNA) and readable(folder, ink.BASIA)
            codes += [site.verifying(), ACCEPTED if whole else "lost"]
        else:
            codes += [site.verifying(), words_read(site)]
        site.put_back(now)
    return [HELD] if generations and set(codes) == {ACCEPTED} else codes
