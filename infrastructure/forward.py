"""Brings a data folder of an older format forward."""

from __future__ import annotations

import shutil
from contextlib import closing

from infrastructure.clinic_secrets import SECRETS, add_secrets, read_secret
from infrastructure.guard.pin import PinnedHead
from infrastructure.layout import Layout, structure, write_format
from infrastructure.vault.custody import (
    Custody,
)
from infrastructure.vault.keystore import KeyStore


def bring_forward(layout: Layout, custody: Custody, log_id: bytes) -> None:
    """From an older format: a copy of the key store is kept, secrets are added, the head is pinned.

    It can be cut short anywhere and done again; the format is written last.
    """
    copy = layout.keys.with_name(f"keys.db.{layout.format.read_text().strip().replace(' ', '-')}")
    if not copy.exists():
        making = copy.with_suffix(".new")
        shutil.copyfile(layout.keys, making)
        making.chmod(0o600)
        making.rename(copy)
    KeyStore.bring_forward(layout.keys)
    with (
        closing(KeyStore(layout.keys, log_id)) as keys,
        closing(structure(layout.record)) as store,
    ):
        missing = [name for name in SECRETS if keys.secret(name) is None]
        # A folder that has these was brought forward before: its head is pinned, or was taken away.
        if "receipts" in missing:
            append_key = read_secret(keys, custody, log_id, "append")
            standing = store.standing()
            with closing(PinnedHead(layout.head, log_id, append_key)) as pin:
                pin.note(standing.size, standing.range_bytes)
        add_secrets(keys, custody, log_id, missing)
    write_format(layout)
