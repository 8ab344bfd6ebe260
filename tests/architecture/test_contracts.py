"""The house keeps its contracts, and each contract notices when it is broken."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINTER = SETTINGS["tool"]["importlinter"]
PACKAGES = tuple(LINTER["root_packages"])
NAMES = {contract["id"]: contract["name"] for contract in LINTER["contracts"]}


@dataclass(frozen=True, slots=True)
class Violation:
    """One import that the house forbids."""

    contract: str
    importer: str
    imported: str


VIOLATIONS = (
    Violation("layers", "domain.planted", "projections"),
    Violation("layers", "domain.planted", "api"),
    Violation("layers", "infrastructure.planted", "projections.planted_too"),
    Violation("layers", "projections.planted", "api"),
    Violation("compose", "api.http.planted", "infrastructure.planted_too"),
    Violation("compose", "api.cli.planted", "infrastructure.planted_too"),
    Violation("compose", "api.console.planted", "infrastructure.planted_too"),
    Violation("pure-domain", "domain.planted", "eventsourcing.domain"),
    Violation("pure-domain", "domain.planted", "cryptography"),
    Violation("pure-domain", "domain.planted", "msgpack"),
    Violation("pure-domain", "domain.planted", "fastapi"),
    Violation("pure-domain", "domain.planted", "os"),
    Violation("pure-domain", "domain.planted", "random"),
    Violation("pure-domain", "domain.planted", "secrets"),
    Violation("pure-domain", "domain.planted", "socket"),
    Violation("pure-domain", "domain.planted", "sqlite3"),
    Violation("plain-projections", "projections.planted", "msgpack"),
    Violation("plain-projections", "projections.planted", "eventsourcing.persistence"),
    Violation("eventsourcing", "api.planted", "eventsourcing.persistence"),
    Violation("vault-and-ledger", "infrastructure.ledger.planted", "infrastructure.vault"),
    Violation("vault-and-ledger", "infrastructure.ledger.planted", "infrastructure.stores"),
    Violation("vault-and-ledger", "infrastructure.vault.planted", "infrastructure.ledger"),
    Violation("vault-and-ledger", "infrastructure.vault.planted", "infrastructure.stores"),
    Violation("ledger", "infrastructure.ledger.planted", "msgpack"),
    Violation("ledger", "infrastructure.ledger.planted", "domain.values"),
    Violation("ledger", "infrastructure.ledger.planted", "infrastructure.guard"),
    Violation("stores", "infrastructure.stores.memory", "infrastructure.stores.sqlite"),
    Violation("stores", "infrastructure.stores.sqlite", "infrastructure.stores.memory"),
    Violation("vocabulary", "domain.events.planted", "domain.use_cases"),
    Violation("vocabulary", "domain.events.planted", "domain.ports"),
    Violation("vocabulary", "domain.errors", "domain.ports"),
    Violation("vocabulary", "domain.values", "domain.ports"),
    Violation("aggregates", "domain.note", "domain.process_note"),
    Violation("aggregates", "domain.case", "domain.client"),
)


def place(tree: Path, module: str) -> Path:
    """The module's file in the tree, made if it is not there, as are the packages above it."""
    folder = tree
    *packages, name = module.split(".")
    for package in packages:
        single, folder = folder / f"{package}.py", folder / package
        folder.mkdir(exist_ok=True)
        if single.exists():
            single.rename(folder / "__init__.py")
        (folder / "__init__.py").touch()
    file = folder / name / "__init__.py" if (folder / name).is_dir() else folder / f"{name}.py"
    file.touch()
    return file


def broken_contracts(tree: Path) -> set[str]:
    """The ids of the contracts that the tree breaks, by the word of lint-imports itself."""
    told = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "300", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)", told.stdout, re.MULTILINE))
    assert verdicts.keys() == set(NAMES.values()), told.stdout + told.stderr
    return {short for short, name in NAMES.items() if verdicts[name] == "BROKEN"}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the four packages and their contracts, free to be spoilt."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=lambda folder, names: {
                name for name in names if not (Path(folder, name).is_dir() or name.endswith(".py"))
            },
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_house_keeps_its_contracts() -> None:
    assert broken_contracts(ROOT) == set()


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda v: f"{v.importer}->{v.imported}")
def test_a_forbidden_import_breaks_its_contract_and_no_other(
    house: Path, violation: Violation
) -> None:
    if violation.imported.split(".")[0] in PACKAGES and "." in violation.imported:
        place(house, violation.imported)
    importer = place(house, violation.importer)
    importer.write_text(f"{importer.read_text()}\nimport {violation.imported}\n")

    assert broken_contracts(house) == {violation.contract}


def test_what_composes_the_house_may_import_infrastructure(house: Path) -> None:
    place(house, "api.compose").write_text("import infrastructure\n")

    assert broken_contracts(house) == set()


def test_every_contract_has_a_planted_violation() -> None:
    assert {violation.contract for violation in VIOLATIONS} == NAMES.keys()


@pytest.mark.parametrize(
    ("contract", "admitted"),
    [("pure-domain", set()), ("plain-projections", set()), ("ledger", {"cryptography"})],
)
def test_every_dependency_is_kept_out_of_domain_projections_and_ledger(
    contract: str, admitted: set[str]
) -> None:
    [forbidden] = [
        set(each["forbidden_modules"]) for each in LINTER["contracts"] if each["id"] == contract
    ]
    dependencies = {
        re.split(r"[^a-z]", requirement, maxsplit=1)[0]
        for requirement in SETTINGS["project"]["dependencies"]
    }

    assert dependencies - admitted <= forbidden


@pytest.mark.parametrize(
    "line",
    [
        "import importlib",
        "import os",
        "from os import environ",
        "import random",
        "import secrets",
        "import time",
        "from uuid import uuid4",
        "now = datetime.datetime.now(datetime.UTC)",
    ],
)
def test_the_domain_is_refused_time_chance_and_dynamic_imports_by_name(line: str) -> None:
    planted = f"import datetime\n\n{line}\n"

    told = subprocess.run(
        [
            Path(sys.executable).with_name("ruff"),
            *("check", "--no-cache", "--select", "TID251", "--output-format", "concise"),
            *("--stdin-filename", "domain/planted.py", "-"),
        ],
        cwd=ROOT,
        input=planted,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.stdout.count("TID251") == 1, told.stdout + told.stderr
