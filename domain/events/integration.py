"""What happens to the programs that read projections over the API."""

from dataclasses import dataclass
from typing import ClassVar

from domain.confidentiality import FRAME, Label
from domain.values import ActorId, StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationRegistered:
    """A program may read the projections that its scopes name."""

    NAME: ClassVar[str] = "integration.registered"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    integration: ActorId
    staff_stream: StreamId
    title: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationWithdrawn:
    """The program may read nothing any more."""

    NAME: ClassVar[str] = "integration.withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME


IntegrationEvent = IntegrationRegistered | IntegrationWithdrawn
EVENTS: tuple[type[IntegrationEvent], ...] = (IntegrationRegistered, IntegrationWithdrawn)
