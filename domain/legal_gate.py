"""The gate of the law: what must be kept stays, whoever asks, and is refused with its ground.

Source:
    Act on Patients' Rights, art. 29; Act on the Profession of Psychologist, art. 28(9); Mental
    Health Protection Act, art. 51; GDPR art. 17(3). compliance.md REC-04, RET-02, RGT-07, LOG-13.
"""

from dataclasses import dataclass
from datetime import date

from domain.events.erasure import ErasureGround, ErasureScope, RefusalGround
from domain.retention import Regime

EXEMPT = frozenset(
    {ErasureGround.ART_51, ErasureGround.WRONG_CLIENT, ErasureGround.UNLAWFUL_RECORDING}
)
"""What ought never to have been recorded there goes before its time, and under a hold (RET-02)."""

GROUNDS: dict[ErasureScope, frozenset[ErasureGround]] = {
    ErasureScope.ITEM: EXEMPT | {ErasureGround.RETENTION_EXPIRED, ErasureGround.CONSENT_WITHDRAWN},
    ErasureScope.PURPOSE: frozenset(
        {ErasureGround.RETENTION_EXPIRED, ErasureGround.CONSENT_WITHDRAWN}
    ),
    ErasureScope.CLIENT: frozenset(
        {ErasureGround.RETENTION_EXPIRED, ErasureGround.CONSENT_WITHDRAWN}
    ),
    ErasureScope.MEMBER: frozenset({ErasureGround.RETENTION_EXPIRED, ErasureGround.MEMBER_ERASED}),
    ErasureScope.LOG_AGE: frozenset({ErasureGround.LOG_EXPIRED}),
}
"""On which grounds how much may go; single items alone are exempt from retention."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Why it stays, and until when; without a day where nobody can tell."""

    ground: RefusalGround
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What the gate weighs, as it is today.

    ``kept_until``: the last day of each client's retention, ``None`` where its clock does not run
    yet; ``held``: whether one of them is under a hold; ``log_kept_until``: that of the log's year.
    """

    today: date
    regime: Regime
    kept_until: tuple[date | None, ...] = ()
    held: bool = False
    log_kept_until: date | None = None


def weigh(
    scope: ErasureScope, ground: ErasureGround, found: Findings, *, by_author: bool
) -> Kept | None:
    """Why something is kept; ``None`` where it may go.

    ``by_author`` says whether whoever asks wrote it: she alone has an admission removed.
    """
    if ground is ErasureGround.ART_51 and not by_author:
        return Kept(RefusalGround.NOT_THE_AUTHOR)
    if ground in EXEMPT:
        return None
    if scope is ErasureScope.LOG_AGE:
        floor = found.log_kept_until
        late = floor is not None and found.today > floor
        return None if late else Kept(RefusalGround.LOG_FLOOR, floor)
    if found.held:
        return Kept(RefusalGround.HOLD)
    medical = found.regime is Regime.MEDICAL_ENTITY
    refusal = RefusalGround.RETENTION_MEDICAL if medical else RefusalGround.RETENTION_PSYCHOLOGIST
    days = [each for each in found.kept_until if each is not None]
    if not days or len(days) < len(found.kept_until):
        return Kept(refusal)
    return None if found.today > max(days) else Kept(refusal, max(days))
