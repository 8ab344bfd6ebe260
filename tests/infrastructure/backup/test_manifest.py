"""The manifest as text: what is written is read again, and only that."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from infrastructure.backup.manifest import (
    PART_SIZE,
    BackupSet,
    File,
    Head,
    Manifest,
    Part,
    parse,
    parts_of,
)
from infrastructure.errors import Broken

KEY = bytes(range(32))
a_digest = st.binary(min_size=32, max_size=32)
a_time = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made UTC
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
NAMES = {
    BackupSet.RECORD: ("record.db", "FORMAT", "custodian-12.key", "log.retired-3/anchors/77.tsr"),
    BackupSet.KEYS: ("keys.db",),
    BackupSet.ACCOUNTS: ("accounts.db",),
}


@st.composite
def a_file(draw: st.DrawFn, name: str) -> File:
    """A file of up to a few parts."""
    size = draw(st.integers(0, 3 * PART_SIZE))
    sizes = [min(PART_SIZE, size - number * PART_SIZE) for number in range(parts_of(size))]
    return File(name, size, draw(a_digest), tuple(Part(each, draw(a_digest)) for each in sizes))


@st.composite
def a_manifest(draw: st.DrawFn) -> Manifest:
    """A set of any kind, whole or begun."""
    kind = draw(st.sampled_from(BackupSet))
    head = Head(
        backup=draw(st.binary(min_size=16, max_size=16)).hex(),
        kind=kind,
        made=draw(a_time),
        expires=draw(st.none() | a_time),
        log_id=draw(st.binary(min_size=16, max_size=16)),
        origin="clinic.example/log/1",
        size=draw(st.integers(0, 2**62)),
        root=draw(a_digest),
        published=draw(st.integers(0, 2**62)),
        generation=draw(st.integers(0, 2**31)),
        wrapped=draw(st.binary(min_size=33, max_size=200)),
        lasting=draw(st.just(b"") | st.binary(min_size=33, max_size=200)),
    )
    names = draw(st.lists(st.sampled_from(NAMES[kind]), unique=True))
    return Manifest(head, tuple(draw(a_file(each)) for each in names))


@given(a_manifest())
def test_what_was_written_is_read_again(manifest: Manifest) -> None:
    assert parse(manifest.encode(KEY)).verified(KEY) == manifest


@given(a_manifest(), st.binary(min_size=32, max_size=32).filter(lambda each: each != KEY))
def test_another_key_believes_nothing(manifest: Manifest, other: bytes) -> None:
    with pytest.raises(Broken, match="E-AUTH"):
        parse(manifest.encode(KEY)).verified(other)


@given(a_manifest(), st.data())
def test_what_is_altered_is_refused_or_not_believed(
    manifest: Manifest, data: st.DataObject
) -> None:
    text = bytearray(manifest.encode(KEY))
    text[data.draw(st.integers(0, len(text) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Broken):
        parse(bytes(text)).verified(KEY)


@given(st.binary(max_size=300))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(Broken):
        parse(data)
