"""``powiernik backup``, ``restore`` and ``drill``: so that the record outlives a disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from api import compose
from api.cli import options
from api.cli.output import progress, tell
from api.cli.passphrase import Passphrase, passphrase_options
from api.compose import backup as backing

SETS = ("record", "keys", "accounts")
_folder = click.Path(file_okay=False, path_type=Path)
_there = click.Path(exists=True, file_okay=False, path_type=Path)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_WARNING = (
    "Record, keys and accounts now lie in one place: whoever gets hold of it, and of the"
    " key-encryption key, has everything. Keep them apart."
)


def _destinations(*, existing: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options for the three places, handed on as one mapping; ``None`` where none was named."""
    kind = _there if existing else _folder
    word = "--from" if existing else "--to"

    def options_of(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def gathered(
            record: Path | None,
            keys: Path | None,
            accounts: Path | None,
            together: Path | None,
            **others: Any,
        ) -> Any:
            named = dict(zip(SETS, (record, keys, accounts), strict=True))
            places = {name: place for name, place in named.items() if place is not None}
            if together is not None and places:
                msg = f"Name three places, or one with {word}, not both."
                raise click.UsageError(msg)
            if together is not None:
                places = {name: together / name for name in SETS}
            return command(places=places, together=together is not None, **others)

        found: Callable[..., Any] = gathered
        found = click.option(word, "together", type=kind, default=None, help="One for all.")(found)
        for name in reversed(SETS):
            help_ = f"Where the {name} set lies."
            found = click.option(f"--{name}", type=kind, default=None, help=help_)(found)
        return found

    return options_of


@click.group("backup", invoke_without_command=True)
@options.data
@passphrase_options
@_destinations(existing=False)
@click.option(
    "--keep-keys-days",
    type=click.IntRange(1, 30),
    default=backing.KEEP_KEYS.days,
    show_default=True,
    help="After so many days the key set has to be gone.",
)
@options.as_json
def group(
    data: Path,
    passphrase: Passphrase,
    places: dict[str, Path],
    together: bool,  # noqa: FBT001 - click hands it over so
    keep_keys_days: int,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Back up record, keys and accounts, each to a place of its own, while the clinic is served."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    if not places:
        msg = "Name the places: --record, --keys and --accounts, each on another disk, or --to."
        raise click.UsageError(msg)
    if together or len({place.resolve() for place in places.values()}) < len(places):
        click.echo(_WARNING, err=True)
    secret = passphrase.ask()
    with compose.opened(data, secret) as clinic, _bars(quiet=as_json) as step:
        made = backing.back_up(clinic, places, timedelta(days=keep_keys_days), step)
        gone = backing.expire(data, [places["keys"]] if "keys" in places else [], clinic.clock)
    sizes = {kind.word: each.bytes for kind, each in made.sets.items()}
    heads = [each.head for each in made.sets.values()]
    expires = next((str(head.expires) for head in heads if head.expires), "never")
    tell(
        {
            "backup": made.backup,
            "events": heads[0].size,
            "root": heads[0].root.hex(),
            "bytes": sizes,
            "keys_expire": expires,
            "went_on": made.resumed,
            "parts_kept": made.kept_parts,
            "expired_and_deleted": len(gone.deleted),
            "expired_and_not_found": [each.backup for each in gone.unreached],
            "seconds": round(made.seconds, 2),
        },
        as_json=as_json,
    )
    if missing := set(SETS) - places.keys():
        click.echo(f"Not backed up this time: {', '.join(sorted(missing))}.", err=True)


@group.command("list")
@options.data
@options.as_json
def list_(data: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over so
    """List the backups that are not known to be deleted; needs no passphrase."""
    found = backing.backups(data)
    if as_json:
        click.echo(json.dumps([_told(each) for each in found], default=str))
        return
    for each in found:
        whole = "" if each.whole else ", not finished"
        expires = f"expires {each.expires}" if each.expires else "does not expire"
        click.echo(f"{each.backup}  {each.kind.word:<8} {each.made}  {expires}{whole}")
    if not found:
        click.echo("There is no backup.")


def _told(each: backing.Listed) -> dict[str, object]:
    return {
        "backup": each.backup,
        "set": each.kind.word,
        "generation": each.generation,
        "made": each.made,
        "expires": each.expires,
        "whole": each.whole,
    }


@group.command()
@options.data
@passphrase_options
@_destinations(existing=True)
@options.as_json
def check(
    data: Path,
    passphrase: Passphrase,
    places: dict[str, Path],
    as_json: bool,  # noqa: FBT001 - click hands it over so
    **_together: bool,
) -> None:
    """Open every part of the newest sets, hold it against its hash, and restore nothing."""
    if not places:
        msg = "Name one place at least: --record, --keys, --accounts, or --from."
        raise click.UsageError(msg)
    secret = passphrase.ask()
    with compose.opened(data, secret) as clinic, _bars(quiet=as_json) as step:
        tell({"verdict": "good", "backups": backing.check(clinic, places, step)}, as_json=as_json)


@group.command()
@options.data
@click.option("--keys", "places", type=_there, multiple=True, help="Where key sets lie.")
@click.option("--forget", default=None, help="The id of one that was destroyed elsewhere.")
@options.as_json
def expire(
    data: Path,
    places: tuple[Path, ...],
    forget: str | None,
    as_json: bool,  # noqa: FBT001 - click hands it over so
) -> None:
    """Delete key sets that are past their date, and list those that cannot be reached."""
    if forget is not None:
        backing.forget(data, forget)
    found = backing.expire(data, list(places), compose.SystemClock())
    tell(
        {
            "deleted": [each.backup for each in found.deleted],
            "not_found": [each.backup for each in found.unreached],
        },
        as_json=as_json,
    )
    sys.exit(options.BROKEN if found.unreached else 0)


@click.command()
@options.data
@passphrase_options
@_destinations(existing=True)
@click.option("--keyfile", type=_file, default=None, help="The keyfile, from where it is kept.")
@click.option("--backup", default=None, help="The id of a backup; without it, the newest sets.")
@click.option(
    "--seen",
    type=_file,
    multiple=True,
    help="A signed checkpoint, or a head.pin, that was kept elsewhere; may be repeated.",
)
@click.option("--replaces", type=_there, default=None, help="The data folder that this replaces.")
@click.option("--nothing-seen", is_flag=True, help="Nothing of a later state was kept anywhere.")
@click.option("--log", type=_there, default=None, help="The published log, or a newer data folder.")
@click.option("--without-log", is_flag=True, help="Nobody has a newer log.")
@click.option("--accept-unreadable", is_flag=True, help="Go on with an older key store.")
@options.as_json
def restore(  # noqa: PLR0913 - one option for each thing that only an operator can know
    *,
    data: Path,
    passphrase: Passphrase,
    places: dict[str, Path],
    keyfile: Path | None,
    backup: str | None,
    seen: tuple[Path, ...],
    replaces: Path | None,
    nothing_seen: bool,
    log: Path | None,
    without_log: bool,
    accept_unreadable: bool,
    as_json: bool,
    **_together: bool,
) -> None:
    """Put a clinic back into an empty data folder, and judge it before it may serve."""
    _must_have_all(places)
    if not (seen or replaces or log or nothing_seen):
        msg = (
            "Give what was seen of the log: --seen with a checkpoint, --replaces with the old data"
            " folder, or --log with the published log. If there is none of these: --nothing-seen."
        )
        raise click.UsageError(msg)
    found = backing.Found(
        backup=backup,
        seen=seen,
        replaces=replaces,
        log=log,
        without_log=without_log,
        accept_unreadable=accept_unreadable,
    )
    with _bars(quiet=as_json) as step:
        restored = backing.restore(data, places, passphrase.ask(), keyfile, found, step)
    judged = restored.found
    tell(
        {
            "backup": next(iter(restored.sets.values())).backup,
            "events": judged.events,
            "root": judged.root.hex(),
            "contents": judged.contents.events,
            "texts": judged.contents.texts,
            "keys": judged.keys,
            "closed": judged.contents.closed,
            "attachments": judged.contents.attachments,
            "attachments_damaged": judged.contents.damaged,
            "unreadable": judged.unreadable,
            "destroyed_again": judged.shreds,
            "lost": judged.lost,
            "serves": restored.serves,
            "bytes": restored.bytes,
            "seconds": round(restored.seconds, 2),
        },
        as_json=as_json,
    )
    if not restored.serves:
        click.echo(
            f"E-ROLLBACK: the log was seen {judged.lost} records further than it was restored. It"
            " does not serve. Look for a newer backup; if there is none, two custodians let it go"
            " on with 'powiernik recover'.",
            err=True,
        )
        sys.exit(options.BROKEN)
    if not as_json:
        click.echo("Next: 'powiernik rebuild', then 'powiernik serve'.")


@click.command()
@options.data
@passphrase_options
@_destinations(existing=True)
@click.option(
    "--keyfile", type=_file, default=None, help="The keyfile that is kept apart; it opens the sets."
)
@click.option("--scratch", type=_there, default=None, help="A folder with room for a while.")
@options.as_json
def drill(
    data: Path,
    passphrase: Passphrase,
    places: dict[str, Path],
    keyfile: Path | None,
    scratch: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands it over so
    **_together: bool,
) -> None:
    """Restore the newest backup for a moment, open all of it, compare it, and record the result."""
    _must_have_all(places)
    secret = passphrase.ask()
    with compose.opened(data, secret) as clinic, _bars(quiet=as_json) as step:
        apart = None if keyfile is None else (keyfile, secret)
        done = backing.drill(clinic, places, apart, scratch=scratch, progress=step)
    event = done.event
    tell(
        {
            "backup": event.backup,
            "equal": event.equal,
            "differing": list(done.differing),
            "events": event.events,
            "texts": event.texts,
            "destroyed": event.destroyed,
            "keys": event.keys,
            "rows": event.rows,
            "projections": done.projections,
            "recovery_point_seconds": event.age_seconds,
            "recovery_point_events": event.events_since,
            "recovery_time_seconds": round(event.milliseconds / 1000, 2),
            "restore_seconds": round(done.restore_seconds, 2),
            "rebuild_seconds": round(done.rebuild_seconds, 2),
            "compare_seconds": round(done.compare_seconds, 2),
        },
        as_json=as_json,
    )
    if keyfile is None:
        click.echo(
            "The clinic's own keyfile opened the sets. That the one which is kept apart does, only"
            " a drill with --keyfile shows.",
            err=True,
        )
    sys.exit(0 if event.equal else options.BROKEN)


def _must_have_all(places: dict[str, Path]) -> None:
    if len(places) < len(SETS):
        msg = "All three sets are needed: --record, --keys and --accounts, or --from."
        raise click.UsageError(msg)


@contextmanager
def _bars(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar, or lines, for whichever step is under way; one ends where the next begins."""
    steps: dict[str, Callable[[int, int], None]] = {}
    with ExitStack() as running:

        def step(what: str, now: int, of: int) -> None:
            if what not in steps:
                running.close()
                steps[what] = running.enter_context(progress(what, quiet=quiet))
            steps[what](now, of)

        yield step
