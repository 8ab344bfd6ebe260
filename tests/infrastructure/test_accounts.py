"""Accounts: who may sign in, how often one may guess, when a session ends."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from domain.values import ActorId, ActorKind
from infrastructure import accounts as module
from infrastructure.accounts import (
    FREE_TRIES,
    SESSION_LIFETIME,
    TOKEN_LIFETIME,
    Accounts,
    PasswordRefused,
    SignInRefused,
    hash_password,
    matches,
)
from infrastructure.errors import FolderRefused
from tests.support.ink import NOW, an_id

NAME, PASSWORD = "anna.kowalska", "correct horse battery"
ACTOR = ActorId(an_id("actor"))
KEY = bytes(range(32))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords without the slow hash: it has a test of its own."""
    monkeypatch.setattr(module, "hash_password", lambda password: f"quick {password}")
    monkeypatch.setattr(module, "matches", lambda hashed, given: hashed == f"quick {given}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Accounts.create(tmp_path / "accounts.db")
    return tmp_path / "accounts.db"


@pytest.fixture
def accounts(path: Path, quick: None) -> Iterator[Accounts]:
    found = Accounts(path, KEY)
    secret = found.add(NAME, ActorKind.STAFF, ACTOR)
    found.change_password(NAME, secret, PASSWORD, NOW)
    yield found
    found.close()


def refused(attempt: Callable[[], object]) -> SignInRefused:
    with pytest.raises(SignInRefused) as caught:
        attempt()
    return caught.value


def test_the_right_password_gives_a_token(accounts: Accounts) -> None:
    token, signed_in = accounts.sign_in(NAME, PASSWORD, NOW)
    assert (signed_in.kind, signed_in.actor, signed_in.must_change) == (
        ActorKind.STAFF,
        ACTOR,
        False,
    )
    assert accounts.holder(token, NOW) == signed_in
    assert accounts.holder(token + "x", NOW) is None
    assert accounts.holder("", NOW) is None


def test_a_name_is_the_same_in_any_case(accounts: Accounts) -> None:
    assert accounts.sign_in(" Anna.KOWALSKA ", PASSWORD, NOW)
    assert accounts.owner("ANNA.kowalska") == (ActorKind.STAFF, ACTOR)
    assert accounts.owner("nobody") is None


def test_a_refusal_does_not_say_what_was_wrong(accounts: Accounts) -> None:
    wrong_name = refused(lambda: accounts.sign_in("nobody", PASSWORD, NOW))
    wrong_password = refused(lambda: accounts.sign_in(NAME, "wrong", NOW))
    assert str(wrong_name) == str(wrong_password)
    assert (wrong_name.retry_after, wrong_password.retry_after) == (0, 0)
    assert (wrong_name.actor, wrong_password.actor) == (None, (ActorKind.STAFF, ACTOR))


@pytest.mark.parametrize("name", [NAME, "nobody"])
def test_guessing_is_slowed_down_whether_there_is_an_account_or_not(
    accounts: Accounts, name: str
) -> None:
    now, pauses = NOW, []
    for _ in range(FREE_TRIES + 14):
        pause = refused(partial(accounts.sign_in, name, "wrong", now)).retry_after
        pauses.append(pause)
        if pause:
            # Even the right password has to wait.
            early = partial(accounts.sign_in, name, PASSWORD, now + timedelta(seconds=pause - 1))
            assert refused(early).retry_after == 1
        now += timedelta(seconds=pause)
    assert pauses == [0] * 4 + [2, 4, 8, 16, 32, 64, 128, 256, 512, *[900] * 6]


def test_the_right_password_forgives_the_wrong_ones(accounts: Accounts) -> None:
    for _ in range(3):
        for _ in range(FREE_TRIES - 1):
            refused(lambda: accounts.sign_in(NAME, "wrong", NOW))
        accounts.sign_in(NAME, PASSWORD, NOW)


def test_guessing_many_at_once_is_no_way_around(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    together = threading.Event()

    def slow(_: str, password: str) -> bool:
        looked.append(password)
        together.wait(5)
        return False

    monkeypatch.setattr(module, "matches", slow)
    with ThreadPoolExecutor(20) as pool:
        guesses = [pool.submit(accounts.sign_in, NAME, str(each), NOW) for each in range(20)]
        while sum(each.done() for each in guesses) < 20 - FREE_TRIES:
            together.wait(0.01)
        together.set()
        for each in guesses:
            assert isinstance(each.exception(), SignInRefused)
    assert len(looked) == FREE_TRIES


def test_names_without_an_account_do_not_fill_the_memory(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_STRANGERS", 10)
    for number in range(50):
        refused(partial(accounts.sign_in, f"nobody {number}", "wrong", NOW))
    assert len(accounts._strangers) == 10


# One-time passwords


def test_a_one_time_password_has_to_be_changed(accounts: Accounts) -> None:
    other = ActorId(an_id("other"))
    secret = accounts.add("basia", ActorKind.CLIENT, other)
    token, signed_in = accounts.sign_in("basia", secret, NOW)
    assert signed_in.must_change
    found = accounts.holder(token, NOW)
    assert found is not None
    assert found.must_change
    accounts.change_password("basia", secret, "a password of her own", NOW)
    assert accounts.holder(token, NOW) is None
    refused(lambda: accounts.sign_in("basia", secret, NOW))
    assert not accounts.sign_in("basia", "a password of her own", NOW)[1].must_change


def test_one_time_passwords_are_long_and_never_the_same(accounts: Accounts) -> None:
    found = {module.one_time_secret() for _ in range(100)}
    assert len(found) == 100
    assert {len(each) for each in found} == {23}


@pytest.mark.parametrize("new", ["short", "", "x" * 11, PASSWORD])
def test_a_password_that_is_no_better_is_refused(accounts: Accounts, new: str) -> None:
    with pytest.raises(PasswordRefused):
        accounts.change_password(NAME, PASSWORD, new, NOW)
    accounts.sign_in(NAME, PASSWORD, NOW)


def test_a_password_is_changed_by_whoever_knows_it_alone(accounts: Accounts) -> None:
    refused(lambda: accounts.change_password(NAME, "wrong", "a password of my own", NOW))
    accounts.sign_in(NAME, PASSWORD, NOW)


def test_a_name_has_one_account(accounts: Accounts) -> None:
    with pytest.raises(PasswordRefused):
        accounts.add(NAME.upper(), ActorKind.CLIENT, ActorId(an_id("other")))
    assert accounts.owner(NAME) == (ActorKind.STAFF, ACTOR)


# Sessions


def test_a_reset_ends_every_session(accounts: Accounts) -> None:
    tokens = [accounts.sign_in(NAME, PASSWORD, NOW)[0] for _ in range(3)]
    for _ in range(FREE_TRIES + 1):
        refused(lambda: accounts.sign_in(NAME, "wrong", NOW))
    secret = accounts.reset(NAME)
    assert [accounts.holder(each, NOW) for each in tokens] == [None] * 3
    assert [accounts.renew(each, NOW) for each in tokens] == [None] * 3
    # Whoever has been locked out can sign in with what she is handed.
    assert accounts.sign_in(NAME, secret, NOW)[1].must_change
    refused(lambda: accounts.reset("nobody"))


def test_a_reset_ends_a_sign_in_that_is_under_way(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(_: str, __: str) -> bool:
        accounts.reset(NAME)
        return True

    monkeypatch.setattr(module, "matches", meanwhile)
    refused(lambda: accounts.sign_in(NAME, PASSWORD, NOW))


def test_a_token_expires_and_can_be_renewed_until_the_session_ends(accounts: Accounts) -> None:
    token, signed_in = accounts.sign_in(NAME, PASSWORD, NOW)
    now, end = NOW, NOW + SESSION_LIFETIME
    second = timedelta(seconds=1)
    assert accounts.holder(token, NOW + TOKEN_LIFETIME - second) == signed_in
    assert accounts.holder(token, NOW + TOKEN_LIFETIME) is None
    renewals = 0
    while (now := now + TOKEN_LIFETIME - second) < end:
        fresh = accounts.renew(token, now)
        assert fresh is not None
        assert accounts.holder(token, now) is None
        assert accounts.renew(token, now) is None
        found = accounts.holder(fresh, now)
        assert found is not None
        assert found.reference == signed_in.reference
        token, renewals = fresh, renewals + 1
    assert renewals >= 48
    assert accounts.holder(token, end - second) is not None
    assert accounts.holder(token, end) is None
    assert accounts.renew(token, end) is None


def test_an_expired_token_is_not_renewed(accounts: Accounts) -> None:
    token, _ = accounts.sign_in(NAME, PASSWORD, NOW)
    assert accounts.renew(token, NOW + TOKEN_LIFETIME) is None


def test_signing_out_ends_one_session(accounts: Accounts) -> None:
    first, second = (accounts.sign_in(NAME, PASSWORD, NOW)[0] for _ in range(2))
    accounts.sign_out(first)
    accounts.sign_out("no token")
    assert accounts.holder(first, NOW) is None
    assert accounts.holder(second, NOW) is not None


def test_who_left_has_no_session_and_no_account(accounts: Accounts) -> None:
    tokens = [accounts.sign_in(NAME, PASSWORD, NOW)[0] for _ in range(3)]
    assert accounts.close_of(ActorId(an_id("other"))) == 0
    assert accounts.close_of(ACTOR) == 3
    with pytest.raises(SignInRefused):
        accounts.sign_in(NAME, PASSWORD, NOW)
    assert [accounts.holder(each, NOW) for each in tokens] == [None] * 3


def test_dead_tokens_are_not_kept(accounts: Accounts) -> None:
    for number in range(5):
        accounts.sign_in(NAME, PASSWORD, NOW + timedelta(hours=number))
    (count,) = accounts._db.execute("SELECT count(*) FROM token").fetchone()
    assert count == 1


# The file


def test_nothing_in_the_file_is_in_clear(accounts: Accounts, path: Path) -> None:
    token, _ = accounts.sign_in(NAME, PASSWORD, NOW)
    accounts.close()
    for each in path.parent.iterdir():
        data = each.read_bytes().lower()
        for secret in (NAME, "kowalska", token.lower()):
            assert secret.encode() not in data


def test_another_key_finds_no_account(accounts: Accounts, path: Path) -> None:
    stranger = Accounts(path, bytes(32))
    assert stranger.owner(NAME) is None
    stranger.close()


def test_a_password_is_kept_as_argon2id() -> None:
    hashed = hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=2$")
    assert PASSWORD not in hashed
    assert matches(hashed, PASSWORD)
    assert not matches(hashed, PASSWORD + "x")


@pytest.mark.parametrize(
    ("content", "says"), [(None, "missing"), (b"", "format"), (b"nothing" * 999, "damaged")]
)
def test_a_file_of_no_accounts_is_refused_without_its_path(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "accounts.db").write_bytes(content)
    with pytest.raises(FolderRefused, match=says) as caught:
        Accounts(tmp_path / "accounts.db", KEY)
    assert str(tmp_path) not in str(caught.value)


def test_a_newer_file_is_refused(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(FolderRefused, match="does not know"):
        Accounts(path, KEY)


def test_passwords_that_are_looked_at_at_once_do_not_wait_for_each_other_for_ever() -> None:
    """Derivations with several lanes share one budget of threads in the library."""
    hashed, ended = hash_password(PASSWORD), list[bool]()

    def look() -> None:
        ended.append(matches(hashed, "a guess"))

    threads = [threading.Thread(target=look, daemon=True) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert ended == [False] * len(threads)
