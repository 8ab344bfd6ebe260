"""Attacks 23 to 44: on the log as it lies in the database, and while it is being written.

The attacker is the database's administrator: he may write whatever he likes into the file, and has
not the key by which writers' rows are told from others. Where he is somebody else, it is said.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from domain.errors import IntegrityIncident, Stale
from infrastructure.anchor.proofs import Proofs
from infrastructure.control import control_stream
from infrastructure.folder import OpenFolder
from infrastructure.ledger.check import Row
from infrastructure.ledger.control import ControlKind, Recovery, recovery_stream
from infrastructure.ledger.errors import LedgerError
from infrastructure.ledger.tiles import TileFolder, TileWriter
from infrastructure.stores.sqlite import SqliteStore
from infrastructure.vault.envelope import control
from tests.redteam.dying import COMMITTED, FULL, PINNED, Dying, append, command
from tests.redteam.harness import (
    ACCEPTED,
    CONTROL_KEY,
    HELD,
    Forgery,
    Site,
    agreed,
    attack,
    code_of,
    entry_of,
    holds,
)
from tests.redteam.sites import (
    Auditor,
    clinics_time,
    cut_off,
    exported,
    looked,
    rewritten,
    signed_anew,
)
from tests.support import ink
