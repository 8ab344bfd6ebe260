"""``powiernik demo``: a clinic at work, from end to end, before your eyes."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from pathlib import Path

import click
from rich.console import Console

from api import compose
from api.cli.custody_options import custody_options, custody_secret, secret_in
from api.cli.output import progress
from api.cli.serving import serve_until_stopped
from api.demo.clock import StoryClock
from api.demo.erasure import Passphrases
from api.demo.play import Played, play
from api.demo.sign_ins import sign_ins


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
                serve_until_stopped(clinic, "127.0.0.1", port, None, None, follow=False)
        with progress("verify") as step:
            verdict = compose.verify(folder, secret, step)
        console.print(
            f"Verified {verdict.events} events, {verdict.contents} contents and"
            f" {verdict.keys} keys; root {verdict.root[:16]}…"
        )


def _tell_sign_ins(clinic: compose.Clinic, played: Played, port: int) -> None:
    address = f"http://127.0.0.1:{port}"
    click.echo(f"\nServing on {address} until Ctrl-C. POST {address}/v1/sign-in to begin;")
    click.echo(f"{address}/v1/openapi.json describes the rest. One-time passwords, shown once:\n")
    for each in sign_ins(clinic, played):
        click.echo(f"  {each.role:<14} {each.name:<12} {each.password}")
