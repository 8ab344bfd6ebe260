"""The red team itself: its list is whole, and what was not found is told as not found.

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

QUICK = (8, 13)


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


def test_the_command_runs_what_it_is_asked_for() -> None:
    found = CliRunner().invoke(main, ["--only", "2,13", "--json"])
    told = json.loads(found.stdout)
    assert (found.exit_code, [each["ok"] for each in told["attacks"]]) == (0, [True, True])
    assert [each["number"] for each in told["waiting"]] == [13]
    assert CliRunner().invoke(main, ["--only", "73"]).exit_code == 2
    assert CliRunner().invoke(main, ["--only", "two"]).exit_code == 2


def test_an_attack_that_goes_astray_or_is_accepted_is_told_and_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def clumsy(site: Site) -> str:
        site.damage("UPDATE record SET leaf = zeroblob(32) WHERE pos = 1000000")
        return "E-LEAF"

    monkeypatch.setitem(ATTACKS, 27, Attack(27, "hits nothing", ("E-LEAF",), clumsy))
    monkeypatch.setitem(ATTACKS, 28, Attack(28, "hits", ("E-LEAF",), lambda _: ACCEPTED))
    found = CliRunner().invoke(main, ["--only", "27,28"])
    assert found.exit_code == 1
    assert found.stdout.count("NOT") == 2
    assert "stray AssertionError" in found.stdout
    assert "hit nothing" in found.stderr
    assert "2 attacks run: 0 found under the expected code, 2 not, 1 accepted" in found.stdout
