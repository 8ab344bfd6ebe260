"""What has no row: not shown yet, or destroyed for good."""

from __future__ import annotations

from collections.abc import Iterable

from api.compose import Clinic
from domain.errors import ProjectionBehind, Refusal, Sealed


def missing(clinic: Clinic, clients: Iterable[str]) -> Refusal:
    """Why a record that is there has no row: its keys were destroyed, or nobody followed yet."""
    concerned = tuple(clients)
    erased = concerned and all(clinic.views.erasures.erased(each) for each in concerned)
    return Sealed() if erased else ProjectionBehind()
