"""`python -m infrastructure.ledger PATH`: the offline verifier on the command line.

- PATH is a folder (an exported log), a proof, a receipt or a client's bundle, told by its contents.
- One line for each claim; exit 0 if all are good, 1 if one is bad, 2 if what was given cannot be
  used. With `--json` the same for programs. There is never a traceback.
- What is shown comes from files that others made: of a text, only what can be printed is printed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

try:
    from infrastructure.ledger.bundle import MOST_BYTES
    from infrastructure.ledger.errors import KeyRefused, MemoryRefused, PolicyRefused
    from infrastructure.ledger.note import Verifier
    from infrastructure.ledger.offline import (
        verify_bundle,
        verify_log,
        verify_proof,
        verify_receipt,
    )
    from infrastructure.ledger.remembered import Remembered
    from infrastructure.ledger.trust import MAX_POLICY_SIZE, Trust
    from infrastructure.ledger.verdict import Verdict
except ImportError as error:
    sys.exit(f"Python 3.11 and the package cryptography 50, or newer, are needed ({error.name}).")

GOOD, BAD, UNUSABLE = 0, 1, 2

_PROOF = b"c2sp.org/tlog-proof@v1\n"
_RECEIPT = b"powiernik/1/receipt\n"
_BUNDLE = b"{"


class Unusable(Exception):
    """What was given cannot be used; the message says what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify what the arguments name, print the verdict and return the exit code."""
    asked = _parser().parse_args(arguments)
    # A terminal that knows no Polish letters shows an escape, and not an error.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        verdict = _verify(asked)
        _tell(sys.stdout, *(_as_json(verdict) if asked.json else _as_text(verdict)))
        sys.stdout.flush()
    except (Unusable, KeyRefused, MemoryRefused, PolicyRefused) as refused:
        _tell(sys.stderr, f"Cannot be used: {refused}")
        return UNUSABLE
    except BrokenPipeError:
        # Nobody reads any more; what is left must not be written on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    except KeyboardInterrupt:
        return UNUSABLE
    except Exception as error:  # noqa: BLE001 - who runs this is helped by no traceback
        # Its message may carry a path, or contents.
        _tell(sys.stderr, f"Cannot be used: {type(error).__name__}")
        return UNUSABLE
    return GOOD if verdict.good else BAD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="powiernik-verify", description="Verifies what a clinic shows of its log, offline."
    )
    add = parser.add_argument
    add("path", metavar="PATH", type=Path, help="an exported log, a proof, a receipt or a bundle")
    add("--policy", metavar="FILE", type=Path, help="whom to believe: a tlog-policy")
    add("--memory", metavar="FILE", type=Path, help="what was seen before; made if there is none")
    add("--plain", action="store_true", help="entries are opaque: a log of another project")
    add("--access-log", metavar="HEX", type=_access_log, help="from the client's onboarding card")
    add("--receipt-key", metavar="VKEY", help="the key that signs receipts")
    add("--log", metavar="DIR", type=Path, help="the exported log to hold a receipt against")
    add("--json", action="store_true", help="print the verdict as JSON")
    return parser


def _access_log(text: str) -> bytes:
    found = bytes.fromhex(text)
    if len(found) != 16:  # noqa: PLR2004 - a stream id
        raise ValueError
    return found


def _verify(asked: argparse.Namespace) -> Verdict:
    now_s = int(time.time())
    path: Path = asked.path
    if path.is_dir():
        return _verify_log(asked, now_s)
    data = _read(path, MOST_BYTES)
    if data.startswith(_PROOF):
        return verify_proof(data, _trust(asked.policy), now_s=now_s, plain=asked.plain)
    if data.startswith(_RECEIPT):
        return _verify_receipt(asked, data, now_s)
    if data.startswith(_BUNDLE):
        with Remembered(asked.memory) as remembered:
            return verify_bundle(
                data,
                _trust(asked.policy),
                remembered=remembered,
                now_s=now_s,
                access_log=asked.access_log,
            )
    raise Unusable("it is no folder, proof, receipt or bundle")


def _verify_log(asked: argparse.Namespace, now_s: int) -> Verdict:
    # A walk keeps millions of small things, none in a circle; to look for one costs a tenth of it.
    gc.disable()
    try:
        with Remembered(asked.memory) as remembered:
            return verify_log(
                asked.path,
                _trust(asked.policy),
                remembered=remembered,
                now_s=now_s,
                plain=asked.plain,
                progress=_progress(sys.stderr, time.monotonic),
            )
    finally:
        gc.enable()


def _verify_receipt(asked: argparse.Namespace, data: bytes, now_s: int) -> Verdict:
    if asked.receipt_key is None:
        raise Unusable("a receipt needs its key: --receipt-key VKEY")
    log = None if asked.log is None else (asked.log, _trust(asked.policy))
    return verify_receipt(data, Verifier.parse(asked.receipt_key), log=log, now_s=now_s)


def _trust(path: Path | None) -> Trust:
    if path is None:
        raise Unusable("it takes a policy: --policy FILE")
    return Trust.parse(_read(path, MAX_POLICY_SIZE))


def _read(path: Path, most: int) -> bytes:
    """Read a file; of one that is too long, enough for its reader to refuse it."""
    # A pipe or a device would be read for ever.
    if not stat.S_ISREG(path.stat().st_mode):
        raise Unusable("it is no file")
    with path.open("rb") as file:
        return file.read(most + 1)


def _progress(stream: TextIO, clock: Callable[[], float]) -> Callable[[int, int], None]:
    """Tell once in a second how far it is; on one line, if that is a terminal."""
    told_at = clock()
    begin, end = ("\r", "") if stream.isatty() else ("", "\n")

    def progress(done: int, every: int) -> None:
        nonlocal told_at
        if clock() - told_at >= 1:
            told_at = clock()
            stream.write(f"{begin}{done} of {every} entries{end}")
            stream.flush()

    return progress


def _as_text(verdict: Verdict) -> list[str]:
    bad, count = sum(not claim.good for claim in verdict.claims), len(verdict.claims)
    told = f"{bad} of {count} claims are bad." if bad else f"All {count} claims are good."
    return [*(claim.line() for claim in verdict.claims), told, *verdict.lines]


def _as_json(verdict: Verdict) -> list[str]:
    told = {
        "subject": verdict.subject,
        "good": verdict.good,
        "claims": [asdict(claim) for claim in verdict.claims],
        "shown": dict(verdict.shown),
    }
    # Nothing but ASCII, so that nothing in it can play with a terminal.
    return [json.dumps(told)]


def _tell(stream: TextIO, *lines: str) -> None:
    stream.writelines(f"{_printable(line)}\n" for line in lines)


def _printable(line: str) -> str:
    """Replace what is no visible character: it could rewrite the line, or the terminal."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


if __name__ == "__main__":
    sys.exit(main())
