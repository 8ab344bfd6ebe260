"""``powiernik`` init, serve, demo, rebuild, verify, status, reset-password: running a clinic."""

from __future__ import annotations

import asyncio
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
import uvicorn
from fastapi import FastAPI
from rich.console import Console

from api import compose
from api.cli import options
from api.cli.custody_options import custody_options, custody_secret, secret_in
from api.cli.output import progress, tell
from api.cli.passphrase import Passphrase, passphrase_options
from api.compose import ledger
from api.demo.clock import StoryClock
from api.demo.erasure import Passphrases
from api.demo.play import Played, play
from api.demo.sign_ins import sign_ins
from api.http.app import create_app
from domain.retention import Regime, Rules
from domain.use_cases import administrator, sign_in
from domain.values import ActorId, ActorKind, Registration, RegistrationKind, Role

MOST = 100
"""Characters of a name."""


def _line(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A name that can be recorded; asked before anything is made."""
    if value is not None and not (value.strip() and value.isprintable() and len(value) <= MOST):
        msg = f"is one line of 1 to {MOST} characters."
        raise click.BadParameter(msg)
    return value


@click.command()
@options.data
@passphrase_options
@click.option("--origin", callback=_line, help="The log's name for ever, as clinic.example/log/1.")
@click.option("--admin", required=True, callback=_line, help="The administrator's sign-in name.")
@click.option("--given-name", required=True, callback=_line, help="The administrator's given name.")
@click.option("--family-name", required=True, callback=_line, help="Her family name.")
@click.option(
    "--regime",
    type=click.Choice([each.value for each in Regime]),
    default=Rules().regime.value,
    show_default=True,
    help="Under which law records are kept: it says for how long.",
)
@click.option("--hipaa", is_flag=True, help="Keep access logs for six years (45 CFR 164.316).")
@custody_options
@options.as_json
def init(  # noqa: PLR0913, PLR0917 - an option each
    data: Path,
    passphrase: Passphrase,
    custody: compose.Settings | None,
    origin: str | None,
    admin: str,
    given_name: str,
    family_name: str,
    regime: str,
    hipaa: bool,  # noqa: FBT001 - click hands it over so
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Make a data folder and its first administrator."""
    # With a custody elsewhere what is asked for opens that; then both passphrases are made here.
    secret = passphrase.ask(fresh=custody is None)
    recovery = compose.recovery_passphrase()
    first = secret if custody is None else compose.recovery_passphrase()
    rules = Rules(Regime(regime), hipaa=hipaa)
    compose.create(
        data, [first, recovery], origin=origin, custody=custody, secret=secret, rules=rules
    )
    with compose.opened(data, secret) as clinic:
        new = administrator.NewPractitioner(
            given_name=given_name,
            family_name=family_name,
            title="administrator",
            registration=Registration(RegistrationKind.NONE),
            roles=(Role.ADMINISTRATOR,),
        )
        founding = administrator.found_practitioner(clinic.desk, clinic.system("init"), new)
        practitioner = ActorId(asyncio.run(founding).named("practitioner"))
        password = clinic.accounts.add(admin, ActorKind.STAFF, practitioner)
        found = {
            "origin": clinic.desk.origin,
            "administrator": admin,
            "one_time_password": password,
            "recovery_passphrase": recovery,
        }
        if custody is not None:
            found["custodian_passphrase"] = first
    tell(found, as_json=as_json)
    if as_json:
        return
    many = "Both" if custody is None else "All three"
    envelope = "The recovery passphrase belongs in an envelope."
    click.echo(f"{many} secrets are shown this once. {envelope}")
    if custody is not None:
        click.echo("The two passphrases approve what takes two people; they open no keys here.")


@click.command()
@options.data
@passphrase_options
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8470, show_default=True)
@click.option("--tls-certificate", type=click.Path(exists=True, path_type=Path), default=None)
@click.option("--tls-key", type=click.Path(exists=True, path_type=Path), default=None)
@click.option(
    "--checkpointer",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Run this checkpointer beside the server, as a process of its own.",
)
@click.option(
    "--broker",
    type=click.Path(path_type=Path),
    default=None,
    help="The socket of the broker that has the keys; then no passphrase is asked for.",
)
@click.option(
    "--no-follow", is_flag=True, help="Another process follows: 'powiernik follow', or a server."
)
def serve(  # noqa: PLR0913, PLR0917 - an option each
    data: Path,
    passphrase: Passphrase,
    host: str,
    port: int,
    tls_certificate: Path | None,
    tls_key: Path | None,
    checkpointer: Path | None,
    broker: Path | None,
    no_follow: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Serve the clinic over HTTP."""
    if host not in options.LOOPBACK and tls_certificate is None:
        msg = "Beyond loopback a TLS certificate is needed (--tls-certificate, --tls-key)."
        raise click.UsageError(msg)
    opened = (
        compose.opened(data, passphrase.ask())
        if broker is None
        else compose.opened_behind(data, broker)
    )
    with opened as clinic:
        for name, code in sorted(ledger.ask_witnesses(clinic.folder).items()):
            click.echo(f"witness {name}: {code}", err=True)
        clinic.start_scrubbing()
        with _beside(checkpointer, data):
            _serve(clinic, host, port, tls_certificate, tls_key, follow=not no_follow)


@click.command()
@click.option(
    "--texts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Record the rows of this CSV file instead of the demo's own texts.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Keep the clinic in this new folder; without it, it is thrown away.",
)
@click.option("--serve", "and_serve", is_flag=True, help="Serve it on loopback afterwards.")
@click.option("--port", type=int, default=8470, show_default=True)
@custody_options
@custody_secret
def demo(
    texts: Path | None,
    data: Path | None,
    and_serve: bool,  # noqa: FBT001 - click hands it over so
    port: int,
    custody: compose.Settings | None,
    custody_secret_file: Path | None,
) -> None:
    """Play a clinic's main job from end to end, print what each reader sees, verify the log."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="powiernik-") as scratch:
        folder = data or Path(scratch) / "clinic"
        words, others = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        secret = words if custody is None else secret_in(custody_secret_file) or ""
        # Its own texts tell of six weeks; a log's time never goes back, so it begins there too.
        clock = compose.SystemClock() if texts else StoryClock()
        compose.create(
            folder, [words, others], cost=compose.LIGHT, clock=clock, custody=custody, secret=secret
        )
        with compose.opened(folder, secret, clock=clock) as clinic:
            clinic.start_following()
            # A checkpointer stands beside the clinic: with a folder that is kept, it is kept too.
            beside = data.with_name(f"{data.name}-checkpointer") if data else Path(scratch)
            both = Passphrases((words, others))
            played = asyncio.run(
                play(clinic, console, texts=texts, scratch=beside, passphrases=both)
            )
            if and_serve:
                _tell_sign_ins(clinic, played, port)
                _serve(clinic, "127.0.0.1", port, None, None, follow=False)
        with progress("verify") as step:
            verdict = compose.verify(folder, secret, step)
        console.print(
            f"Verified {verdict.events} events, {verdict.contents} contents and"
            f" {verdict.keys} keys; root {verdict.root[:16]}…"
        )


@click.command()
@options.data
@passphrase_options
@click.argument("names", nargs=-1)
@options.as_json
def rebuild(
    data: Path,
    passphrase: Passphrase,
    names: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Make projections anew beside the serving ones, compare, and swap where they are equal."""
    known = [each.name for each in compose.PROJECTIONS]
    if not set(names) <= set(known):
        msg = f"Unknown projection; there are {', '.join(known)}."
        raise click.UsageError(msg)
    different = 0
    found = {}
    with compose.opened(data, passphrase.ask()) as clinic:
        for name in names or known:
            with progress(name, quiet=as_json) as step:
                compared = clinic.rebuild(name, step)
            different += compared.different
            found[name] = f"{compared.rows} rows at position {compared.position}, " + (
                "equal, swapped in" if compared.equal else f"{compared.different} differ"
            )
    tell(found, as_json=as_json)
    sys.exit(options.BROKEN if different else 0)


@click.command()
@options.data
@passphrase_options
@click.option("--structure", is_flag=True, help="Only the log's structure; needs no passphrase.")
@click.option(
    "--memory",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Go on from what this file remembers, and save there; it is made the first time.",
)
@options.as_json
def verify(
    data: Path,
    passphrase: Passphrase,
    structure: bool,  # noqa: FBT001 - click hands it over so
    memory: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Verify every event, key and content of a data folder, or what is new in it."""
    secret = None if structure else passphrase.ask()
    with progress("verify", quiet=as_json) as step:
        verdict = compose.verify(data, secret, step, memory=memory)
    tell({"verdict": "good", **asdict(verdict)}, as_json=as_json)
    if not as_json:
        click.echo(f"Cannot be seen from here: {compose.WHAT_IT_CANNOT_SEE}.")


@click.command()
@options.data
@options.as_json
def status(data: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """How the data folder fares; needs no passphrase."""
    found = compose.status(data)
    tell(asdict(found), as_json=as_json)
    if found.not_final and not as_json:
        click.echo(
            f"{found.not_final} of the erasures not final: an older backup of the keys may"
            " open what they destroyed. 'powiernik keys rotate' makes them final."
        )


@click.command("reset-password")
@options.data
@passphrase_options
@click.argument("name")
@options.as_json
def reset_password(
    data: Path,
    passphrase: Passphrase,
    name: str,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Replace somebody's password by a one-time one, on the host."""
    with compose.opened(data, passphrase.ask()) as clinic:
        holder = clinic.accounts.owner(name)
        if holder is None:
            raise compose.SignInRefused
        who = clinic.system("reset-password")
        asyncio.run(sign_in.record_password_reset(clinic.desk, who, holder[1]))
        secret = clinic.accounts.reset(name)
    tell({"name": name, "one_time_password": secret}, as_json=as_json)


@contextmanager
def _beside(checkpointer: Path | None, data: Path) -> Iterator[None]:
    """A checkpointer for as long as the server runs; it has no passphrase and needs none."""
    if checkpointer is None:
        yield
        return
    words = ("checkpoint", "run", str(checkpointer), "--data", str(data))
    command = [sys.executable, "-m", "api.cli", *words]
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        yield
    finally:
        running.terminate()
        running.wait()


def _tell_sign_ins(clinic: compose.Clinic, played: Played, port: int) -> None:
    address = f"http://127.0.0.1:{port}"
    click.echo(f"\nServing on {address} until Ctrl-C. POST {address}/v1/sign-in to begin;")
    click.echo(f"{address}/v1/openapi.json describes the rest. One-time passwords, shown once:\n")
    for each in sign_ins(clinic, played):
        click.echo(f"  {each.role:<14} {each.name:<12} {each.password}")


def _serve(
    clinic: compose.Clinic,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    *,
    follow: bool = True,
) -> None:
    # uvicorn ends its work and raises the signal anew: then the clinic still has to be closed.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        _run(create_app(clinic, follow=follow), host, port, certificate, key)
    except SystemExit as error:
        # Its own codes say that it could not start; here 1 means that something is broken.
        sys.exit(options.UNUSABLE if error.code else 0)


def _run(app: FastAPI, host: str, port: int, certificate: Path | None, key: Path | None) -> None:
    uvicorn.run(
        app,
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        # Addresses hold ids of clients; who asked for what is in the record.
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=options.GRACE_SECONDS,
    )
