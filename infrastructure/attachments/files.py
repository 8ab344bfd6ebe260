"""The domain's ``Attachments``: seals chunks as they come, puts them together, opens them to read.

A chunk is in memory while it is sealed or opened, and no two of one transfer are. What is on the
disk is sealed. Putting an upload together goes over every byte once: the sealed ones for the seal
that the log binds, the opened ones for the digest that the uploader stated.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from hashlib import sha256
from itertools import count
from typing import cast

from domain.attachment import chunks_of, size_of_chunk
from domain.errors import IntegrityIncident, Invalid, RecordUnavailable, Sealed, WrongState
from domain.ports import Opening, SealedFile
from domain.values import Circumstances, ItemId
from infrastructure.attachments.place import MAKING, Place
from infrastructure.batch import Vault
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken, KeyGone
from infrastructure.guard.watch import Guard
from infrastructure.sharing import file_mode
from infrastructure.vault.envelope import ChunkPlace, chunk_header, field_place
from infrastructure.vault.port import Opened

OpenChunk = Callable[[bytes], bytes]


class AttachmentFiles:
    """The attachments of one open data folder."""

    def __init__(self, place: Place, vault: Vault, guard: Guard) -> None:
        self._place = place
        self._vault = vault
        self._guard = guard

    async def put(self, file: SealedFile, number: int, data: bytes) -> None:
        """Seal a chunk and keep it durably; see ``domain.ports.Attachments``."""
        await asyncio.to_thread(self._put, file, number, data)

    async def missing(self, file: SealedFile) -> tuple[int, ...]:
        """Which chunks are not there yet."""
        return await asyncio.to_thread(self._place.missing, file.attachment, file.size)

    async def close(self, file: SealedFile, digest: str, who: Circumstances) -> str:
        """Put the chunks together and return the seal; see ``domain.ports.Attachments``."""
        return await asyncio.to_thread(self._close, file, digest, who)

    async def settle(self, attachment: ItemId) -> None:
        """Take away what is left of an upload."""
        await asyncio.to_thread(self._place.drop_upload, attachment)

    async def drop(self, attachment: ItemId) -> None:
        """Take away every byte."""
        await asyncio.to_thread(self._place.drop, attachment)

    async def read(
        self, file: SealedFile, opening: Opening, first: int = 1
    ) -> AsyncIterator[bytes]:
        """The bytes from a chunk on; see ``domain.ports.Attachments``."""
        chunks = self._read(file, cast("Opened", opening).chunk, first)
        try:
            while (plain := await asyncio.to_thread(next, chunks, None)) is not None:
                yield plain
        finally:
            chunks.close()

    def _put(self, file: SealedFile, number: int, data: bytes) -> None:
        vault = self._vault
        place = _chunk(file, number)
        try:
            sealed = vault.items.seal_chunk(item_of(file), vault.log_id, place, data)
        except KeyGone:
            raise Sealed from None
        try:
            self._place.keep(file.attachment, number, sealed)
        except OSError:
            # The disk is full, or gone: what came before is there, and this one can come again.
            raise RecordUnavailable from None

    def _close(self, file: SealedFile, digest: str, who: Circumstances) -> str:
        open_chunk = self._opening_for(who)
        if self._place.missing(file.attachment, file.size):
            return self._closed_before(file, digest, open_chunk)
        found, seal = sha256(), sha256()
        making, done = self._place.folder / f"{file.attachment}{MAKING}", 0
        mode = file_mode(self._place.folder)
        try:
            descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(descriptor, "wb") as whole:
                for sealed, plain in opened(self._uploaded(file), file, open_chunk):
                    found.update(plain)
                    seal.update(sealed)
                    whole.write(sealed)
                    done += 1
                whole.flush()
                os.fsync(whole.fileno())
            _must_have(found.hexdigest(), digest)
            making.replace(self._place.whole(file.attachment))
            sync_folder(self._place.folder)
        except Broken:
            self._place.drop_chunk(file.attachment, done + 1)
            raise WrongState("A chunk is not what was sent; send it again") from None
        except KeyGone:
            raise Sealed from None
        except OSError:
            raise RecordUnavailable from None
        finally:
            making.unlink(missing_ok=True)
        return seal.hexdigest()

    def _closed_before(self, file: SealedFile, digest: str, open_chunk: OpenChunk) -> str:
        """The seal of a file that was put together before, when nothing came of it in the log."""
        found, seal = sha256(), sha256()
        try:
            for sealed, plain in opened(
                self._place.chunks(file.attachment, file.size), file, open_chunk
            ):
                found.update(plain)
                seal.update(sealed)
        except Broken:
            raise WrongState("Not every chunk is there yet") from None
        _must_have(found.hexdigest(), digest)
        return seal.hexdigest()

    def _uploaded(self, file: SealedFile) -> Iterator[bytes]:
        for number in range(1, chunks_of(file.size) + 1):
            sealed = self._place.chunk(file.attachment, number, file.size)
            if sealed is None:
                raise WrongState("Not every chunk is there yet")
            yield sealed

    def _opening_for(self, who: Circumstances) -> OpenChunk:
        """How whoever stores her upload has it gone over: in her name, where keys are elsewhere."""
        folding = self._vault.broker.folding(who)
        if folding is not None:
            return folding.chunk
        items, log_ids = self._vault.items, self._vault.lineage.ids
        return lambda sealed: items.open_chunk(log_ids, sealed)

    def _read(
        self, file: SealedFile, open_chunk: OpenChunk, first: int
    ) -> Generator[bytes, None, None]:
        """Each chunk once it is verified.

        An older sealing of a chunk that was sent twice opens as well: so before the last chunk
        leaves, the file has to bear the seal that the log binds.
        """
        seal = sha256()
        last = chunks_of(file.size)
        try:
            found = opened(
                self._place.chunks(file.attachment, file.size, first), file, open_chunk, first
            )
            for number, (sealed, plain) in zip(count(first), found, strict=False):
                seal.update(sealed)
                if first == 1 and number == last and seal.hexdigest() != file.seal:
                    raise Broken("E-LEAF", "the file of an attachment is not what was sealed")
                yield plain
        except KeyGone:
            raise Sealed from None
        except Broken as broken:
            stream = bytes.fromhex(file.attachment)
            incident = self._guard.report(broken.code, stream=stream, position=None)
            raise IntegrityIncident(incident.number) from None


def opened(
    sealed: Iterator[bytes], file: SealedFile, open_chunk: OpenChunk, first: int = 1
) -> Iterator[tuple[bytes, bytes]]:
    """Each sealed chunk with what it holds, in its own place and under its own key alone."""
    for number, each in enumerate(sealed, start=first):
        item_id, place, _ = chunk_header(each)
        if item_id != item_of(file) or place != _chunk(file, number):
            raise Broken("E-BIND", "a chunk out of its place")
        padded, size = open_chunk(each), size_of_chunk(file.size, number)
        if len(padded) < size or padded.count(0, size) != len(padded) - size:
            raise Broken("E-PARSE", "the padding of a chunk")
        yield each, padded[:size]


def item_of(file: SealedFile) -> bytes:
    """The item key under which the bytes are: that of the title."""
    if file.title.sealed is None:
        raise Sealed
    return field_place(file.title.sealed)[0]


def _chunk(file: SealedFile, number: int) -> ChunkPlace:
    last = number == chunks_of(file.size)
    return ChunkPlace(bytes.fromhex(file.attachment), number, last)


def _must_have(found: str, digest: str) -> None:
    if found != digest:
        raise Invalid("sha256", "is not that of what was uploaded")
