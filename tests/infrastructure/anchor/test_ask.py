"""Before a server starts: a folder that was put back whole is known to whoever cosigned more."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from infrastructure.anchor.ask import Fetch, must_reach_witnesses, root_of_tiles
from infrastructure.anchor.gather import Reply, post
from infrastructure.anchor.witness import Witness, policy_lines
from infrastructure.ledger.checkpoint import Checkpoint, signed
from infrastructure.ledger.errors import LogBroken
from infrastructure.ledger.merkle import CompactRange, consistency_proof, leaf_hash
from infrastructure.ledger.note import ED25519, Signer, write_base64
from infrastructure.ledger.tiles import TileFolder, TileWriter
from infrastructure.ledger.trust import Trust

ORIGIN = "clinic.example/log/1"
URL = "http://127.0.0.1:1"
ENTRIES = tuple(f"entry {number}".encode() for number in range(40))
LEAVES = tuple(leaf_hash(each) for each in ENTRIES)
LOG = Signer(ORIGIN, ED25519, bytes(32))


def checkpoint(size: int) -> bytes:
    tree = CompactRange()
    tree.extend(LEAVES[:size])
    return signed(Checkpoint(ORIGIN, size, tree.root()), LOG).encode()


class World:
    """A published log of 20 entries, and a witness that has cosigned some of it."""

    def __init__(self, path: Path) -> None:
        self.witness = Witness.create(path / "witness", "witness.example/w1")
        self.witness.trust(LOG.verifier.vkey())
        lines = [f"log {LOG.verifier.vkey()}", *policy_lines(self.witness.verifiers, URL)]
        trust = Trust.parse("".join(f"{each}\n" for each in (*lines, "quorum none")).encode())
        with TileWriter(path / "log") as tiles:
            tiles.extend((entry, leaf, None) for entry, leaf in zip(ENTRIES, LEAVES, strict=True))
            tiles.write_checkpoint(checkpoint(40))
        self.trust, self.folder = trust, TileFolder(path / "log")
        self.seen = 0

    def cosign(self, size: int, note: bytes | None = None) -> None:
        proof = consistency_proof(LEAVES, self.seen, size) if self.seen else ()
        lines = "".join(f"{write_base64(each)}\n" for each in proof)
        body = f"old {self.seen}\n{lines}\n".encode() + (note or checkpoint(size))
        assert self.witness.add_checkpoint(body, 1_790_000_000).status == 200
        self.seen = size

    def answer(self, url: str, _body: bytes | None, _deadline: float) -> Reply:
        assert url.startswith(URL)
        note = self.witness.latest(ORIGIN)
        return Reply(404, "", b"") if note is None else Reply(200, "text/plain", note)

    def ask(self, size: int, fetch: Fetch | None = None) -> dict[str, str]:
        def root_at(seen: int) -> bytes | None:
            return root_of_tiles(self.folder, 40, seen)

        return must_reach_witnesses(
            self.trust, ORIGIN, size, root_at, seconds=1.0, fetch=fetch or self.answer
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_log_that_goes_on_from_what_was_cosigned_starts(world: World) -> None:
    assert world.ask(40) == {}
    world.cosign(20)
    assert world.ask(40) == {}
    world.cosign(40)
    assert world.ask(40) == {}
    assert world.ask(45) == {}
    world.witness.close()


def test_a_folder_that_was_put_back_whole_is_refused(world: World) -> None:
    world.cosign(40)
    with pytest.raises(LogBroken, match="E-ROLLBACK"):
        world.ask(39)
    world.witness.close()


def test_another_log_of_the_same_name_is_refused(world: World) -> None:
    tree = CompactRange()
    tree.extend(leaf_hash(b"another"[: each % 7]) for each in range(20))
    world.cosign(20, signed(Checkpoint(ORIGIN, 20, tree.root()), LOG).encode())
    with pytest.raises(LogBroken, match="E-FORK"):
        world.ask(40)
    world.witness.close()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(500, "", b""), "E-WITNESS-DOWN"),
        (Reply(200, "text/plain", b"nonsense"), "E-PARSE"),
    ],
)
def test_a_witness_that_says_nothing_of_use_stops_nobody(
    world: World, reply: Reply, code: str
) -> None:
    with closing(world.witness):
        found = world.ask(40, lambda _url, _body, _deadline: reply)
    assert set(found.values()) == {code}


def test_a_witness_that_does_not_answer_stops_nobody(world: World) -> None:
    found = world.ask(40, post)
    assert set(found.values()) == {"E-WITNESS-DOWN"}
    world.witness.close()
