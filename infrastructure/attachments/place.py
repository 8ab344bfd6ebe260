"""Where sealed chunks lie: one file for an attachment, one folder of chunks for an upload.

```
attachments/<id>               every sealed chunk, one behind the other
attachments/<id>.upload/<no.>  a sealed chunk of an upload that is under way
```
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from domain.attachment import CHUNK, chunks_of, size_of_chunk
from domain.values import ItemId
from infrastructure import durable
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken
from infrastructure.sharing import file_mode
from infrastructure.vault.envelope import sealed_chunk_size

UPLOAD = ".upload"
MAKING = ".making"
_FULL = sealed_chunk_size(CHUNK)
_ID = 32
_DIGITS = frozenset("0123456789abcdef")


class Place:
    """The folder of a clinic's attachments; it is made with the first one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def whole(self, attachment: ItemId) -> Path:
        """The file of an attachment."""
        return self.folder / attachment

    def upload(self, attachment: ItemId) -> Path:
        """The folder of the chunks of an upload."""
        return self.folder / f"{attachment}{UPLOAD}"

    def keep(self, attachment: ItemId, number: int, sealed: bytes) -> None:
        """Write a chunk of an upload, durably.

        Raises:
            OSError: It could not be written.
        """
        upload = self.upload(attachment)
        if not upload.is_dir():
            for each in (self.folder, upload):
                with suppress(FileExistsError):
                    each.mkdir(mode=_folder_mode(each.parent))
                    sync_folder(each.parent)
        durable.write(upload / _name(number), sealed, file_mode(upload))

    def chunk(self, attachment: ItemId, number: int, size: int) -> bytes | None:
        """A sealed chunk of an upload of a size; ``None`` where it is not there, or not whole."""
        wanted = sealed_chunk_size(size_of_chunk(size, number))
        try:
            with (self.upload(attachment) / _name(number)).open("rb") as file:
                found = file.read(wanted + 1)
        except FileNotFoundError:
            return None
        return found if len(found) == wanted else None

    def missing(self, attachment: ItemId, size: int) -> tuple[int, ...]:
        """The chunks of an upload of a size that are not there."""
        found = {}
        with suppress(FileNotFoundError):
            for each in os.scandir(self.upload(attachment)):
                found[each.name] = each.stat().st_size
        return tuple(
            number
            for number in range(1, chunks_of(size) + 1)
            if found.get(_name(number)) != sealed_chunk_size(size_of_chunk(size, number))
        )

    def chunks(self, attachment: ItemId, size: int, first: int = 1) -> Iterator[bytes]:
        """The sealed chunks of a whole file, from one on.

        Raises:
            Broken: E-LEAF, it is missing, or not as long as so many bytes are when sealed.
        """
        try:
            file = self.whole(attachment).open("rb")
        except FileNotFoundError:
            raise Broken("E-LEAF", "the file of an attachment is missing") from None
        with file:
            if os.fstat(file.fileno()).st_size != sealed_size(size):
                raise Broken("E-LEAF", "the file of an attachment is cut short, or too long")
            file.seek((first - 1) * _FULL)
            for number in range(first, chunks_of(size) + 1):
                yield file.read(sealed_chunk_size(size_of_chunk(size, number)))

    def seal_of(self, attachment: ItemId, size: int) -> str:
        """The SHA-256 over a whole file, in hex.

        Raises:
            Broken: As ``chunks``.
        """
        seal = sha256()
        for each in self.chunks(attachment, size):
            seal.update(each)
        return seal.hexdigest()

    def drop(self, attachment: ItemId) -> None:
        """Take every byte of an attachment away, and of its upload."""
        with suppress(FileNotFoundError):
            self.whole(attachment).unlink()
        self.drop_upload(attachment)
        if self.folder.is_dir():
            sync_folder(self.folder)

    def drop_chunk(self, attachment: ItemId, number: int) -> None:
        """Take a chunk of an upload away, to be sent again."""
        (self.upload(attachment) / _name(number)).unlink(missing_ok=True)

    def drop_upload(self, attachment: ItemId) -> None:
        """Take away what is left of an upload."""
        shutil.rmtree(self.upload(attachment), ignore_errors=True)
        with suppress(FileNotFoundError):
            (self.folder / f"{attachment}{MAKING}").unlink()

    def every(self) -> list[ItemId]:
        """Every attachment of which anything lies here, whole or under way."""
        with suppress(FileNotFoundError):
            names = {each.name.split(".")[0] for each in os.scandir(self.folder)}
            return sorted(ItemId(each) for each in names if _is_id(each))
        return []


def sealed_size(size: int) -> int:
    """How many bytes an attachment of so many has once it is sealed."""
    count = chunks_of(size)
    return (count - 1) * _FULL + sealed_chunk_size(size_of_chunk(size, count))


def _name(number: int) -> str:
    return f"{number:08}"


def _is_id(name: str) -> bool:
    return len(name) == _ID and set(name) <= _DIGITS


def _folder_mode(parent: Path) -> int:
    """0700, or 0770 where the group may write in the folder above."""
    shared = stat.S_IMODE(parent.stat().st_mode) & stat.S_IRWXG == stat.S_IRWXG
    return stat.S_IRWXU | (stat.S_IRWXG if shared else 0)
