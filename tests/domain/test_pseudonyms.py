"""No known identifying string survives in a pack, however it is declined, typed or placed."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from domain.identifying import folded
from domain.inflection import forms, is_form
from domain.pseudonyms import Known, Person, band, letters, plain, pseudonymised, survivors

TODAY = date(2026, 3, 2)
KNOWN = Known(
    people=(
        Person("A", ("Karolina", "Zych"), date(1990, 3, 14), "p7"),
        Person("B", ("Marek", "Wróbel-Kowalski"), None, "p12"),
    ),
    places=("ul. Nadrzeczna 11", "Zawory", "Zakład Ceramiki Zorza", "Kasia"),
    offset=-timedelta(weeks=10),
    today=TODAY,
)
DECLINED = {
    "Anna": "Anna Anny Annie Annę Anną Anno",
    "Karolina": "Karolina Karoliny Karolinie Karolinę Karoliną Karolino",
    "Kinga": "Kinga Kingi Kindze Kingę Kingą Kingo",
    "Jagoda": "Jagoda Jagody Jagodzie Jagodę Jagodą Jagodo",
    "Beata": "Beata Beaty Beacie Beatę Beatą Beato",
    "Barbara": "Barbara Barbary Barbarze Barbarę Barbarą Barbaro",
    "Maria": "Maria Marii Marię Marią Mario",
    "Ewa": "Ewa Ewy Ewie Ewę Ewą Ewo",
    "Marek": "Marek Marka Markowi Markiem Marku",
    "Paweł": "Paweł Pawła Pawłowi Pawłem Pawle",
    "Piotr": "Piotr Piotra Piotrowi Piotrem Piotrze",
    "Szymon": "Szymon Szymona Szymonowi Szymonem Szymonie",
    "Jakub": "Jakub Jakuba Jakubowi Jakubem Jakubie",
    "Kowalski": "Kowalski Kowalskiego Kowalskiemu Kowalskim Kowalscy Kowalskich",
    "Kowalska": "Kowalska Kowalskiej Kowalską",
    "Nowak": "Nowak Nowaka Nowakowi Nowakiem Nowaku Nowakowie Nowaków Nowakową",
    "Zych": "Zych Zycha Zychowi Zychem Zychu Zychowie",
    "Wilk": "Wilk Wilka Wilkowi Wilkiem Wilku",
    "Sroka": "Sroka Sroki Sroce Srokę Sroką Sroko",
    "Kupiec": "Kupiec Kupca Kupcowi Kupcem Kupcu",
    "Zielińska": "Zielińska Zielińskiej Zielińską",
    "Kraków": "Kraków Krakowa Krakowowi Krakowem Krakowie",
    "Warszawa": "Warszawa Warszawy Warszawie Warszawę Warszawą",
    "Łódź": "Łódź Łodzi Łodzią",
    "Zawory": "Zawory Zaworów Zaworom Zaworami Zaworach",
}
OTHER_WORDS = ("ale", "marka", "ewentualnie", "annały", "kinowy", "krakać", "wilgoć", "nowy")


@pytest.mark.parametrize("name", DECLINED)
def test_a_name_is_known_in_all_its_cases(name: str) -> None:
    known = forms(folded(name))
    for word in DECLINED[name].split():
        assert is_form(word, known), word


@pytest.mark.parametrize("name", ["Ala", "Ewa", "Anna", "Kinga", "Kraków", "Piotr", "Nowak"])
def test_words_that_only_look_like_a_name_stay(name: str) -> None:
    known = forms(folded(name))
    assert [each for each in OTHER_WORDS if is_form(each, known)] == []


def test_a_note_is_shown_under_other_names_places_numbers_and_dates() -> None:
    told = (
        "Karolina Zych (ur. 14.03.1990, PESEL 44051401359, tel. 600-100-200, k.zych@poczta.example)"
        " przyszła 3 marca 2025 z Markiem. {{p7}} mieszka na Nadrzecznej 11, 00-123 Zawory;"
        " pracuje w Zakładzie Ceramiki Zorza. Kasię boli głowa od marca 2024. Wynik 7.5."
    )
    shown = pseudonymised(told, KNOWN, date(2025, 6, 1))
    assert shown == (
        "[A] (ur. [35–39], PESEL [#], tel. [#], [@])"
        " przyszła 2024-12-23 z [B]. [A] mieszka na [X1], [#] [X2];"
        " pracuje w [X3]. [X4] boli głowa od 01.2024. Wynik 7.5."
    )
    assert survivors(shown, KNOWN) == ()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2025-03-10", "2024-12-30"),
        ("10.03.2025", "2024-12-30"),
        ("10/3/25", "2024-12-30"),
        ("10. 03. 2025", "2024-12-30"),
        ("10 III 2025", "2024-12-30"),
        ("10 marca 2025", "2024-12-30"),
        ("10 marca", "30.12"),
        ("March 10th, 2025", "2024-12-30"),
        ("10 March 2025", "2024-12-30"),
        ("marcu 2025", "01.2025"),
        ("10.03", "30.12"),
        ("31.02.2025", "[–]"),
        ("12 maja 10000", "03.03 10000"),
        ("dnia10 marca2025r", "dnia2024-12-30r"),
        ("ur14.03.1990", "ur[35–39]"),
        ("F32.11", "F32.11"),
        ("7.5", "7.5"),
        ("2025", "2025"),
    ],
)
def test_a_date_moves_by_the_same_days_however_it_is_written(written: str, shown: str) -> None:
    assert pseudonymised(written, KNOWN, date(2025, 6, 1)) == shown


def test_a_date_that_would_fall_on_a_birthday_is_shown_by_its_month() -> None:
    assert pseudonymised("23.05.1990", KNOWN, TODAY) == "03.1990"


def test_two_who_share_a_name_are_told_by_both_letters() -> None:
    couple = Known((Person("A", ("Iwona", "Zieliński")), Person("B", ("Paweł", "Zieliński"))))
    assert pseudonymised("Zielińscy: Iwona i Paweł", couple, TODAY) == "[A/B]: [A] i [B]"


def test_letters_and_ages_tell_nothing_more_than_they_must() -> None:
    assert [letters(each) for each in (0, 25, 26, 27)] == ["A", "Z", "A2", "B2"]
    assert band(date(1990, 3, 14), TODAY) == "35–39"
    assert band(TODAY, TODAY) == "0–4"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("PESEL44051401359", "PESEL[#]"),
        ("tel600100200x", "tel[#]x"),
        ("PL61109010140000071219812874", "PL[#]"),
        ("nr_600_100_200", "nr_[#]"),
        ("zip00-123X", "zip[#]X"),
        ("zych88", "[A]88"),
        ("Zych² i 2Zych", "[A]² i 2[A]"),
        ("_Zych_", "_[A]_"),
        ("O'Brien, d’Artagnan'a", "O'[C], d’[C]'a"),
        ("ABC123456 ABC 123456", "[X1]"),
        ("Abc to nie dowód 123456", "Abc to nie dowód 123456"),
    ],
)
def test_what_touches_letters_digits_or_an_apostrophe_is_found(written: str, shown: str) -> None:
    people = (*KNOWN.people, Person("C", ("Sean d'Artagnan", "O'Brien")))
    known = Known(people, places=("ABC123456",), today=TODAY)
    assert pseudonymised(written, known, TODAY) == shown
    assert survivors(shown, known) == ()


def test_a_name_is_known_though_it_was_registered_with_characters_that_nobody_sees() -> None:
    known = Known((Person("A", ("Zie\u00adlin\u200b\u0301ska",)),), ("Kra\u200bko\u0301w",))
    assert pseudonymised("Zielińskiej z Krakowa", known, TODAY) == "[A] z [X1]"


NAMES = st.sampled_from(sorted(DECLINED))
FILLER = st.text("aąbcćdeęłńoóśźż ,.;:()\n-–'\"0123456789{}[]@+", max_size=20)
UNSEEN = st.characters(categories=["Cf"]) | st.sampled_from("\u0336\u034f\ufe0f")
GLUE = st.sampled_from(["", "7", "88", "_", "²", "'", "(", "\u200b"])
NUMBERS = st.lists(st.sampled_from(["", " ", "-", ". ", "/"]), min_size=9, max_size=9)


@given(
    name=NAMES,
    which=st.integers(0, 20),
    before=FILLER,
    behind=FILLER,
    offset=st.integers(-2000, -1),
)
def test_no_form_of_a_name_survives_wherever_it_stands(
    name: str, which: int, before: str, behind: str, offset: int
) -> None:
    cases = DECLINED[name].split()
    word = cases[which % len(cases)]
    known = Known((Person("A", (name,)),), offset=timedelta(days=offset), today=TODAY)
    shown = pseudonymised(f"{before} {word} {behind}", known, TODAY)
    assert folded(word) not in folded(shown).replace("[", " ").replace("]", " ").split()
    assert survivors(shown, known) == ()


@given(
    name=NAMES,
    which=st.integers(0, 20),
    form=st.sampled_from(("NFC", "NFD", "NFKC", "NFKD")),
    unseen=st.lists(st.tuples(st.integers(0, 40), UNSEEN), max_size=8),
    glued=st.tuples(GLUE, GLUE),
)
def test_no_form_of_a_name_survives_in_any_normal_form_or_with_unseen_characters_inside(
    name: str,
    which: int,
    form: str,
    unseen: list[tuple[int, str]],
    glued: tuple[str, str],
) -> None:
    cases = DECLINED[name].split()
    word = cases[which % len(cases)]
    written = unicodedata.normalize(form, word)  # type: ignore[arg-type]
    for place, each in unseen:
        written = written[:place] + each + written[place:]
    known = Known((Person("A", (name,)),), today=TODAY)
    text = f"Potem {glued[0]}{written}{glued[1]} milczy."
    assert survivors(text, known) != ()
    shown = pseudonymised(text, known, TODAY)
    assert shown == f"Potem {plain(glued[0])}[A]{plain(glued[1])} milczy."
    assert survivors(shown, known) == ()


@given(gaps=NUMBERS, before=FILLER, behind=FILLER)
def test_no_known_number_survives_however_it_is_typed(
    gaps: list[str], before: str, behind: str
) -> None:
    typed = "".join(f"{gap}{digit}" for gap, digit in zip(gaps, "600100200", strict=True))
    shown = pseudonymised(f"{before} tel. {typed.strip('-/. ')} i {behind}", KNOWN, TODAY)
    assert "600100200" not in shown
    assert survivors(shown, KNOWN) == ()


@given(st.text(max_size=200))
def test_whatever_is_written_nothing_known_is_left_of_it(text: str) -> None:
    told = f"{text} Karolinie {text} k.zych@poczta.example {text} 1990-03-14 {text} Zaworach {text}"
    shown = pseudonymised(told, KNOWN, TODAY)
    assert survivors(shown, KNOWN) == ()
