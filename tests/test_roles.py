"""Role words: from names, from a person, numbered; what is no role."""

from __future__ import annotations

import pytest

from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.roles import (
    BASE_ROLES,
    base_role,
    check_roles_used,
    known_role,
    number_word,
    parse_roles,
    role_words,
)
from mendline.transcripts.transcript import Transcript, Turn


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Therapist", "therapist"),
        ("TH", "therapist"),
        ("Counsellor", "therapist"),
        ("counselor 2", "therapist"),
        ("Speech therapist", "therapist"),
        ("Anna (Therapist)", "therapist"),
        ("Patient", "client"),
        ("Pt.", "client"),
        ("Client_1", "client"),
        ("Dr Shah", "doctor"),
        ("Dr. Shah", "doctor"),
        ("GP", "doctor"),
        ("MUM", "parent"),
        ("Dad", "parent"),
        ("Wife", "partner"),
        ("Partner B", "partner"),
        ("Son", "child"),
        ("Teen", "teen"),
        ("Big Brother", None),
        ("Sister", "sibling"),
        ("Grandma", "relative"),
        ("Mother-in-law", "relative"),
        ("mother in law", "relative"),
        ("Aunt May", "relative"),
        ("Nurse Joy", "nurse"),
        ("Coach", "coach"),
        ("Teacher", "teacher"),
        ("Friend", "friend"),
        ("Anna", None),
        ("Drew", None),
        ("T", None),
        ("Client services desk officer", None),
    ],
)
def test_roles_that_names_state(name: str, role: str | None) -> None:
    assert known_role(name) == role


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("T C", "therapist|client"),
        ("T P", "therapist|client"),
        ("D P", "doctor|client"),
        ("T A B", "therapist|speaker one|speaker two"),
        ("A B", "speaker one|speaker two"),
        ("T J", "speaker one|speaker two"),
        ("C J", "speaker one|speaker two"),
        ("P Q", "speaker one|speaker two"),
        ("D T P", "speaker one|therapist|client"),
        ("Therapist C", "therapist|client"),
        ("Nurse P C", "nurse|speaker one|client"),
        ("T H W", "therapist|partner one|partner two"),
        ("T1 T2 C", "therapist one|therapist two|client"),
        ("Mum Dad Kid Anna", "parent one|parent two|child|speaker one"),
        ("Anna", "speaker one"),
    ],
)
def test_the_company_of_single_letters(names: str, words: str) -> None:
    assert "|".join(role_words(names.split(), {}).values()) == words


def test_given_roles_win_in_any_case_and_are_numbered_by_first_appearance() -> None:
    given = {"anna": "partner", "BEN  Li": "Husband", "T": "coach"}
    assert role_words(["Ben Li", "T", "Anna", "Ben Li"], given) == {
        "Ben Li": "partner one",
        "T": "coach",
        "Anna": "partner two",
    }


def test_numbered_roles_come_out_as_they_went_in() -> None:
    words = role_words(["A", "B", "X"], {"A": "partner", "B": "partner"})
    assert words == {"A": "partner one", "B": "partner two", "X": "speaker one"}
    assert role_words(["A", "B", "X"], words) == words


def test_base_roles_stand_for_themselves() -> None:
    assert [base_role(role) for role in BASE_ROLES] == list(BASE_ROLES)


@pytest.mark.parametrize(
    ("role", "base"),
    [
        ("Mum", "parent"),
        ("Partner 2", "partner"),
        ("partner one", "partner"),
        ("T", "therapist"),
        ("speaker 11", "speaker"),
        ("Social_Worker", "social worker"),
        ("père", "père"),
        ("case-manager", "case manager"),
    ],
)
def test_stated_roles(role: str, base: str) -> None:
    assert base_role(role) == base


@pytest.mark.parametrize("role", ["", "  ", "x", "T9x", "one more word here", "a/b", "client!"])
def test_what_is_no_role(role: str) -> None:
    with pytest.raises(TranscriptError, match="--role NAME="):
        base_role(role)


def test_numbers() -> None:
    assert [number_word(number) for number in (1, 2, 10, 12, 13)] == ["one", "two", "ten", "twelve", "13"]
    many = list(role_words([f"Name{number}x" for number in range(14)], {}).values())
    assert many[9:] == ["speaker ten", "speaker eleven", "speaker twelve", "speaker 13", "speaker 14"]


def test_options_are_parsed() -> None:
    assert parse_roles(["Anna=client", "a=b = friend "]) == {"Anna": "client", "a=b": "friend"}
    assert parse_roles([]) == {}


@pytest.mark.parametrize("choice", ["Anna", "=client", "Anna=", " = ", "Anna=x1y"])
def test_options_that_cannot_be_parsed(choice: str) -> None:
    with pytest.raises(TranscriptError, match=r"--role"):
        parse_roles([choice])


def test_one_name_twice_in_the_options() -> None:
    with pytest.raises(TranscriptError, match="twice"):
        parse_roles(["Anna=client", "anna=friend"])


def test_roles_for_nobody_are_found_over_all_transcripts() -> None:
    transcripts = [
        Transcript("a", (Turn(0, "Anna", "client", "x"),)),
        Transcript("b", (Turn(0, "Ben", "client", "x"),)),
    ]
    check_roles_used({"ANNA": "client", "ben": "client"}, transcripts)
    with pytest.raises(TranscriptError, match=r"--role Cleo=friend: no speaker of this name"):
        check_roles_used({"Anna": "client", "Cleo": "friend"}, transcripts)
