"""Acting in one's own name at the host: the folder's passphrase opens it, the password says who."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from api import compose
from domain.use_cases import sign_in
from domain.values import ActorKind, Circumstances, PurposeOfUse, RequestId

as_name = click.option("--as", "name", required=True, help="Your own sign-in name.")
password_file: Callable[..., Any] = click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Your password; without it, you are asked.",
)


def password_from(file: Path | None) -> str:
    """Her password."""
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip("\n")
    return str(click.prompt("Your password", hide_input=True, err=True))


def signed_in(
    clinic: compose.Clinic, name: str, password: str, purpose: PurposeOfUse, application: str
) -> Circumstances:
    """Who acts, once her password has said so; the sign-in is recorded, and no token is left.

    A client acts for her own request, whatever ``purpose`` says.
    """
    token, holder = clinic.accounts.sign_in(name, password, clinic.clock.now())
    clinic.accounts.sign_out(token)
    if holder.must_change:
        msg = "Replace the one-time password first."
        raise click.UsageError(msg)
    own = holder.kind is ActorKind.CLIENT
    who = Circumstances(
        actor=clinic.desk.actor(holder.kind, holder.actor),
        purpose=PurposeOfUse.PATRQT if own else purpose,
        request=RequestId(clinic.desk.identifiers.new()),
        session_reference=holder.reference,
        application=application,
    )
    asyncio.run(sign_in.record_sign_in(clinic.desk, who))
    return who
