"""``powiernik broker``: what an operator asks, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli.broker import group
from infrastructure.broker.protocol import Ask
from tests.infrastructure.broker.asking import broken_into, outcome
from tests.support.brokers import House


def asked(*words: object) -> Result:
    return CliRunner().invoke(group, [str(each) for each in words])


def test_an_operator_sees_alarms_and_settles_them(home: House) -> None:
    where = ("--socket", home.socket)
    assert asked("alarms", *where).exit_code == 0
    with broken_into(home) as intruder:
        (row, *_) = intruder.content_rows(intruder.clinic.people.client)
        outcome(lambda: intruder.ask(Ask.POLICY_KEY, row[0]))
    found = asked("alarms", *where)
    told = json.loads(found.stdout)
    assert (found.exit_code, told["code"], told["times"]) == (1, "no-entry", 1)
    compared = asked("reconcile", *where, "--json")
    assert compared.exit_code == 1
    assert json.loads(compared.stdout)["refusals"] == 1
    assert asked("settle", *where, told["alarm"]).exit_code == 0
    assert asked("settle", *where, told["alarm"]).exit_code == 2
    assert asked("alarms", *where).exit_code == 0
    assert asked("reconcile", *where).exit_code == 0


@pytest.mark.parametrize("quota", ["reads", "reads=", "reads=0", "reads=-1", "sees=5", "reads=²"])
def test_a_quota_that_is_none_is_refused(tmp_path: Path, quota: str) -> None:
    found = asked("--socket", tmp_path / "s", "--quota", quota)
    assert found.exit_code == 2
    assert "NAME=NUMBER" in found.output


def test_a_broker_has_to_be_told_where_to_listen() -> None:
    assert "--socket" in asked().output
