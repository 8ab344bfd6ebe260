"""``powiernik`` init, rebuild, verify, status, reset-password: keeping a clinic."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

import click

from api import compose
from api.cli import options
from api.cli.custody_options import custody_options
from api.cli.output import progress, tell
from api.cli.passphrase import Passphrase, passphrase_options
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
