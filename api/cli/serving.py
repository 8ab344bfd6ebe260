"""``powiernik serve``: a clinic behind its door."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import uvicorn
from fastapi import FastAPI

from api import compose
from api.cli import options
from api.cli.passphrase import Passphrase, passphrase_options
from api.compose import ledger
from api.http.app import create_app


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
            serve_until_stopped(clinic, host, port, tls_certificate, tls_key, follow=not no_follow)


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


def serve_until_stopped(
    clinic: compose.Clinic,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    *,
    follow: bool = True,
) -> None:
    """Answer at an address until a signal comes.

    The clinic is the caller's to close.
    """
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
