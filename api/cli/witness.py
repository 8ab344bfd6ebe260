"""``powiernik witness``: init, log-key, serve, keys, rotate-key, evidence: for somebody's log.

It needs no data folder and no passphrase; whoever runs it should not be whoever keeps the log.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from api import compose
from api.cli import options
from api.cli.output import tell

MOST_CONNECTIONS = 200

_url = click.option("--url", default=None, help="Where it will be served, for the policy.")
_at_once = click.option(
    "--at-once", is_flag=True, help="The key was stolen: nothing is waited for."
)


def _folder(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("folder", type=click.Path(file_okay=False, path_type=Path))(command)


@click.group("witness")
def group() -> None:
    """Remember somebody's log, and cosign what continues it."""


@group.command()
@_folder
@click.option("--name", required=True, help="The name of its keys for ever, as witness.example/w1.")
@_url
@options.as_json
def init(
    folder: Path,
    name: str,
    url: str | None,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Make a witness: its keys, and its empty memory."""
    try:
        with closing(compose.Witness.create(folder, name)) as witness:
            _tell_keys(witness, url, as_json=as_json)
    except (compose.KeyRefused, compose.PolicyRefused) as error:
        raise click.UsageError(str(error)) from None


@group.command()
@_folder
@_url
@options.as_json
def keys(folder: Path, url: str | None, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """Print the public keys, and the lines for a clinic's policy."""
    with closing(compose.Witness(folder)) as witness:
        try:
            _tell_keys(witness, url, as_json=as_json)
        except compose.PolicyRefused as error:
            raise click.UsageError(str(error)) from None


@group.command()
@_folder
@click.argument("vkey")
@options.as_json
def trust(folder: Path, vkey: str, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """Believe a log's key; while a key is replaced, a log may have several."""
    _believe(folder, vkey, as_json=as_json)


@group.group("log-key")
def log_key() -> None:
    """Say by which keys a log is known; it may be served meanwhile."""


@log_key.command()
@_folder
@click.argument("vkey")
@options.as_json
def add(folder: Path, vkey: str, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """Believe one more key of a log; ask its clinic by another way whether it is theirs."""
    _believe(folder, vkey, as_json=as_json)


@log_key.command()
@_folder
@click.argument("vkey")
@_at_once
@options.as_json
def remove(
    folder: Path,
    vkey: str,
    at_once: bool,  # noqa: FBT001 - click hands it over so
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Believe a key of a log no more; it has to have another one, by which it goes on."""
    with closing(compose.Witness(folder)) as witness:
        try:
            origin = witness.distrust(vkey, at_once=at_once).name
        except compose.KeyRefused as error:
            raise click.UsageError(str(error)) from None
        tell({"origin": origin, "keys": len(witness.trusted(origin))}, as_json=as_json)


@group.command("rotate-key")
@_folder
@_url
@options.as_json
def rotate_key(folder: Path, url: str | None, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """Begin to replace the witness's own keys: from now on the old and the new ones cosign.

    It may be served meanwhile. Give the lines to every clinic that names it: in them, the old and
    the new keys together count once. Cut short, it is asked again and goes on.
    """
    with closing(compose.Witness(folder)) as witness:
        witness.rotate()
        _tell_keys(witness, url, as_json=as_json)


@group.command("retire-key")
@_folder
@_url
@_at_once
@options.as_json
def retire_key(
    folder: Path,
    url: str | None,
    at_once: bool,  # noqa: FBT001 - click hands it over so
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """End the overlap: the old keys cosign no more, and are deleted.

    Every clinic that names the witness has to have taken over the new lines before.
    """
    with closing(compose.Witness(folder)) as witness:
        witness.retire(at_once=at_once)
        _tell_keys(witness, url, as_json=as_json)


@group.command()
@_folder
@options.as_json
def evidence(folder: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """Print every fork that was seen: two trees of one size, both signed by their log."""
    with closing(compose.Witness(folder)) as witness:
        found = witness.evidence()
    forks = [_described(each) for each in found]
    if as_json:
        tell({"forks": forks}, as_json=True)
    else:
        for each in forks:
            click.echo("Fork {number}: {origin}, size {size}, seen {at}.".format_map(each))
            click.echo("\nCosigned:\n\n{cosigned}\nAgainst it:\n\n{conflicting}".format_map(each))
        click.echo(f"Forks: {len(forks)}.")
    sys.exit(options.BROKEN if found else 0)


@group.command()
@_folder
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8471, show_default=True)
@click.option("--tls-certificate", type=click.Path(exists=True, path_type=Path), default=None)
@click.option("--tls-key", type=click.Path(exists=True, path_type=Path), default=None)
def serve(
    folder: Path, host: str, port: int, tls_certificate: Path | None, tls_key: Path | None
) -> None:
    """Serve the witness over HTTP."""
    if host not in options.LOOPBACK and tls_certificate is None:
        msg = "Beyond loopback a TLS certificate is needed (--tls-certificate, --tls-key)."
        raise click.UsageError(msg)
    # uvicorn ends its work and raises the signal anew: then the witness still has to be closed.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    with closing(compose.Witness(folder)) as witness:
        try:
            _run(witness, host, port, tls_certificate, tls_key)
        except SystemExit as error:
            # Its own codes say that it could not start; here 1 means that something is broken.
            sys.exit(options.UNUSABLE if error.code else 0)


def _run(
    witness: compose.Witness, host: str, port: int, certificate: Path | None, key: Path | None
) -> None:
    import uvicorn

    from api.http.witness import create_witness_app

    uvicorn.run(
        create_witness_app(witness),
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=options.GRACE_SECONDS,
    )


def _believe(folder: Path, vkey: str, *, as_json: bool) -> None:
    with closing(compose.Witness(folder)) as witness:
        try:
            origin = witness.trust(vkey).name
        except compose.KeyRefused as error:
            raise click.UsageError(str(error)) from None
        tell({"origin": origin, "keys": len(witness.trusted(origin))}, as_json=as_json)


def _tell_keys(witness: compose.Witness, url: str | None, *, as_json: bool) -> None:
    lines = compose.policy_lines(witness.verifiers, url)
    vkeys = [each.vkey() for each in witness.verifiers]
    if as_json:
        tell({"vkeys": vkeys, "policy": lines}, as_json=True)
        return
    click.echo("Its keys:\n")
    click.echo("\n".join(vkeys))
    click.echo("\nFor the policy of a clinic:\n")
    click.echo("\n".join(lines))


def _described(found: compose.Evidence) -> dict[str, object]:
    return {
        "number": found.number,
        "at": datetime.fromtimestamp(found.time_s, UTC).isoformat(),
        "origin": found.origin,
        "size": found.size,
        "cosigned": found.cosigned.decode(),
        "conflicting": found.conflicting.decode(),
    }
