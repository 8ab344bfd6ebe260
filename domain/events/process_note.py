"""Process notes: what a therapist thinks for herself, kept apart from the clinical record.

Their words are under an item key wrapped for the author and for the two-person escrow, for nobody
else (KEY-02, fine print 3 and 12).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import PROCESS_NOTE, Label
from domain.values import CaseId, FreeText, NoteId, PractitionerId, SessionId


class Thought(StrEnum):
    """What an author thinks about: material of the process, hers alone whatever it is.

    A rupture of the alliance and its repair, what she feels about the client, and how directive she
    is with him are what she works with; none of it belongs in the clinical record.
    """

    THOUGHT = "thought"
    RUPTURE = "rupture"
    REPAIR = "repair"
    COUNTERTRANSFERENCE = "countertransference"
    STYLE = "style"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessNoteWritten:
    """The author wrote down what is hers alone; a repair names the rupture that it answers."""

    NAME: ClassVar[str] = "process_note.written"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = PROCESS_NOTE
    note: NoteId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    text: FreeText
    kind: Thought = Thought.THOUGHT
    answers: NoteId | None = None
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessNoteAmended:
    """The author added to it; what stood before stays."""

    NAME: ClassVar[str] = "process_note.amended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PROCESS_NOTE
    note: NoteId
    case: CaseId
    text: FreeText


ProcessNoteEvent = ProcessNoteWritten | ProcessNoteAmended
EVENTS: tuple[type[ProcessNoteEvent], ...] = (ProcessNoteWritten, ProcessNoteAmended)
