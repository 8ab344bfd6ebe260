"""Offices to ask: one per module for tests that leave each other in peace, one of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from infrastructure import accounts
from tests.api.http.support import Office, open_office
from tests.support.clinic import Founded


def _light(password: str) -> str:
    """As in service, at the least that Argon2 can cost."""
    kdf = Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8)
    return kdf.derive_phc_encoded(password.encode())


@pytest.fixture(scope="session", autouse=True)
def _light_passwords() -> Iterator[None]:
    """Passwords that cost nothing to try; what they cost in service is a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "hash_password", _light)
        patch.setattr(accounts, "_nobodys", lambda: _light("nobody's"))
        yield


@pytest.fixture(scope="module")
def office(founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office that a module's tests share."""
    with open_office(founded, tmp_path_factory.mktemp("office") / "clinic") as opened:
        yield opened


@pytest.fixture
def own_office(founded: Founded, tmp_path: Path) -> Iterator[Office]:
    """An office of the test's own, which it may break."""
    with open_office(founded, tmp_path / "clinic") as opened:
        yield opened


@pytest.fixture
def slow_office(founded: Founded, tmp_path: Path) -> Iterator[Office]:
    """An office whose projections stand still until they are told to catch up."""
    with open_office(founded, tmp_path / "clinic", follow=False) as opened:
        yield opened
