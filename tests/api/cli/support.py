"""The command line as its users meet it: words in, words and an exit code out."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from api.cli.main import main
from tests.support.clinic import PASSPHRASE

GOOD, BROKEN, UNUSABLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and everything that it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything."""
        return self.out + self.err

    def json(self) -> dict[str, Any]:
        """What was said in JSON, and nothing beside it."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def powiernik(*words: object) -> Ended:
    """Call the command in this process, through its real entry point."""
    out, err = io.StringIO(), io.StringIO()
    code = GOOD
    argv = mock.patch.object(sys, "argv", ["powiernik", *map(str, words)])
    with argv, redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    ended = Ended(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in ended.said
    return ended


def keyed(command: str, data: Path, *words: object, passphrase: str = PASSPHRASE) -> Ended:
    """Call a command that needs the passphrase, which comes in by a descriptor."""
    with descriptor(passphrase) as number:
        return powiernik(command, "--data", data, "--passphrase-fd", number, *words)


@contextmanager
def descriptor(text: str | bytes) -> Iterator[int]:
    """A descriptor to read a text from, as a shell's ``3<<<`` gives it; the reader closes it."""
    reading, writing = os.pipe()
    content = text if isinstance(text, bytes) else text.encode()
    os.write(writing, content + b"\n")
    os.close(writing)
    yield reading
