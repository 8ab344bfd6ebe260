"""The red team itself: its list is whole, and it tells an attack that was found from one that was not.

All attacks are run by `make redteam`; here are a handful that take no time.
"""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from infrastructure.ledger import check
from tests.redteam.__main__ import main
from tests.redteam.harness import ACCEPTED, ATTACKS, NUMBERS, WAITING, Attack, Site, agreed
from tests.redteam.suite import attacks, run, waiting

QUICK = (2, 8, 13)


def test_every_number_of_the_list_is_run_or_waits() -> None:
    assert sorted([*ATTACKS, *WAITING]) == list(NUMBERS)
    assert len(ATTACKS) >= 45
    assert all(each.title and each.why for each in waiting())
    assert all(ACCEPTED not in each.expects for each in attacks())


@pytest.mark.parametrize("number", QUICK)
def test_an_attack_is_found_under_its_code(number: int) -> None:
    result = run(ATTACKS[number])
    assert result.good, result


def test_a_detection_that_is_broken_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "leaf_hash", lambda _: bytes(32))
    monkeypatch.setattr(check, "check_record", lambda *_args, **_more: None)
    assert not run(ATTACKS[2]).good


@pytest.mark.parametrize("found", [ACCEPTED, "", "E-LEAF", "E-BIND, accepted", "stray KeyError"])
def test_only_what_is_expected_is_good(found: str) -> None:
    assert not Attack(2, "swapped", ("E-BIND", "E-AEAD"), lambda _: "").met(found)


def test_codes_are_told_once_and_in_order() -> None:
    assert agreed("E-LEAF", "E-AEAD, E-LEAF", "E-AEAD") == "E-AEAD, E-LEAF"


def test_an_attack_that_fails_itself_is_no_detection() -> None:
    def clumsy(site: Site) -> str:
        site.damage("UPDATE record SET leaf = zeroblob(32) WHERE pos = 1000000")
        return "E-LEAF"

    result = run(Attack(27, "hits nothing", ("E-LEAF",), clumsy))
    assert (result.found, result.good) == ("stray AssertionError", False)
    assert "hit nothing" in result.trace


def test_the_command_tells_programs_and_people_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = CliRunner().invoke(main, ["--only", "2,62", "--json"])
    told = json.loads(found.stdout)
    assert (found.exit_code, [each["ok"] for each in told["attacks"]]) == (0, [True])
    assert [each["number"] for each in told["waiting"]] == [62]
    undetected = Attack(2, "swapped", ("E-BIND",), lambda _: ACCEPTED)
    monkeypatch.setitem(ATTACKS, 2, undetected)
    found = CliRunner().invoke(main, ["--only", "2,62"])
    assert found.exit_code == 1
    assert "NOT" in found.stdout
    assert "1 accepted" in found.stdout
    assert CliRunner().invoke(main, ["--only", "65"]).exit_code == 2
