"""Who may do what, to whose record, for which purpose: one table, read from top to bottom.

A rule admits when the actor has its role, the act is among its acts, the stated purpose among its
purposes, and the relation holds. What no rule admits is denied. A process note exists for its
author alone; nobody else has a rule for it. Nothing here is cached: a change of role or of a care
team decides the very next request (compliance.md ACC-01, ACC-02).
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from domain.values import ActingMode, Actor, Circumstances, PurposeOfUse, Role

VERSION = 5
"""Stands in every recorded event; a new table gets a new number."""


class Act(StrEnum):
    """What somebody can want to do."""

    REGISTER_CLIENT = "register a client"
    READ_IDENTITY = "read identity and contact"
    CHANGE_IDENTITY = "change identity and contact"
    RECORD_ENQUIRY = "record an enquiry"
    ASSIGN_ENQUIRY = "assign an enquiry"
    READ_ENQUIRY = "read an enquiry"
    READ_ENQUIRIES = "read the enquiries that are one's own"
    WRITE_ENQUIRY = "write in an enquiry"
    TAKE_UP = "open a case for somebody with an enquiry"
    OPEN_CASE = "open a case"
    READ_CASE = "read a case"
    READ_CHART = "read the chart of a case"
    WRITE_CASE = "write in a case"
    SCHEDULE_SESSION = "schedule or cancel a session"
    SETTLE_SESSION = "settle a session"
    READ_CALENDAR = "read the calendar"
    READ_NOTE = "read a signed note"
    READ_DRAFT = "read a draft"
    WRITE_NOTE = "write a note"
    COUNTERSIGN_NOTE = "countersign a note"
    USE_PROCESS_NOTE = "read or write a process note"
    USE_RECORDING = "see or hear a recording"
    READ_CONSENTS = "read consents"
    RECORD_CONSENT = "record a consent"
    KEEP_GUARDIANSHIP = "read or limit who speaks for a client"
    READ_CASELOAD = "read a caseload"
    KEEP_PORTFOLIO = "keep one's own portfolio"
    READ_QUALIFICATIONS = "read somebody's qualifications"
    DECLARE_CONFLICT = "declare a conflict of interest"
    READ_CONFLICTS = "read who has declared conflicts"
    TAKE_PART_IN_SUPERVISION = "arrange, hold or look at one's own supervision"
    BRING_CASE = "bring a case to supervision"
    USE_CASE_PACK = "read, issue or revoke one's own case pack"
    READ_CASE_PACK = "read a case pack or advice as supervisor"
    READ_WORKLIST = "read what waits for somebody"
    FIND_CLIENT = "find any client"
    FIND_OWN_CLIENT = "find one's own client"
    SEARCH_RECORD = "search in a record"
    MOVE_NOTE = "move a misfiled note"
    REQUEST_ITEM_ERASURE = "ask for the erasure of one item"
    REQUEST_ERASURE = "ask for the erasure of a record or an old log"
    READ_ERASURE = "read a request for erasure"
    WITHDRAW_ERASURE = "withdraw a request for erasure"
    APPROVE_ERASURE = "approve an erasure"
    COMPLETE_ERASURE = "carry out an approved erasure"
    HOLD_RECORD = "place or lift a hold"
    READ_ACCESS_LOG = "read a client's access log"
    READ_AUDIT_TRAIL = "read the audit trail"
    READ_LOG = "read entries of the log"
    READ_INCIDENTS = "read incidents"
    FILE_COMPLAINT = "take a complaint in"
    HANDLE_COMPLAINT = "read and handle a complaint"
    KEEP_INSTRUMENTS = "read and define questionnaires"
    TAKE_CRISIS_SHEET = "take a crisis sheet along and tell of its use"
    MANAGE_STAFF = "manage staff and sign-ins"
    MANAGE_PROJECTIONS = "manage projections"


class Relation(Enum):
    """What must hold between the actor and the record."""

    CLINIC = "works for the clinic"
    CARE_TEAM = "is on the care team of the case, or of one of the client's cases"
    INTAKE = "is the assigned intake person of an open enquiry"
    AUTHOR = "is the author"
    NAMED = "was asked by the author to sign beside her"
    VIEWER = "was named by the author to see or hear it"
    OWN = "it is about herself"
    SUPERVISOR = "is the named supervisor, and it is open to her at this moment"
    SCOPE = "holds the scope that names it"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    id: str
    role: Role
    relation: Relation
    acts: frozenset[Act]
    purposes: frozenset[PurposeOfUse]
    mode: ActingMode


def _rule(
    name: str,
    role: Role,
    relation: Relation,
    mode: ActingMode,
    acts: set[Act],
    purposes: set[PurposeOfUse],
) -> Rule:
    return Rule(name, role, relation, frozenset(acts), frozenset(purposes), mode)


_CARE = {PurposeOfUse.TREAT}
_RUNNING = {PurposeOfUse.HOPERAT, PurposeOfUse.TREAT}
_REVIEW = {PurposeOfUse.ACCESS_REVIEW, PurposeOfUse.HCOMPL}
_BRINGING = {PurposeOfUse.TREAT, PurposeOfUse.SUPERVISION}

RULES: tuple[Rule, ...] = (
    _rule(
        "clinician.begins",
        Role.CLINICIAN,
        Relation.CLINIC,
        ActingMode.CARE,
        {Act.REGISTER_CLIENT, Act.RECORD_ENQUIRY, Act.KEEP_INSTRUMENTS, Act.OPEN_CASE},
        _CARE,
    ),
    _rule(
        "clinician.intake",
        Role.CLINICIAN,
        Relation.INTAKE,
        ActingMode.CARE,
        {
            Act.READ_IDENTITY,
            Act.CHANGE_IDENTITY,
            Act.READ_ENQUIRY,
            Act.WRITE_ENQUIRY,
            Act.ASSIGN_ENQUIRY,
            Act.TAKE_UP,
        },
        _CARE,
    ),
    _rule(
        "clinician.care-team",
        Role.CLINICIAN,
        Relation.CARE_TEAM,
        ActingMode.CARE,
        {
            Act.READ_IDENTITY,
            Act.CHANGE_IDENTITY,
            Act.READ_ENQUIRY,
            Act.READ_CASE,
            Act.READ_CHART,
            Act.WRITE_CASE,
            Act.SCHEDULE_SESSION,
            Act.SETTLE_SESSION,
            Act.READ_NOTE,
            Act.WRITE_NOTE,
            Act.COUNTERSIGN_NOTE,
            Act.READ_CONSENTS,
            Act.RECORD_CONSENT,
            Act.KEEP_GUARDIANSHIP,
            Act.SEARCH_RECORD,
            Act.MOVE_NOTE,
            Act.REQUEST_ITEM_ERASURE,
        },
        _CARE,
    ),
    _rule(
        "clinician.author",
        Role.CLINICIAN,
        Relation.AUTHOR,
        ActingMode.CARE,
        {
            Act.READ_NOTE,
            Act.WRITE_NOTE,
            Act.READ_DRAFT,
            Act.USE_PROCESS_NOTE,
            Act.USE_RECORDING,
            Act.MOVE_NOTE,
        },
        _CARE,
    ),
    _rule(
        "clinician.co-signer",
        Role.CLINICIAN,
        Relation.NAMED,
        ActingMode.CARE,
        {Act.READ_NOTE, Act.COUNTERSIGN_NOTE},
        _CARE,
    ),
    _rule(
        "clinician.viewer",
        Role.CLINICIAN,
        Relation.VIEWER,
        ActingMode.CARE,
        {Act.USE_RECORDING},
        _CARE,
    ),
    _rule(
        "clinician.own-caseload",
        Role.CLINICIAN,
        Relation.OWN,
        ActingMode.CARE,
        {
            Act.READ_CASELOAD,
            Act.TAKE_CRISIS_SHEET,
            Act.READ_ENQUIRIES,
            Act.READ_CALENDAR,
            Act.READ_WORKLIST,
            Act.FIND_OWN_CLIENT,
            Act.READ_ERASURE,
            Act.WITHDRAW_ERASURE,
        },
        _CARE,
    ),
    _rule(
        "clinician.portfolio",
        Role.CLINICIAN,
        Relation.OWN,
        ActingMode.SELF,
        {Act.KEEP_PORTFOLIO},
        _RUNNING,
    ),
    *(
        _rule(
            f"{role.value}.conflicts",
            role,
            Relation.OWN,
            ActingMode.SELF,
            {Act.DECLARE_CONFLICT},
            {*_RUNNING, *_REVIEW},
        )
        for role in (Role.CLINICIAN, Role.RECEPTION, Role.COMPLIANCE)
    ),
    _rule(
        "clinician.supervision",
        Role.CLINICIAN,
        Relation.OWN,
        ActingMode.SUPERVISION,
        {Act.TAKE_PART_IN_SUPERVISION},
        _BRINGING,
    ),
    _rule(
        "clinician.brings",
        Role.CLINICIAN,
        Relation.CARE_TEAM,
        ActingMode.SUPERVISION,
        {Act.BRING_CASE},
        _BRINGING,
    ),
    _rule(
        "clinician.case-pack",
        Role.CLINICIAN,
        Relation.AUTHOR,
        ActingMode.SUPERVISION,
        {Act.USE_CASE_PACK},
        _BRINGING,
    ),
    _rule(
        "supervisor.case-pack",
        Role.CLINICIAN,
        Relation.SUPERVISOR,
        ActingMode.SUPERVISION,
        {Act.READ_CASE_PACK},
        {PurposeOfUse.SUPERVISION},
    ),
    _rule(
        "reception.front-desk",
        Role.RECEPTION,
        Relation.CLINIC,
        ActingMode.ADMIN,
        {
            Act.REGISTER_CLIENT,
            Act.RECORD_ENQUIRY,
            Act.ASSIGN_ENQUIRY,
            Act.FIND_CLIENT,
            Act.READ_IDENTITY,
            Act.CHANGE_IDENTITY,
            Act.READ_CALENDAR,
            Act.FILE_COMPLAINT,
        },
        _RUNNING,
    ),
    _rule(
        "compliance.review",
        Role.COMPLIANCE,
        Relation.CLINIC,
        ActingMode.PRIVACY,
        {
            Act.READ_ACCESS_LOG,
            Act.READ_AUDIT_TRAIL,
            Act.READ_LOG,
            Act.READ_INCIDENTS,
            Act.READ_CONFLICTS,
        },
        _REVIEW,
    ),
    _rule(
        "compliance.complaints",
        Role.COMPLIANCE,
        Relation.CLINIC,
        ActingMode.PRIVACY,
        {Act.FILE_COMPLAINT, Act.HANDLE_COMPLAINT},
        _REVIEW,
    ),
    _rule(
        "compliance.erasure",
        Role.COMPLIANCE,
        Relation.CLINIC,
        ActingMode.PRIVACY,
        {
            Act.REQUEST_ITEM_ERASURE,
            Act.REQUEST_ERASURE,
            Act.READ_ERASURE,
            Act.WITHDRAW_ERASURE,
            Act.COMPLETE_ERASURE,
            Act.HOLD_RECORD,
        },
        _REVIEW,
    ),
    _rule(
        "custodian.erasure",
        Role.CUSTODIAN,
        Relation.CLINIC,
        ActingMode.ADMIN,
        {Act.READ_ERASURE, Act.APPROVE_ERASURE, Act.COMPLETE_ERASURE},
        {PurposeOfUse.HOPERAT, PurposeOfUse.HCOMPL},
    ),
    _rule(
        "administrator.staff",
        Role.ADMINISTRATOR,
        Relation.CLINIC,
        ActingMode.ADMIN,
        {
            Act.KEEP_INSTRUMENTS,
            Act.MANAGE_STAFF,
            Act.MANAGE_PROJECTIONS,
            Act.READ_INCIDENTS,
            Act.READ_QUALIFICATIONS,
        },
        {PurposeOfUse.HSYSADMIN, PurposeOfUse.HOPERAT},
    ),
    _rule(
        "client.own-access-log",
        Role.CLIENT,
        Relation.OWN,
        ActingMode.SELF,
        {Act.READ_ACCESS_LOG},
        {PurposeOfUse.PATRQT},
    ),
    _rule(
        "integration.scope",
        Role.INTEGRATION,
        Relation.SCOPE,
        ActingMode.SYSTEM,
        {Act.READ_CASE, Act.READ_CASELOAD, Act.READ_CALENDAR},
        {PurposeOfUse.TREAT, PurposeOfUse.HOPERAT, PurposeOfUse.HQUALIMP},
    ),
)

SCOPES = {
    Act.READ_CASE: "case-state:read",
    Act.READ_CASELOAD: "caseload:read",
    Act.READ_CALENDAR: "calendar:read",
}
"""The scope that an integration needs for an act."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts about the actor and the record that a decision may use."""

    on_care_team: bool = False
    is_author: bool = False
    is_own: bool = False
    is_supervisor: bool = False
    conflicted: bool = False
    """She has declared a conflict of interest with one of the clients: no rule helps."""
    is_intake: bool = False
    is_named: bool = False
    is_viewer: bool = False


NONE = Standing()
NO_RELATION = "deny.relationship.none"
CONFLICT = "deny.conflict"
"""Stands in the declarer's own log alone; that of the client says ``NO_RELATION``."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy said, by which rule; a denial says whether any record could have helped.

    ``by_role`` is true where no rule admits this role and purpose to the act at all: then the
    answer may say so, since it is the same for every record, existing or not.
    """

    permitted: bool
    rule: str
    role: Role | None
    mode: ActingMode | None
    by_role: bool = False

    def stamp(self, who: Circumstances) -> Circumstances:
        """The circumstances with what was decided."""
        return Circumstances(
            actor=who.actor,
            purpose=who.purpose,
            request=who.request,
            session_reference=who.session_reference,
            network_address=who.network_address,
            application=who.application,
            role=self.role,
            mode=self.mode,
            rule=self.rule,
            policy_version=VERSION,
        )


def permit(
    actor: Actor, act: Act, purpose: PurposeOfUse | None, standing: Standing = NONE
) -> Decision:
    """Decide; the first rule that admits is the one that is recorded."""
    candidates = [rule for rule in RULES if rule.role in actor.roles and act in rule.acts]
    fitting = [rule for rule in candidates if purpose in rule.purposes]
    if fitting and standing.conflicted:
        return _deny(CONFLICT, fitting[0].role)
    for rule in fitting:
        if _holds(rule, actor, act, standing):
            return Decision(permitted=True, rule=rule.id, role=rule.role, mode=rule.mode)
    if fitting:
        return _deny(NO_RELATION, fitting[0].role)
    if candidates:
        return _deny("deny.purpose", candidates[0].role, by_role=True)
    return _deny("deny.role", next(iter(actor.roles), None), by_role=True)


def _deny(reason: str, role: Role | None, *, by_role: bool = False) -> Decision:
    return Decision(permitted=False, rule=reason, role=role, mode=None, by_role=by_role)


def _holds(rule: Rule, actor: Actor, act: Act, standing: Standing) -> bool:
    match rule.relation:
        case Relation.CLINIC:
            return True
        case Relation.CARE_TEAM:
            return standing.on_care_team
        case Relation.INTAKE:
            return standing.is_intake
        case Relation.AUTHOR:
            return standing.is_author
        case Relation.NAMED:
            return standing.is_named
        case Relation.VIEWER:
            return standing.is_viewer
        case Relation.OWN:
            return standing.is_own
        case Relation.SUPERVISOR:
            return standing.is_supervisor
        case Relation.SCOPE:
            return SCOPES.get(act) in actor.scopes
