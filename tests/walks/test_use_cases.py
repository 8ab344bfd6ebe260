"""Looks and commands at use-case level: recorded before revealed, refused without a hint."""

from tests.support.clinic import SmallClinic
from domain.use_cases import clinician

def test_smoke(clinic: SmallClinic) -> None:
    case = clinic.open_case()
    note = clinic.draft_note(case)
    clinic.sign_note(case, note)
    opening, receipt = clinic.run(clinician.look_at_note(clinic.desk, clinic.who(clinic.people.anna), case, note))
    clinic.catch_up()
    line = clinic.views.case_states.note(case, note, opening)
    assert line is not None
    assert opening.words(line.texts[0]) == "She slept better."
    for each in clinic.access_log(clinic.people.client): print(each)
