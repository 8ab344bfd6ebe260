"""What a clinic has settled about its own practice, where the law leaves it the choice.

The defaults ask for the least, so that a clinic that settled nothing goes on as it was; what
``powiernik init`` writes asks for what a regulated provider must do.
"""

from dataclasses import dataclass

from domain.person_word import Called

DRAFT_DAYS = 14
MOST_DRAFT_DAYS = 365
LARGEST_DOCUMENT = 50
LARGEST_RECORDING = 2048
MOST_MEBIBYTES = 16_384


@dataclass(frozen=True, slots=True)
class Provider:
    """Who provides the services, as every signed entry shows it (REC-02)."""

    name: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The clinic's own settings.

    ``identity_demanded``: no note but a crisis note is signed while the client's file lacks what
    the law wants there (REC-01). ``co_signature``: a note of somebody in training waits for the
    signature of a supervisor (SIG-06). ``draft_days``: after so many days without a word a draft
    has expired. ``contract_before_plan``: a treatment plan needs a therapeutic contract.
    ``called``: whether people are called clients or patients here, or as each school does.
    ``largest_document`` and ``largest_recording``: how many MiB one may have.
    """

    identity_demanded: bool = False
    co_signature: bool = False
    draft_days: int = DRAFT_DAYS
    provider: Provider | None = None
    contract_before_plan: bool = False
    called: Called = Called.BY_SCHOOL
    largest_document: int = LARGEST_DOCUMENT
    largest_recording: int = LARGEST_RECORDING
