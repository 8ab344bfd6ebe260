"""A large recording, in and out: nothing of it is ever in memory but a few chunks."""

from __future__ import annotations

import os
import resource
import time
from datetime import timedelta
from hashlib import sha256

import pytest

from domain.attachment import CHUNK
from domain.use_cases import attachments
from infrastructure.backup.make import back_up
from infrastructure.backup.manifest import BackupSet
from infrastructure.backup.restore import Wanted, restore
from infrastructure.verify import verify_folder
from tests.support.attachments import allow, begin, look, noise, put, store, tape
from tests.support.clinic import SmallClinic
from tests.support.figures import say

pytestmark = pytest.mark.endurance

MEBIBYTES = int(os.environ.get("POWIERNIK_RECORDING", "1024"))
_MOST_GROWTH = 96 * 1024
"""KiB that the process may grow by, whatever the size."""


def test_a_recording_of_a_gigabyte_goes_in_out_and_through_a_backup(
    clinic: SmallClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    case, piece = clinic.open_case(), noise(CHUNK)
    allow(clinic, clinic.people.client)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    attachment = begin(clinic, case, MEBIBYTES * CHUNK, tape(clinic.people.anna))
    digest = sha256()
    for number in range(1, MEBIBYTES + 1):
        put(clinic, case, attachment, number, piece)
        digest.update(piece)
    sent = time.monotonic()
    store(clinic, case, attachment, digest.hexdigest())
    kept = time.monotonic()
    state, opening = look(clinic, case, attachment)

    async def read() -> str:
        found = sha256()
        async for each in attachments.read_bytes(clinic.clinic.attachments, state, opening):
            found.update(each)
        return found.hexdigest()

    assert clinic.run(read()) == digest.hexdigest()
    out = time.monotonic()
    folder = clinic.clinic.folder
    assert verify_folder(folder).attachments == 1
    places = {kind: folder.layout.folder.with_name("sets") / kind.word for kind in BackupSet}
    back_up(folder, folder.custody, places, keep_keys=timedelta(days=1))
    target = folder.layout.folder.with_name("restored")
    restored = restore(target, folder.custody, Wanted(places), clock=clinic.clock)
    assert (restored.found.contents.attachments, restored.found.contents.damaged) == (1, 0)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < _MOST_GROWTH
    say(
        capsys,
        f"a recording of {MEBIBYTES} MiB: {MEBIBYTES / (sent - began):.0f} MiB/s in,"
        f" {kept - sent:.0f} s to put together, {MEBIBYTES / (out - kept):.0f} MiB/s out,"
        f" {grown / 1024:.0f} MiB more memory at its most",
    )
