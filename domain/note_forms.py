"""The templates that notes are written after: closed data, with titles in Polish and English.

A code stands in the record for good, so a template only ever grows. Countertransference has no
section anywhere here: it belongs into a process note (domain.md, row 29).

Source:
    domain.md section 4, rows 17 and 25; the Polish session note (*notatka z sesji*) of the
    training schools; SOAP, DAP and BIRP as they are taught in behavioural health.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from domain.errors import Invalid
from domain.events.note import NoteKind, Template
from domain.headings import Heading
from domain.values import FreeText, School, Section
from domain.wording import worded, worded_sections

VERSION = 1
"""Grows with every section that is added."""
EXTERNAL = frozenset({NoteKind.OPINION, NoteKind.CERTIFICATE})
"""External documentation: leaves the clinic under one of ``EXTERNAL_SIGNATURES`` and not
otherwise, whoever signed it in here (SIG-02)."""
EXTERNAL_SIGNATURES = ("qualified", "trusted", "personal", "zus")
_INTERNAL = frozenset(NoteKind) - EXTERNAL


@dataclass(frozen=True, slots=True)
class Form:
    """A template: its titles, its sections in their order, and what it is for.

    ``schools`` are those whose words it speaks, none where it belongs to all.
    """

    template: Template
    polish: str
    english: str
    headings: tuple[Heading, ...]
    kinds: frozenset[NoteKind] = _INTERNAL
    schools: tuple[School, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its sections, in their order."""
        return tuple(each.code for each in self.headings)


_PLAN = Heading("plan", "Plan i ustalenia", "Plan")
_TOPIC = Heading("topic", "Temat sesji", "Topic of the session")
_STATE = Heading("state", "Stan i obserwacje", "State and observations")
_COURSE = Heading("course", "Przebieg sesji", "Course of the session")
_METHODS = Heading("interventions", "Zastosowane metody i interwencje", "Methods and interventions")
_HOMEWORK = Heading("homework", "Praca między sesjami", "Work between sessions")
_RISK = Heading("risk", "Bezpieczeństwo i ryzyko", "Safety and risk")


def _session(template: Template, polish: str, english: str, school: School, *own: Heading) -> Form:
    """The session note with what one school writes down beside."""
    headings = (_TOPIC, _STATE, _COURSE, *own, _METHODS, _HOMEWORK, _RISK, _PLAN)
    return Form(template, polish, english, headings, schools=(school,))


_FORMS = (
    Form(Template.FREE, "Notatka swobodna", "Free note", (), kinds=frozenset(NoteKind)),
    Form(
        Template.SESSION,
        "Notatka z sesji",
        "Session note",
        (_TOPIC, _STATE, _COURSE, _METHODS, _HOMEWORK, _RISK, _PLAN),
    ),
    Form(
        Template.SOAP,
        "SOAP",
        "SOAP",
        (
            Heading("subjective", "Relacja osoby (S)", "Subjective"),
            Heading("objective", "Obserwacje i wyniki (O)", "Objective"),
            Heading("assessment", "Ocena (A)", "Assessment"),
            _PLAN,
        ),
    ),
    Form(
        Template.DAP,
        "DAP",
        "DAP",
        (
            Heading("data", "Dane (D)", "Data"),
            Heading("assessment", "Ocena (A)", "Assessment"),
            _PLAN,
        ),
    ),
    Form(
        Template.BIRP,
        "BIRP",
        "BIRP",
        (
            Heading("behaviour", "Zachowanie (B)", "Behaviour"),
            Heading("intervention", "Interwencja (I)", "Intervention"),
            Heading("response", "Odpowiedź na interwencję (R)", "Response"),
            _PLAN,
        ),
    ),
    _session(
        Template.PSYCHODYNAMIC,
        "Notatka z sesji: nurt psychodynamiczny",
        "Session note, psychodynamic",
        School.PSYCHODYNAMIC,
        Heading("associations", "Skojarzenia i wnoszony materiał", "Associations and material"),
        Heading("dreams", "Sny i fantazje", "Dreams and fantasies"),
        Heading("transference", "Przeniesienie", "Transference"),
        Heading("defences", "Opór i obrony", "Resistance and defences"),
        Heading("patterns", "Powtarzające się wzorce relacji", "Recurring patterns of relating"),
        Heading("interpretations", "Interpretacje i odpowiedź na nie", "Interpretations"),
    ),
    _session(
        Template.COGNITIVE_BEHAVIOURAL,
        "Notatka z sesji: nurt poznawczo-behawioralny",
        "Session note, cognitive-behavioural",
        School.COGNITIVE_BEHAVIOURAL,
        Heading("agenda", "Plan sesji ustalony na początku", "Agenda"),
        Heading("mood", "Nastrój i wyniki pomiarów", "Mood and measures"),
        Heading("homework-review", "Omówienie pracy między sesjami", "Review of homework"),
        Heading("activating-event", "Sytuacja wyzwalająca (A)", "Activating event (A)"),
        Heading("beliefs", "Myśli i przekonania (B)", "Thoughts and beliefs (B)"),
        Heading("consequences", "Emocje, ciało, zachowanie (C)", "Consequences (C)"),
        Heading("disputation", "Podważanie i alternatywy (D)", "Disputation (D)"),
        Heading("effect", "Nowe przekonanie i jego skutek (E)", "Effect (E)"),
    ),
    Form(
        Template.THOUGHT_RECORD,
        "Zapis myśli",
        "Thought record",
        (
            Heading("situation", "Sytuacja", "Situation"),
            Heading("emotions", "Emocje i ich nasilenie (0–100)", "Emotions and intensity (0–100)"),
            Heading("automatic-thoughts", "Myśli automatyczne", "Automatic thoughts"),
            Heading("evidence-for", "Dowody za", "Evidence for"),
            Heading("evidence-against", "Dowody przeciw", "Evidence against"),
            Heading("balanced-thought", "Myśl alternatywna", "Balanced thought"),
            Heading("outcome", "Emocje po zapisie (0–100)", "Emotions afterwards (0–100)"),
        ),
        schools=(School.COGNITIVE_BEHAVIOURAL,),
    ),
    _session(
        Template.HUMANISTIC_EXISTENTIAL,
        "Notatka z sesji: nurt humanistyczno-egzystencjalny",
        "Session note, humanistic-existential",
        School.HUMANISTIC_EXISTENTIAL,
        Heading("experiencing", "Doświadczanie tu i teraz", "Experiencing here and now"),
        Heading("meaning", "Sens i wartości", "Meaning and values"),
        Heading("choice", "Wybór i odpowiedzialność", "Choice and responsibility"),
        Heading("themes", "Tematy egzystencjalne", "Existential themes"),
        Heading("encounter", "Kontakt i spotkanie", "Contact and encounter"),
        Heading("resources", "Zasoby i kierunek wzrostu", "Resources and growth"),
    ),
    _session(
        Template.SYSTEMIC,
        "Notatka z sesji: nurt systemowy",
        "Session note, systemic",
        School.SYSTEMIC,
        Heading("present", "Kto był obecny i w jakiej roli", "Who was there, in what role"),
        Heading("relations", "Relacje, granice, koalicje", "Relations, boundaries, coalitions"),
        Heading("circularity", "Sekwencje i sprzężenia zwrotne", "Sequences and circularity"),
        Heading("hypotheses", "Hipotezy systemowe", "Systemic hypotheses"),
        Heading("circular-questions", "Pytania cyrkularne i odpowiedzi", "Circular questions"),
        Heading("reframing", "Przeformułowania", "Reframing"),
        Heading("genogram", "Uzupełnienia genogramu", "Changes to the genogram"),
    ),
    Form(
        Template.CONTACT,
        "Notatka z kontaktu",
        "Contact note",
        (
            Heading("occasion", "Powód kontaktu", "Occasion"),
            Heading("content", "Treść rozmowy lub pisma", "What was said or written"),
            Heading("disclosed", "Co i na jakiej podstawie przekazano", "What was disclosed, why"),
            _RISK,
            _PLAN,
        ),
    ),
    Form(
        Template.CRISIS,
        "Notatka interwencyjna",
        "Crisis note",
        (
            Heading("event", "Zdarzenie i okoliczności", "Event and circumstances"),
            _STATE,
            _RISK,
            Heading("protective", "Czynniki chroniące", "Protective factors"),
            Heading("steps", "Podjęte działania", "Steps taken"),
            Heading("informed", "Kogo powiadomiono", "Who was informed"),
            _PLAN,
        ),
        kinds=frozenset({NoteKind.CRISIS, NoteKind.CONTACT, NoteKind.SESSION}),
    ),
    Form(
        Template.OPINION,
        "Opinia",
        "Opinion",
        (
            Heading("addressee", "Adresat i cel opinii", "Addressee and purpose"),
            Heading("basis", "Na jakiej podstawie", "On what basis"),
            Heading("course", "Przebieg terapii", "Course of the therapy"),
            Heading("findings", "Ustalenia", "Findings"),
            Heading("opinion", "Opinia", "Opinion"),
            Heading("reservations", "Zastrzeżenia", "Reservations"),
        ),
        kinds=frozenset({NoteKind.OPINION}),
    ),
    Form(
        Template.CERTIFICATE,
        "Zaświadczenie",
        "Certificate",
        (
            Heading("addressee", "Adresat i cel zaświadczenia", "Addressee and purpose"),
            Heading("certified", "Co się zaświadcza", "What is certified"),
            Heading("period", "Okres", "Period"),
        ),
        kinds=frozenset({NoteKind.CERTIFICATE}),
    ),
)

FORMS = {each.template: each for each in _FORMS}


@dataclass(frozen=True, slots=True)
class Words:
    """What a note says: a text, or sections."""

    text: FreeText | None = None
    sections: tuple[Section, ...] = ()

    @property
    def texts(self) -> tuple[FreeText, ...]:
        """Every text in it."""
        own = () if self.text is None else (self.text,)
        return (*own, *(each.text for each in self.sections))


def said(template: Template, words: Words) -> Words:
    """The words as the template has them: a text in a free note, sections in every other.

    Raises:
        Invalid: They are not of the template, say nothing, or are too long.
    """
    if template is Template.FREE:
        if words.sections:
            raise Invalid("sections", "belong to a template; this note is free")
        return Words(text=worded(words.text or FreeText("")))
    if words.text is not None:
        raise Invalid("text", "belongs to a free note; this template has sections")
    return Words(sections=worded_sections(words.sections, FORMS[template].codes))


def must_serve(template: Template, kind: NoteKind) -> None:
    """Refuse a template that is not for this kind of note.

    Raises:
        Invalid: It is not.
    """
    if kind not in FORMS[template].kinds:
        raise Invalid("template", "is not for this kind of note")


def must_be_sections(template: Template, codes: Iterable[str]) -> tuple[str, ...]:
    """Codes of a template's sections, each once, in the template's order.

    Raises:
        Invalid: One is not the template's.
    """
    named = set(codes)
    if not named <= set(FORMS[template].codes):
        raise Invalid("scope", "has a section that is not of this note's template")
    return tuple(code for code in FORMS[template].codes if code in named)


Text = TypeVar("Text")


def valid_sections(
    template: Template, written: Iterable[tuple[str, Text]], later: Iterable[tuple[str, Text]]
) -> tuple[tuple[str, Text], ...]:
    """What each section says by now, in the template's order: what was written later stands."""
    now = {**dict(written), **dict(later)}
    return tuple((code, now[code]) for code in FORMS[template].codes if code in now)
