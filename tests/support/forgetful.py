"""A file system which forgets what was not synced: a power cut without a plug to pull.

It lives in the memory of a child process and is seen through FUSE. Whatever a process does to it
is visible to all processes at once. What a power cut leaves is ruled strictly, as POSIX has it:

* the content and the size of a file last from fsync or fdatasync of that file;
* a name made, moved or removed lasts from fsync of its folder, *never* from fsync of the file
  alone. ext4 would save the name of a new file too; other systems need not, so neither do we;
* fsync of a folder saves its names and the earlier renames these rest upon, nothing else;
* a rename is atomic, and names survive in the order in which they were changed (a journal);
* with a seed, chance decides what survives beyond that: each unsynced 4 KiB page by itself (torn
  and out of order), the new size or the old (a hole reads as zeros), the first few name changes.

Not modelled: modes, owners and times (kept at once), links, errors of the disk, and the older of
two unsynced versions of one page. Nothing is closed by a cut: the mount lives on, so that one
mount serves many cuts. On leaving, it is unmounted cleanly and the backing folder brought up to
date. Files are cached by the kernel (no direct_io), so that SQLite can map its -shm; its locks
are the kernel's own, shared by every process on the mount.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import errno
import functools
import importlib
import importlib.util
import itertools
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

PAGE = 4096
_CUT = "user.powiernik.power_cut"
_HIDDEN = ".fuse_hidden"  # libfuse renames to this what is unlinked while open
_STOPPED = 8  # what libfuse answers when SIGTERM ended its loop
_PR_SET_PDEATHSIG = 1
_numbers = itertools.count(2)


@dataclass(frozen=True)
class Forgetful:
    """A mounted file system; use it below `mountpoint`."""

    mountpoint: Path

    def power_cut(self, into: Path, seed: int | None = None) -> Path:
        """Write what a power cut at this moment would leave to a new folder.

        Args:
            into: A folder which does not exist yet, outside the mount.
            seed: Lets chance save some of what was not synced; without it nothing more survives.

        Returns:
            The folder, ready to be opened, or to back the next mount.
        """
        into = into.resolve()
        if into.is_relative_to(self.mountpoint):
            msg = f"an image of the mount cannot be written into it: {into}"
            raise ValueError(msg)
        os.setxattr(self.mountpoint, _CUT, json.dumps([str(into), seed]).encode())
        return into


@contextlib.contextmanager
def forgetful(backing: Path, mountpoint: Path) -> Iterator[Forgetful]:
    """Mount what `backing` holds, as durable; both folders are made if they are missing.

    Raises:
        OSError: It could not be mounted, or the file system failed while it was in use.
    """
    for folder in (backing, mountpoint):
        folder.mkdir(parents=True, exist_ok=True)
    mountpoint = mountpoint.resolve()
    command = [sys.executable, "-P", __file__, str(backing.resolve()), str(mountpoint)]
    surroundings = os.environ | {"FUSE_LIBRARY_PATH": _library() or ""}
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            command, env=surroundings, stdout=subprocess.PIPE, stderr=complaints
        ) as child,
    ):
        assert child.stdout is not None
        try:
            if mounted := child.stdout.readline():
                yield Forgetful(mountpoint)
        finally:
            child.terminate()
            failed = child.wait(timeout=30)
            complaints.seek(0)
            if (complaint := complaints.read().decode().strip()) or failed:
                raise OSError(errno.EIO, complaint, str(mountpoint))
        assert mounted


@functools.cache
def available() -> str | None:
    """Tell why nothing can be mounted here; None if a trial mount succeeded."""
    if not Path("/dev/fuse").exists():
        return "there is no /dev/fuse"
    if importlib.util.find_spec("mfusepy") is None:
        return "mfusepy is not installed"
    if _library() is None:
        return "libfuse3 is not installed (or name it in FUSE_LIBRARY_PATH)"
    try:
        with tempfile.TemporaryDirectory() as place, forgetful(Path(place, "b"), Path(place, "m")):
            return None
    except OSError as refused:
        return f"a FUSE mount is refused: {str(refused.strerror).rpartition(chr(10))[2]}"


def _library() -> str | None:
    return os.environ.get("FUSE_LIBRARY_PATH") or ctypes.util.find_library("fuse3")


def _resize(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


@dataclass(eq=False)
class _File:
    mode: int
    live: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set)
    number: int = field(default_factory=_numbers.__next__)

    def write(self, data: bytes, offset: int) -> None:
        if offset > len(self.live):
            self.truncate(offset)
        end = offset + len(data)
        self.live[offset:end] = data
        self.dirty.update(range(offset // PAGE, -(-end // PAGE)))

    def truncate(self, size: int) -> None:
        start, end = sorted((size, len(self.live)))
        self.dirty.update(range(start // PAGE, -(-end // PAGE)))
        _resize(self.live, size)

    def sync(self) -> None:
        _resize(self.durable, len(self.live))
        for page in self.dirty:
            place = slice(page * PAGE, (page + 1) * PAGE)
            self.durable[place] = self.live[place]
        self.dirty.clear()

    def after_cut(self, survives: Callable[[], bool]) -> bytearray:
        image = bytearray(self.durable)
        for page in sorted(self.dirty):
            start = page * PAGE
            piece = self.live[start : start + PAGE]
            if piece and survives():
                _resize(image, max(start, len(image)))
                image[start : start + len(piece)] = piece
        if survives():
            _resize(image, len(self.live))
        return image


@dataclass(eq=False)
class _Folder:
    mode: int
    live: dict[str, _Node] = field(default_factory=dict)
    durable: dict[str, _Node] = field(default_factory=dict)
    number: int = field(default_factory=_numbers.__next__)

    def visible(self) -> dict[str, _Node]:
        return {name: node for name, node in self.live.items() if not name.startswith(_HIDDEN)}


_Node = _File | _Folder
_Change = tuple[tuple[_Folder, str, _Node | None], ...]  # names set or removed as one


def _load(place: Path) -> _Node:
    mode = place.stat().st_mode
    if place.is_dir():
        names = {inside.name: _load(inside) for inside in sorted(place.iterdir())}
        return _Folder(mode, dict(names), names)
    content = bytearray(place.read_bytes())
    return _File(mode, content, bytearray(content))


def _store(
    names: Mapping[str, _Node],
    place: Path,
    names_in: Callable[[_Folder], Mapping[str, _Node]],
    content_of: Callable[[_File], bytes | bytearray],
) -> None:
    for name, node in sorted(names.items()):
        if isinstance(node, _Folder):
            (place / name).mkdir()
            _store(names_in(node), place / name, names_in, content_of)
        elif not name.startswith(_HIDDEN):
            (place / name).write_bytes(content_of(node))
            (place / name).chmod(stat.S_IMODE(node.mode))


class _Memory:
    """The operations which mfusepy looks up by name; one thread, so each is atomic."""

    use_ns = True

    def __init__(self, root: _Folder) -> None:
        self._root = root
        self._unsynced: list[_Change] = []
        self._hiding: _Change = ()  # the last change, if libfuse made it to unlink an open file
        self._handles: dict[int, _File] = {}
        self._next = itertools.count(1)

    def init(self, _path: str) -> None:
        print("mounted", flush=True)  # noqa: T201 - the parent waits for this line

    def store(self, backing: Path) -> None:
        shutil.rmtree(backing)
        backing.mkdir()
        _store(self._root.live, backing, lambda folder: folder.live, lambda file: file.live)

    def setxattr(self, _path: str, name: str, value: bytes, _options: int, _at: int = 0) -> int:
        if name != _CUT:
            raise OSError(errno.ENOTSUP, name)
        into, seed = json.loads(value)
        Path(into).mkdir(parents=True)
        chance = None if seed is None else random.Random(seed)
        self._cut(Path(into), chance)
        return 0

    def _cut(self, into: Path, chance: random.Random | None) -> None:
        names: dict[_Folder, dict[str, _Node]] = {}
        share = chance.random() if chance else 0.0
        saved = chance.randint(0, len(self._unsynced)) if chance else 0
        for folder, name, node in itertools.chain(*self._unsynced[:saved]):
            _set(names.setdefault(folder, dict(folder.durable)), name, node)

        def names_in(folder: _Folder) -> Mapping[str, _Node]:
            return names.get(folder, folder.durable)

        def survives() -> bool:
            return chance is not None and chance.random() < share

        _store(names_in(self._root), into, names_in, lambda file: file.after_cut(survives))

    # Names

    def _find(self, path: str) -> _Node:
        node: _Node = self._root
        for name in PurePosixPath(path).parts[1:]:
            if not isinstance(node, _Folder) or name not in node.live:
                raise FileNotFoundError(errno.ENOENT, path)
            node = node.live[name]
        return node

    def _place(self, path: str) -> tuple[_Folder, str]:
        at = PurePosixPath(path)
        return self._folder(str(at.parent)), at.name

    def _folder(self, path: str) -> _Folder:
        node = self._find(path)
        if not isinstance(node, _Folder):
            raise NotADirectoryError(errno.ENOTDIR, path)
        return node

    def _file(self, path: str) -> _File:
        node = self._find(path)
        if not isinstance(node, _File):
            raise IsADirectoryError(errno.EISDIR, path)
        return node

    def _change(self, *change: tuple[_Folder, str, _Node | None]) -> None:
        for folder, name, node in change:
            _set(folder.live, name, node)
        lasting = tuple(part for part in change if not part[1].startswith(_HIDDEN))
        if lasting:
            self._unsynced.append(lasting)

    def fsyncdir(self, path: str, _datasync: int, _fh: int) -> int:
        wanted = {self._folder(path)}
        saved: list[_Change] = []
        left: list[_Change] = []
        for change in reversed(self._unsynced):
            folders = {folder for folder, _, _ in change}
            if folders.isdisjoint(wanted):
                left.append(change)
            else:
                saved.append(change)
                wanted |= folders
        for folder, name, node in itertools.chain(*reversed(saved)):
            _set(folder.durable, name, node)
        self._unsynced = left[::-1]
        return 0

    def getattr(self, path: str, _fh: int | None = None) -> dict[str, int]:
        node = self._find(path)
        return {
            "st_ino": node.number,
            "st_mode": node.mode,
            "st_nlink": 1,
            "st_size": len(node.live) if isinstance(node, _File) else 0,
            "st_uid": os.getuid(),
            "st_gid": os.getgid(),
        }

    def readdir(self, path: str, _fh: int) -> list[tuple[str, dict[str, int], int]]:
        inside = self._folder(path).visible()  # readdir(3) skips what has no number
        numbered = [(name, {"st_ino": node.number}, 0) for name, node in inside.items()]
        return [(".", {"st_ino": 1}, 0), ("..", {"st_ino": 1}, 0), *numbered]

    def mkdir(self, path: str, mode: int) -> int:
        self._change((*self._place(path), _Folder(stat.S_IFDIR | mode)))
        return 0

    def rmdir(self, path: str) -> int:
        if self._folder(path).visible():
            raise OSError(errno.ENOTEMPTY, path)
        return self.unlink(path)

    def unlink(self, path: str) -> int:
        self._change((*self._place(path), None))
        return 0

    def rename(self, old: str, new: str) -> int:
        source, target, node = self._place(old), self._place(new), self._find(old)
        if self._unsynced[-1:] == [self._hiding] and self._hiding[0][:2] == target:
            self._unsynced.pop()  # it hid the open file which is replaced now: still one rename
        self._change((*source, None), (*target, node))
        self._hiding = self._unsynced[-1] if target[1].startswith(_HIDDEN) else ()
        return 0

    def chmod(self, path: str, mode: int) -> int:
        self._find(path).mode = mode
        return 0

    def chown(self, *_ignored: object) -> int:
        return 0

    utimens = chown

    # Content

    def create(self, path: str, mode: int, _flags: int) -> int:
        self._change((*self._place(path), _File(stat.S_IFREG | mode)))
        return self.open(path, 0)

    def open(self, path: str, flags: int) -> int:
        file = self._file(path)
        if flags & os.O_TRUNC:
            file.truncate(0)
        handle = next(self._next)
        self._handles[handle] = file
        return handle

    def release(self, _path: str, fh: int) -> int:
        del self._handles[fh]
        return 0

    def read(self, _path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._handles[fh].live[offset : offset + size])

    def write(self, _path: str, data: bytes, offset: int, fh: int) -> int:
        self._handles[fh].write(data, offset)
        return len(data)

    def truncate(self, path: str, length: int, _fh: int | None = None) -> int:
        self._file(path).truncate(length)
        return 0

    def fsync(self, _path: str, _datasync: int, fh: int) -> int:
        self._handles[fh].sync()
        return 0


def _set(names: dict[str, _Node], name: str, node: _Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _serve(backing: Path, mountpoint: Path) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # no mount outlives its test
    root = _load(backing)
    assert isinstance(root, _Folder)
    memory = _Memory(root)
    forever = dict.fromkeys(("attr_timeout", "entry_timeout", "negative_timeout"), 86400)
    options = {"foreground": True, "nothreads": True, "use_ino": True, "kernel_cache": True}
    try:
        importlib.import_module("mfusepy").FUSE(memory, str(mountpoint), **options, **forever)
    except RuntimeError as stopped:
        if stopped.args != (_STOPPED,):
            raise
    memory.store(backing)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), Path(sys.argv[2]))
