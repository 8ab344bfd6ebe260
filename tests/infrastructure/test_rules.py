"""``clinic.conf``: strict to the last byte, absent for the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from domain.retention import Regime, Rules
from domain.settings import Settings
from infrastructure.errors import FolderRefused
from infrastructure.rules import (
    FILE,
    MOST_BYTES,
    parse,
    parse_settings,
    read_rules,
    read_settings,
    text_of,
    write_rules,
)

EVERY = [Rules(regime, hipaa=hipaa) for regime in Regime for hipaa in (False, True)]


@pytest.mark.parametrize("rules", EVERY, ids=text_of)
def test_what_was_written_is_read(tmp_path: Path, rules: Rules) -> None:
    write_rules(tmp_path, rules)
    assert read_rules(tmp_path) == rules
    assert [each.name for each in tmp_path.iterdir()] == [FILE]
    assert oct((tmp_path / FILE).stat().st_mode)[-3:] == "600"


def test_without_a_file_records_are_kept_as_a_medical_entity_keeps_them(tmp_path: Path) -> None:
    assert read_rules(tmp_path) == Rules(Regime.MEDICAL_ENTITY, hipaa=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "regime medical-entity\n",
        "hipaa no\n",
        "regime medical-entity\nhipaa no",
        "regime medical-entity\nhipaa no\n\n",
        "regime medical-entity\r\nhipaa no\r\n",
        "regime  medical-entity\nhipaa no\n",
        "regime medical-entity \nhipaa no\n",
        "regime medical-entity\nhipaa maybe\n",
        "regime medical-entity\nhipaa yes\nhipaa no\n",
        "regime hospital\nhipaa no\n",
        "Regime medical-entity\nhipaa no\n",
        "regime medical-entity\nhipaa no\nyears 1\n",
        "# regime\nregime medical-entity\nhipaa no\n",
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, newline="")
    with pytest.raises(FolderRefused, match=r"clinic\.conf: "):
        read_rules(tmp_path)


@pytest.mark.parametrize("data", [b"\xff\n", b"regime medical-entity\nhipaa no\n" * MOST_BYTES])
def test_what_is_no_text_or_too_long_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(FolderRefused, match=r"clinic\.conf: "):
        read_rules(tmp_path)


def test_a_folder_in_its_place_is_refused_without_its_path(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(FolderRefused) as refused:
        read_rules(tmp_path)
    assert str(tmp_path) not in str(refused.value)


@given(st.text(max_size=80))
def test_whatever_is_read_says_itself_again(text: str) -> None:
    try:
        found = parse(text)
    except FolderRefused:
        return
    assert sorted(text_of(found).splitlines()) == sorted(text.splitlines())


@given(st.sampled_from(EVERY), st.permutations([0, 1]))
def test_the_order_of_the_lines_means_nothing(rules: Rules, order: list[int]) -> None:
    lines = text_of(rules).splitlines()
    assert parse("".join(f"{lines[each]}\n" for each in order)) == rules


@pytest.mark.parametrize("demanded", [False, True])
def test_a_clinic_may_demand_a_contract_before_a_plan(demanded: bool) -> None:
    settled = Settings(contract_before_plan=demanded)
    assert parse_settings(text_of(Rules(), settled)) == settled


def test_a_contract_is_demanded_or_not(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"{text_of(Rules())}contract perhaps\n")
    with pytest.raises(FolderRefused, match="contract"):
        read_settings(tmp_path)
