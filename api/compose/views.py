"""The projections of a clinic: which there are, where their rows live, the queries on them."""

from __future__ import annotations

from collections.abc import Iterable

from domain.ports import Recorded
from infrastructure.folder import OpenFolder
from infrastructure.vault.port import Reader
from infrastructure.views import ServingViews, sweep
from projections.access_log import AccessLog, AccessLogProjection
from projections.audit_trail import AuditTrail, AuditTrailProjection
from projections.calendar import Calendar, CalendarProjection
from projections.case_past import CasePast
from projections.case_state import CaseStateProjection, CaseStates
from projections.caseload import Caseload, CaseloadProjection
from projections.chart.projection import ChartProjection
from projections.chart.queries import Chart
from projections.derived import DerivedRows
from projections.enquiries import Enquiries, EnquiriesProjection
from projections.erasures import Erasures, ErasuresProjection
from projections.follower import Followed
from projections.identifiers import IdentifiersProjection
from projections.name_cards import NameCards, NameCardsProjection
from projections.portfolio import PortfolioProjection, Portfolios
from projections.process_notes import ProcessNotes, ProcessNotesProjection
from projections.projection import Projection
from projections.retention import Holdings, RetentionProjection
from projections.staff import Staff, StaffProjection
from projections.supervision import SupervisionProjection, Supervisions
from projections.tasks.projection import WorklistProjection
from projections.worklist import Worklist

PROJECTIONS: tuple[Projection, ...] = (
    CaseStateProjection(),
    AccessLogProjection(),
    AuditTrailProjection(),
    CaseloadProjection(),
    CalendarProjection(),
    NameCardsProjection(),
    ProcessNotesProjection(),
    StaffProjection(),
    IdentifiersProjection(),
    RetentionProjection(),
    ErasuresProjection(),
    ChartProjection(),
    WorklistProjection(),
    EnquiriesProjection(),
    PortfolioProjection(),
    SupervisionProjection(),
)


class Views:
    """The projections of a clinic: their rows, and the queries on them."""

    def __init__(self, folder: OpenFolder) -> None:
        path = folder.layout.folder
        sweep(path, {each.name for each in PROJECTIONS})
        self.stores = {
            each.name: ServingViews(path, each.name, each.tables) for each in PROJECTIONS
        }
        self.followed = [Followed(each, self.stores[each.name]) for each in PROJECTIONS]

        place = self.place
        read = folder.record.read

        def read_until(stream: str, until: int, opening: Reader) -> Iterable[Recorded]:
            return read(stream, until=until, opening=opening)

        self.case_states = CaseStates(*place(CaseStateProjection), read_until)
        self.chart = Chart(*place(ChartProjection), read_until)
        self.past = CasePast(self.case_states, self.chart, read_until)
        self.worklist = Worklist(*place(WorklistProjection))
        self.enquiries = Enquiries(*place(EnquiriesProjection))
        self.access_log = AccessLog(*place(AccessLogProjection))
        self.audit_trail = AuditTrail(*place(AuditTrailProjection))
        self.caseload = Caseload(place(CaseloadProjection)[1])
        self.calendar = Calendar(*place(CalendarProjection))
        self.name_cards = NameCards(*place(NameCardsProjection))
        self.process_notes = ProcessNotes(*place(ProcessNotesProjection))
        self.staff = Staff(*place(StaffProjection))
        self.portfolios = Portfolios(*place(PortfolioProjection))
        self.supervisions = Supervisions(*place(SupervisionProjection))
        self.derived = DerivedRows(
            place(AccessLogProjection)[1],
            place(AuditTrailProjection)[1],
            place(CalendarProjection)[1],
            place(ProcessNotesProjection)[1],
        )
        self.erasures = Erasures(place(ErasuresProjection)[1])
        self.holdings = Holdings(
            place(RetentionProjection)[1],
            place(CaseStateProjection)[1],
            place(ProcessNotesProjection)[1],
            place(ChartProjection)[1],
        )

    def place(self, kind: type[Projection]) -> tuple[str, ServingViews]:
        """The name of a projection, and where its rows live."""
        name = next(each.name for each in PROJECTIONS if isinstance(each, kind))
        return name, self.stores[name]

    def position(self) -> int:
        """The position that every projection has reached."""
        return min(each.position() for each in self.stores.values())

    def positions(self) -> dict[str, int]:
        """The position that each projection has reached."""
        return {name: each.position() for name, each in self.stores.items()}

    def close(self) -> None:
        """Close every file."""
        for each in self.stores.values():
            each.close()
