"""One sealed chunk: what goes in comes out in its own place, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from infrastructure.errors import Broken
from infrastructure.vault.envelope import (
    ChunkPlace,
    chunk_header,
    open_chunk,
    padded_size,
    seal_chunk,
    sealed_chunk_size,
)
from tests.support.attachments import noise

LOG, ITEM, ATTACHMENT = (bytes([each]) * 16 for each in (1, 2, 3))
KEY = bytes([4]) * 32
PLACES = st.builds(
    ChunkPlace, st.binary(min_size=16, max_size=16), st.integers(1, 2**40), st.booleans()
)
SIZES = st.integers(1, 70_000)


class TestAChunk:
    @given(SIZES, PLACES)
    @settings(max_examples=60)
    def test_comes_out_as_it_went_in(self, size: int, place: ChunkPlace) -> None:
        plain = noise(size)
        sealed = seal_chunk(KEY, ITEM, LOG, place, plain)
        assert len(sealed) == sealed_chunk_size(size)
        assert size < 16 or plain[:16] not in sealed
        assert chunk_header(sealed) == (ITEM, place, LOG)
        found, padded = open_chunk(KEY, {LOG}, sealed)
        assert (found, padded) == (place, plain.ljust(padded_size(size), b"\0"))

    @given(st.data())
    @settings(max_examples=150)
    def test_with_any_bit_flipped_opens_nowhere(self, data: st.DataObject) -> None:
        sealed = seal_chunk(KEY, ITEM, LOG, ChunkPlace(ATTACHMENT, 3, last=True), noise(700))
        bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Broken):
            open_chunk(KEY, {LOG}, bytes(flipped))

    @given(st.integers(0, 2000))
    def test_cut_short_or_made_longer_opens_nowhere(self, size: int) -> None:
        sealed = seal_chunk(KEY, ITEM, LOG, ChunkPlace(ATTACHMENT, 3, last=True), noise(700))
        for other in (sealed[:size], sealed + b"\0" * (size + 1)):
            if other != sealed:
                with pytest.raises(Broken):
                    open_chunk(KEY, {LOG}, other)

    @pytest.mark.parametrize(
        ("key", "logs"), [(bytes(32), {LOG}), (KEY, {bytes(16)}), (KEY, set[bytes]())]
    )
    def test_of_another_key_or_log_opens_nowhere(self, key: bytes, logs: set[bytes]) -> None:
        sealed = seal_chunk(KEY, ITEM, LOG, ChunkPlace(ATTACHMENT, 1, last=False), b"words")
        with pytest.raises(Broken):
            open_chunk(key, logs, sealed)

    def test_is_never_sealed_alike_twice(self) -> None:
        place = ChunkPlace(ATTACHMENT, 1, last=True)
        assert len({seal_chunk(KEY, ITEM, LOG, place, b"words") for _ in range(50)}) == 50
