"""The conformance suites of the ``eventsourcing`` library, fit for import.

Their module imports the library's older cipher, which needs a package that we don't install; none
of the suites that we run touches it, so that a stand-in takes its place where it is missing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType


def _suites() -> ModuleType:
    try:
        importlib.import_module("eventsourcing.cipher")
    except ModuleNotFoundError:
        stand_in = ModuleType("eventsourcing.cipher")
        stand_in.__dict__["AESCipher"] = None
        sys.modules["eventsourcing.cipher"] = stand_in
        try:
            return importlib.import_module("eventsourcing.tests.persistence")
        finally:
            # Whoever else asks for the cipher is told that it is not there.
            del sys.modules["eventsourcing.cipher"]
    return importlib.import_module("eventsourcing.tests.persistence")


SUITES = _suites()
