"""Cuts the power under a writing process, over and over, and judges each image that is left."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from infrastructure.vault.custody import Keyfile
from tests.support.forgetful import forgetful
from tests.support.judge import Judge, followed_and_rebuilt
from tests.support.writers import ROOT, Told, found


@dataclass
class _Ear:
    """Hears what a writing process tells, line by line, from a thread."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, more: int) -> None:
        """Wait until so many more jobs are acknowledged."""
        goal, deadline = self.acknowledged() + more, time.monotonic() + 60
        while self.acknowledged() < goal:
            assert self.process.poll() is None, self.lines[-3:]
            assert time.monotonic() < deadline, self.lines[-3:]
            time.sleep(0.002)

    def acknowledged(self) -> int:
        return sum(line.startswith("A") for line in self.lines)


@contextmanager
def _writing(path: Path, number: int, settle: list[str]) -> Iterator[_Ear]:
    command = [sys.executable, "-m", "tests.support.writers", "write", str(path), str(number)]
    with subprocess.Popen(
        [*command, json.dumps(settle)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        ear = _Ear(process)
        thread = threading.Thread(target=ear.listen)
        thread.start()
        try:
            yield ear
        finally:
            process.kill()
            thread.join()


@dataclass
class _Figures:
    """What the images showed."""

    cuts: int = 0
    acknowledged: int = 0
    records: int = 0
    keys: int = 0
    tried_again: int = 0
    rows: int = 0


def cut_over_and_over(place: Path, cuts: int, *, each_mount: int = 10, seed: int = 1) -> str:
    """The figures of so many power cuts; all that may not be is asserted on the way.

    The last image of each mount backs the next one, where commands whose acknowledgement never came
    are tried again; every third image holds nothing but what was synced, of the others chance has
    saved more.
    """
    image, chance, figures = place / "0", Random(seed), _Figures()
    custody, told, began = found(image / "clinic"), Told(), time.monotonic()
    for mount in range(1, -(-cuts // each_mount) + 1):
        heard, backing = told, image.rename(place / "backing")
        with (
            forgetful(backing, place / "mount") as disk,
            _writing(disk.mountpoint / "clinic", mount, told.unsettled()) as ear,
        ):
            for _ in range(min(each_mount, cuts - figures.cuts)):
                ear.wait_for(chance.randint(1, 20))
                time.sleep(chance.random() / 50)
                lines = list(ear.lines)
                # Cut in full flight; then it holds still, or it would outgrow the judge.
                figures.cuts += 1
                survives = figures.cuts if figures.cuts % 3 else None
                shutil.rmtree(image, ignore_errors=True)
                image = disk.power_cut(place / f"{figures.cuts}", survives)
                ear.process.send_signal(signal.SIGSTOP)
                heard = Told(set(told.begun), dict(told.acknowledged))
                heard.take(lines)
                _judge(image / "clinic", custody, heard, figures)
                ear.process.send_signal(signal.SIGCONT)
        # What was begun or acknowledged after the last cut never happened.
        told = heard
        shutil.rmtree(backing)
        figures.acknowledged = len(told.acknowledged)
    figures.tried_again = sum(each.repeated for each in told.acknowledged.values())
    return (
        f"{figures.cuts} cuts, {figures.acknowledged} acknowledged, 0 lost, 0 half-written,"
        f" 0 twice, 0 gaps, every log verified ({figures.records} records and"
        f" {figures.keys} keys at last); {figures.tried_again} commands tried again were there"
        " already; projections went on from"
        f" every image, {figures.rows} rows at last, 0 differ rebuilt;"
        f" {time.monotonic() - began:.0f} s"
    )


def _judge(path: Path, custody: Keyfile, told: Told, figures: _Figures) -> None:
    judged = path.with_name("judged")
    shutil.copytree(path, judged)
    judge = Judge(judged, custody)
    judge.look(told)
    judge.must_be_content(told)
    verified = judge.thorough()
    compared = followed_and_rebuilt(judged, custody)
    compared.must_be_equal()
    shutil.rmtree(judged)
    figures.records, figures.keys, figures.rows = verified.size, verified.keys, compared.rows
