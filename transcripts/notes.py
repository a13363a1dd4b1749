"""What is noted at a turn: words for people, values for programs. Knows how its own notes read, not what they mean.

A note in words is one line, `label (marker) 0.83?`: a label, how, how probable it is, and ? where a person should look.
Copies of text and subtitles hold it in square brackets before the words of a turn, and readers find it there again, so
that it is never taken for something that was said. Programs find the values under names that start with `PREFIX`, or in
tables of results under their plain names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mendline.transcripts.utterances import clean_text

PREFIX = "mendline_"
LABEL_WORDS = ("withdrawal", "confrontation", "repair", "neutral")
PLAIN_LABEL = "neutral"
"""The label that a note in words leaves out, unless a person should look."""
BY_MODEL = "model"
"""The `agreement` of a label that a model gave; the `source` of the row is then the checkpoint."""

_NO_MARKER = "no marker"
_WORDS = (
    rf"(?P<label>{'|'.join(LABEL_WORDS)})(?: \((?P<marker>[a-z]{{1,20}}|{_NO_MARKER})\))?"
    r"(?: (?P<probability>[01]\.[0-9]{2})(?P<doubt>\?)?)?"
)
_NOTE = re.compile(_WORDS)
# A label alone could be a remark of the transcriber, so between brackets a marker or a probability comes with it.
_BRACKETED = re.compile(rf"\[(?=[a-z]+ )(?P<note>{_WORDS})\]\s?")
# In a file, tags may stand before a note that is the first of the words.
_LEAD = r"(?:\s|<[^<>]{0,300}>|\{\\[^{}]{0,300}\}){0,20}"
_IN_FILE = re.compile(rf"(?P<lead>{_LEAD}){_BRACKETED.pattern}")
_VALUE_NAMES = ("label", "marker", "probability", "needs_review", "agreement", "sure", "checkpoint", "source")
# Never numbers, whatever they look like: a coder may be called 2.
_TEXT_NAMES = ("label", "marker", "agreement", "checkpoint", "source")
_PROBABILITY_OF = "p_"

Value = str | float | bool | None


@dataclass(frozen=True, slots=True)
class TurnNote:
    """The note of one turn; an empty one says nothing.

    `text` is for people: one line. `label` is one word or None where nothing is to be marked, `score` how sure it is (0
    to 1). `values` is for programs: plain values by name.
    """

    text: str | None = None
    label: str | None = None
    score: float | None = None
    values: Mapping[str, Value] = field(default_factory=dict)

    def named_values(self) -> dict[str, Value]:
        """Return the values under the names by which files keep them."""
        return {PREFIX + name: value for name, value in self.values.items()}


def note_text(label: str, *, marker: str | None, probability: float | None, needs_review: bool) -> str | None:
    """Return a note in words; None for the plain label, unless a person should look."""
    if label == PLAIN_LABEL and not needs_review:
        return None
    how = f" ({marker})" if marker else f" ({_NO_MARKER})" if probability is None else ""
    sure = "" if probability is None else f" {probability:.2f}{'?' if needs_review else ''}"
    return label + how + sure


def note_of_text(text: str) -> TurnNote:
    """Return the note that a line is. One that somebody else wrote has its words and nothing more."""
    line = clean_text(text)
    match = _NOTE.fullmatch(line)
    return TurnNote(line or None) if match is None else replace(_read(match), text=line)


def split_note(words: str) -> tuple[TurnNote | None, str]:
    """Return the note in brackets at the start of what a file holds for a turn, if it is one of ours, and the words.

    Brackets with nothing behind them are the words themselves.
    """
    match = _BRACKETED.match(words)
    if match is None or match.end() == len(words):
        return None, words
    return replace(_read(match), text=match["note"]), words[match.end() :]


def place_of_note(text: str, offset: int) -> tuple[int, int] | None:
    """Return where one of our notes stands in a file's text, of a turn that starts at `offset`; None without one."""
    match = _IN_FILE.match(text, offset)
    return None if match is None else (match.end("lead"), match.end())


def note_of_values(record: Mapping[str, object], *, prefix: str = "") -> TurnNote | None:
    """Return the note that a row of a table, or an object, has in values under their names; None where it has none.

    `prefix` is what the names start with. Values may be texts, as in a CSV file.
    """
    label = record.get(prefix + "label")
    if label not in LABEL_WORDS:
        return None
    values: dict[str, Value] = {}
    for key in record:
        name = key.removeprefix(prefix)
        if key.startswith(prefix) and _is_value_name(name):
            value = _text(record[key]) if name in _TEXT_NAMES else _value(record[key])
            # A table has a cell for each value in each row; only that there is no marker says something.
            if value is not None or name == "marker":
                values[name] = value
    if values.get("agreement") == BY_MODEL and "checkpoint" not in values:
        del values["agreement"]
        values["checkpoint"] = values.pop("source", None)
    return note_with(values)


def has_note_values(record: Mapping[str, object], *, prefix: str = "") -> bool:
    """Whether a row of a table, or an object, has any of the values of a note under their names."""
    names = (name for name in record if name.startswith(prefix) and _is_value_name(name.removeprefix(prefix)))
    return any(value is not None and clean_text(str(value)) for value in map(record.get, names))


def note_names(names: Iterable[str]) -> tuple[str, list[str]]:
    """Return the prefix of the names of values that a table has, and these names; with `PREFIX` if it has any."""
    known = [*names]
    prefix = PREFIX if PREFIX + "label" in known else ""
    return prefix, [name for name in known if name.startswith(prefix) and _is_value_name(name.removeprefix(prefix))]


def note_with(values: Mapping[str, Value]) -> TurnNote:
    """Return the note with these values, its words made of them. Needs a label among them."""
    label, marker = str(values["label"]), values.get("marker")
    probability = values.get("probability")
    known = isinstance(probability, int | float) and not isinstance(probability, bool)
    text = note_text(
        label,
        marker=str(marker) if marker else None,
        probability=float(probability) if known and probability is not None else None,
        needs_review=values.get("needs_review") is True,
    )
    return TurnNote(text, label, float(probability) if known and probability is not None else None, dict(values))


def _read(match: re.Match[str]) -> TurnNote:
    values: dict[str, Value] = {
        "label": match["label"],
        "marker": None if match["marker"] in (None, _NO_MARKER) else match["marker"],
    }
    if match["probability"] is not None:
        values |= {"probability": float(match["probability"]), "needs_review": match["doubt"] is not None}
    return note_with(values)


def _is_value_name(name: str) -> bool:
    return name in _VALUE_NAMES or name.removeprefix(_PROBABILITY_OF) in LABEL_WORDS


def _text(value: object) -> str | None:
    """A value as text; None where there is none."""
    return None if value is None else clean_text(str(value)) or None


def _value(value: object) -> Value:
    """A value as it is, or as its text in a table says: `true`, a number, nothing."""
    if isinstance(value, bool | float | int) or value is None:
        return value if not isinstance(value, float) or math.isfinite(value) else None
    text = clean_text(str(value))
    if text in {"true", "false"}:
        return text == "true"
    try:
        number = float(text)
    except ValueError:
        return text or None
    return number if math.isfinite(number) else None
