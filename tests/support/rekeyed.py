"""A clinic under load whose keys are replaced again and again, while its processes are killed.

Server, checkpointer and two witnesses as in ``quartet``. One key after another is replaced by the
commands that an operator has: the log's own, and those of each witness. Whatever is published
meanwhile has to be good by the policy that is published, at every moment.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self

from infrastructure.anchor.rotation import named_keys
from infrastructure.folder import open_folder
from infrastructure.ledger.errors import LedgerError, SignatureRefused
from infrastructure.ledger.merkle import consistency_proof, verify_consistency
from infrastructure.ledger.policy_key import LOG_KEY, WITNESS_KEY, live
from infrastructure.ledger.trust import Judged, Trust
from tests.support.quartet import (
    PASSPHRASE,
    PATIENCE,
    PAUSE,
    ROOT,
    Clinician,
    Setting,
    Supervised,
    _command,
    _ended_well,
    _hired,
    _run,
    _running,
    _wait_until_they_answer,
    found,
)

SOONEST, LATEST = 8.0, 24.0
"""Seconds between two kills: enough for whoever died to come back."""
AT_WORK = 3
"""Clinicians; what is tried here is not how much is written."""


@dataclass
class Watch:
    """Looks at what is published, again and again, and judges it by the policy of that moment."""

    setting: Setting
    judged: list[Judged] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _seen: bytes = b""

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_until(self, good: Callable[[Judged], bool]) -> Judged:
        """What is published, once it is as it should be."""
        until = time.monotonic() + PATIENCE
        while not (self.judged and good(self.judged[-1])):
            assert time.monotonic() < until, "it does not come about"
            time.sleep(PAUSE)
        return self.judged[-1]

    def _look_on(self) -> None:
        while not self._stopping.wait(PAUSE):
            before = self._policy()
            try:
                note = (self.setting.layout.log / "checkpoint").read_bytes()
            except FileNotFoundError:
                continue
            # It may be replaced just now: then the one or the other has to be met.
            self._judge(note, [before, self._policy()])

    def _policy(self) -> bytes:
        return self.setting.layout.policy.read_bytes()

    def _judge(self, note: bytes, policies: Sequence[bytes]) -> None:
        refused = ""
        for each in policies:
            try:
                judged = Trust.parse(each).require(note)
            except LedgerError as error:
                # Before the witnesses have answered for the first time there is no quorum.
                if self.judged or isinstance(error, SignatureRefused):
                    refused = f"{error.code}: {error}"
                continue
            if note != self._seen:
                self._seen = note
                self.judged.append(judged)
            return
        if refused:
            self.wrong.append(refused)


def replaced_over_and_over(place: Path, rounds: int, *, seed: int = 1) -> str:
    """The figures of so many rounds; all that may not be is asserted on the way."""
    setting, chance, began = found(place), Random(seed), time.monotonic()
    stop = threading.Event()
    with _running(setting) as four:
        _wait_until_they_answer(setting)
        with Watch(setting) as watch:
            watch.wait_until(lambda _: True)
            staff = _hired(setting)
            for idle in staff[AT_WORK:]:
                idle.close()
            staff = staff[:AT_WORK]
            with ThreadPoolExecutor(len(staff) + 1) as pool:
                try:
                    working = [pool.submit(each.work, stop, _others(staff, each)) for each in staff]
                    working.append(pool.submit(_kill, four, chance, stop))
                    for _ in range(rounds):
                        _replace_the_logs(setting, watch)
                        for number in (0, 1):
                            _replace_a_witnesss(setting, watch, number)
                finally:
                    stop.set()
                for each in working:
                    each.result()
            size = setting.size()
            for one in staff:
                one.close()
            watch.wait_until(lambda judged: judged.checkpoint.size >= size)
        kills = _ended_well(four)
    assert watch.wrong == []
    _judge_all(setting, watch, rounds)
    return (
        f"{rounds} rounds of the log's key and two witnesses' keys in"
        f" {time.monotonic() - began:.0f} s; {kills}; {len(watch.judged)} checkpoints published,"
        f" each good by the policy of its moment; {size} entries, 0 incidents, 0 forks"
    )


def _others(staff: Sequence[Clinician], one: Clinician) -> list[str]:
    return [each.case for each in staff if each is not one]


def _kill(four: Sequence[Supervised], chance: Random, stop: threading.Event) -> None:
    while not stop.wait(chance.uniform(SOONEST, LATEST)):
        chance.choice(four).kill()


def _keyed(setting: Setting, command: str, *words: object) -> list[str]:
    secret = ("--data", setting.layout.folder, "--passphrase-file", setting.credential)
    return _command("checkpoint", command, *words, *secret, "--json")


def _replace_the_logs(setting: Setting, watch: Watch) -> None:
    place = setting.credential.with_name("checkpointer")
    told = json.loads(_run(_keyed(setting, "rotate-key", place)))
    for witness in setting.witnesses:
        _run(_command("witness", "log-key", "add", witness, told["new_key"]))
    watch.wait_until(lambda judged: len(judged.logs) == 2)
    _patiently(_keyed(setting, "retire-key", place))
    # The next one is signed by the new key alone, and every witness has seen it.
    size = watch.judged[-1].checkpoint.size
    watch.wait_until(lambda judged: judged.checkpoint.size > size)
    for witness in setting.witnesses:
        _patiently(_command("witness", "log-key", "remove", witness, told["old_key"]))


def _replace_a_witnesss(setting: Setting, watch: Watch, number: int) -> None:
    witness, address = setting.witnesses[number], setting.addresses[number]
    old = set(json.loads(_run(_command("witness", "keys", witness, "--json")))["vkeys"])
    for command in ("rotate-key", "retire-key"):
        words = ("witness", command, witness, "--url", address, "--json")
        told = json.loads(_patiently(_command(*words)))
        lines = setting.credential.with_name(f"witness-{number + 1}.policy")
        lines.write_text("\n".join(told["policy"]) + "\n")
        both = [setting.credential.with_name(f"witness-{each}.policy") for each in (1, 2)]
        _patiently(_keyed(setting, "trust", *both, "--quorum", 2))
        if command == "rotate-key":
            new = set(told["vkeys"]) - old
            watch.wait_until(lambda judged, new=new: new <= _cosigning(setting, judged))  # type: ignore[misc]


def _cosigning(setting: Setting, judged: Judged) -> set[str]:
    return {
        each.verifier.vkey() for each in setting.trust.witnesses if each.name in judged.witnesses
    }


def _patiently(command: Sequence[str]) -> str:
    """What a command prints that may say for a while that it is too early."""
    until = time.monotonic() + PATIENCE
    while True:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if ended.returncode == 0:
            return ended.stdout
        assert "yet" in ended.stderr or "has signed" in ended.stderr, (command, ended.stderr)
        assert time.monotonic() < until, (command, ended.stderr)
        time.sleep(PAUSE)


def _judge_all(setting: Setting, watch: Watch, rounds: int) -> None:
    final = watch.judged[-1].checkpoint
    subtrees = setting.tiles.subtrees(final.size)
    for each in watch.judged:
        one = each.checkpoint
        proof = consistency_proof(subtrees, one.size, final.size)
        verify_consistency(one.size, final.size, one.root, final.root, proof)
    with closing(open_folder(setting.layout.folder, PASSPHRASE)) as folder:
        named = named_keys(folder)
    trust = setting.trust
    assert live(named.values(), LOG_KEY) == {each.verifier.vkey() for each in trust.logs}
    witnesses = {each.verifier.vkey() for each in trust.witnesses}
    assert live(named.values(), WITNESS_KEY) == witnesses
    assert len(named) == (rounds + 1) * (1 + len(witnesses))
    assert _run(_command("incidents", "--data", setting.layout.folder)).startswith("Nothing")
    for folder_of in setting.witnesses:
        assert "Forks: 0." in _run(_command("witness", "evidence", folder_of))
    policy = ("--policy", str(setting.layout.policy), "--json")
    offline = ["-m", "infrastructure.ledger", str(setting.layout.log), *policy]
    assert json.loads(_run([_command()[0], *offline]))["good"]
