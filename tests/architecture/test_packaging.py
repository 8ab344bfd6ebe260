import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("run.txt", "dev.txt")
PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^ \\;]+)")


def pins(lock: str) -> dict[str, str]:
    """The lock's pinned versions by project."""
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    return {pin["name"]: pin["version"] for line in lines if (pin := PIN.match(line))}


def project() -> dict[str, list[str]]:
    """The project table of pyproject.toml."""
    table: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def first_name(requirement: str) -> str:
    """The name that a requirement opens with."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_place(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()

    found = [
        line
        for line in text.splitlines()
        if re.search(r"http(?!core|tools|x)|index-url|find-links|://|@ |(^|\s)/", line)
    ]

    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_carries_hashes(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if not line.lstrip().startswith("#")]

    unpinned = [entry for entry in entries if not PIN.match(entry)]
    unhashed = [entry for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)]

    assert entries
    assert unpinned == []
    assert unhashed == []


def test_work_on_the_house_happens_on_the_versions_that_it_runs_on() -> None:
    assert pins("dev.txt").items() >= pins("run.txt").items()


def test_every_declared_dependency_is_pinned() -> None:
    declared = {first_name(requirement) for requirement in project()["dependencies"]}

    assert declared <= pins("run.txt").keys()


def test_every_tool_is_pinned() -> None:
    lines = (ROOT / "requirements/dev.in").read_text().splitlines()
    tools = {first_name(line) for line in lines if line and not line.startswith("#")}

    assert tools <= pins("dev.txt").keys()


def test_no_file_of_the_frame_names_a_package_index() -> None:
    frame = [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci/run"]
    frame += sorted((ROOT / "requirements").iterdir())

    naming = [path.name for path in frame if re.search(r"https?://|file://", path.read_text())]

    assert naming == []
