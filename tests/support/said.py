"""Everything that a data folder says to whoever has its keys: what a search for a marker reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from api.compose import Clinic
from domain.ports import Opening
from domain.rows import Place
from domain.values import FreeText
from infrastructure.errors import KeyGone
from infrastructure.folder import OpenFolder
from infrastructure.guard.published import rows_of
from infrastructure.mapper import CONTROL_KEY
from tests.support.opened import words


def by_events(folder: OpenFolder) -> Iterator[str]:
    """Every event that opens, and every text in it that opens."""
    for row in rows_of(folder.store)(0, folder.store.standing().size):
        if row.key_id == CONTROL_KEY:
            continue
        event = folder.record.mapper.open(row).event
        if event is None:
            continue
        yield repr(event)
        for each in fields(event):
            text = getattr(event, each.name)
            if isinstance(text, FreeText) and text.sealed is not None:
                try:
                    yield words(folder, text)
                except KeyGone:
                    continue


def by_projections(clinic: Clinic, opening: Opening) -> Iterator[str]:
    """Every cell of every projection, and its clear columns."""
    for followed in clinic.views.followed:
        name = followed.projection.name
        for table in followed.projection.tables:
            for row in followed.store.every(table):
                yield repr((row.key, row.clear))
                yield repr(opening.cell(row.cell, Place(name, table.name, row.key, row.position)))


def in_files(place: Path, marker: str) -> list[str]:
    """The files under a folder in which a marker stands in clear, in one of its usual forms."""
    forms = {marker.encode(), marker.encode("utf-16-le"), marker.upper().encode()}
    return [
        each.name
        for each in place.rglob("*")
        if each.is_file() and any(form in each.read_bytes() for form in forms)
    ]
