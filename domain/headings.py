"""The headings of an intake and of a case formulation: closed lists, in Polish and English.

A formulation has the headings of its school (domain.md section 4, rows 8 and 25). What a
psychodynamic therapist expects of the transference, and her own countertransference, is no part of
the record: it belongs in a process note, and no heading here asks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.values import School


@dataclass(frozen=True, slots=True)
class Heading:
    """What a section is about, by its code and as people read it."""

    code: str
    polish: str
    english: str


INTAKE = (
    Heading("referral", "Kto skierował i dlaczego", "Who referred, and why"),
    Heading("interview", "Wywiad wstępny", "Intake interview"),
    Heading("history", "Historia życia", "Life history"),
    Heading("family", "Rodzina i relacje", "Family and relationships"),
    Heading("resources", "Zasoby", "Resources"),
    Heading("expectations", "Oczekiwania wobec terapii", "What is expected of therapy"),
    Heading("previous-treatment", "Dotychczasowe leczenie", "Previous treatment"),
    Heading("medication", "Leki (według relacji)", "Medication, as told"),
)
"""The sections of an intake interview."""

FORMULATION: Mapping[School, tuple[Heading, ...]] = {
    School.PSYCHODYNAMIC: (
        Heading("summary", "Podsumowanie", "Summary"),
        Heading("conflicts", "Główne konflikty", "Core conflicts"),
        Heading("dynamics", "Dynamika", "Dynamics"),
        Heading("defences", "Mechanizmy obronne", "Defences"),
        Heading("object-relations", "Relacje z obiektem", "Object relations"),
        Heading("structure", "Organizacja osobowości", "Personality organisation"),
        Heading("development", "Rozwój i jego zakłócenia", "Development and its disturbances"),
        Heading("capacities", "Możliwości ego", "Ego capacities"),
    ),
    School.COGNITIVE_BEHAVIOURAL: (
        Heading("summary", "Podsumowanie", "Summary"),
        Heading("triggers", "Wyzwalacze", "Triggers"),
        Heading("automatic-thoughts", "Myśli automatyczne", "Automatic thoughts"),
        Heading("emotions", "Emocje", "Emotions"),
        Heading("body", "Reakcje ciała", "Bodily reactions"),
        Heading("behaviour", "Zachowanie i unikanie", "Behaviour and avoidance"),
        Heading("beliefs", "Przekonania kluczowe", "Core beliefs"),
        Heading("assumptions", "Przekonania pośredniczące i reguły", "Assumptions and rules"),
        Heading("maintaining-cycles", "Cykle podtrzymujące", "Maintaining cycles"),
        Heading("origins", "Doświadczenia kształtujące", "Formative experience"),
        Heading("strengths", "Mocne strony", "Strengths"),
    ),
    School.HUMANISTIC_EXISTENTIAL: (
        Heading("summary", "Podsumowanie", "Summary"),
        Heading("experience", "Doświadczanie siebie i świata", "Experience of self and world"),
        Heading("self-concept", "Obraz siebie", "Self-concept"),
        Heading("contact", "Kontakt i relacja", "Contact and relationship"),
        Heading("meaning", "Sens", "Meaning"),
        Heading("values", "Wartości", "Values"),
        Heading("freedom", "Wolność, wybór, odpowiedzialność", "Freedom, choice, responsibility"),
        Heading("givens", "Troski ostateczne", "Existential givens"),
        Heading("growth", "Kierunek rozwoju", "Direction of growth"),
    ),
    School.SYSTEMIC: (
        Heading("summary", "Podsumowanie", "Summary"),
        Heading("circularity", "Cyrkularność", "Circularity"),
        Heading("patterns", "Wzorce interakcji", "Patterns of interaction"),
        Heading("structure", "Struktura, granice, koalicje", "Structure, boundaries, coalitions"),
        Heading("life-cycle", "Cykl życia rodziny", "Family life cycle"),
        Heading("transmission", "Przekaz międzypokoleniowy", "Intergenerational transmission"),
        Heading("beliefs", "Przekonania i mity rodzinne", "Family beliefs and myths"),
        Heading("function", "Funkcja objawu", "Function of the symptom"),
        Heading("resources", "Zasoby systemu", "Resources of the system"),
    ),
    School.INTEGRATIVE: (
        Heading("summary", "Podsumowanie", "Summary"),
        Heading("predisposing", "Czynniki predysponujące", "Predisposing factors"),
        Heading("precipitating", "Czynniki wyzwalające", "Precipitating factors"),
        Heading("perpetuating", "Czynniki podtrzymujące", "Perpetuating factors"),
        Heading("protective", "Czynniki chroniące", "Protective factors"),
        Heading("mechanisms", "Mechanizmy", "Mechanisms"),
        Heading("strategies", "Kierunki pracy", "Strategies"),
        Heading("integration", "Uzasadnienie łączenia podejść", "Why approaches are combined"),
    ),
}
"""The sections of a case formulation, by school."""


def codes(headings: tuple[Heading, ...]) -> tuple[str, ...]:
    """The codes of headings, in their order."""
    return tuple(each.code for each in headings)


def heading(headings: tuple[Heading, ...], code: str) -> Heading:
    """The heading with this code; a code that is not among them stands for itself."""
    found = (each for each in headings if each.code == code)
    return next(found, Heading(code, code, code))
