"""What every test may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.support.fixtures"]

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared beside the repository; mark what asks for it `shared`."""
    folder = Path(__file__).parents[1].parent / "shared"
    if not folder.is_dir():
        missing = "the folder ../shared is missing beside the repository"
        if os.environ.get("POWIERNIK_REQUIRE_SHARED") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder
