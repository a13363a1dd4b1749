"""The `.trn` of the Santa Barbara Corpus and others in Du Bois's way: two times, a speaker, an intonation unit a line.

A speaker's label (`JOANNE:`) starts a turn; the units without one carry it on, as this transcription means them to,
unless a person asks for something else (`mendline.transcripts.turns`). The id of a unit is the number of its line.
Turns stand in the order of the file. Times and words are divided by spaces or tabs, in all three ways that the corpus
has. What a label with `>` stands for (`>ENV:`, `>DOG:`) is a noise, no speaker, and no turn.

The words are what was said: laughter and named sounds stay in brackets, `[laughs]`; pauses, breath, overlap,
lengthening, voice and other marks go. A turn in which nothing is heard but breath is `[breath]`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mendline.transcripts.document import Document
from mendline.transcripts.formats.kept import TIMES, Kept
from mendline.transcripts.formats.marks import heard, joined_words
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import groups_of
from mendline.transcripts.utterances import Utterance, joined, transcript_of

NAME = "trn"
EXTENSIONS = (".trn",)
SUMMARY = "TRN of the Santa Barbara Corpus (two times, a speaker and an intonation unit a line)"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "own reader"
COPY_KEEPS = ""

_TIME = r"[0-9]{1,7}(?:\.[0-9]{1,9})?"
_UNIT = re.compile(rf"\s*(?P<start>{_TIME})\s+(?P<end>{_TIME})(?:\s*:)?(?:[ \t]+(?P<rest>.*)|\s*)")
# In a column of its own, between tabs, a name has a colon or is in capitals; elsewhere it has both.
_COLUMN = re.compile(
    r"(?P<mark>[>#*]{0,3})[ ]{0,9}(?P<name>[^\s:\t][^:\t\[\]()<>=@]{0,39}?)[ ]{0,40}"
    r"(?P<colon>:?)[ ]{0,40}\t(?P<words>.*)"
)
_LABEL = re.compile(r"(?P<mark>[>#*]{0,3})(?P<name>[A-Z][A-Z0-9_'’./-]{0,39})[ ]{0,40}:(?:\s+(?P<words>.*)|$)")

_LINES = re.compile(r"\r\n|\r|\n")
_NOISE = re.compile(r"\(\(([^()]{0,300})\)\)|<<([^<>+]{1,100})(?:\+[^<>]*)?>>")
_BREATH = re.compile(r"\(\s*%?(?:H|Hx|HX|h|hx|TSK)\s*\)=?")
_TIMED_PAUSE = re.compile(r"\(\s*[0-9.]+\s*\)")
_SOUND = re.compile(r"\(\s*([A-Z][A-Z_ ]{1,40})\s*\)")
_VOICE = re.compile(r"<[A-Z0-9@%]{1,8}(?=[\s<~\[@=.]|[A-Z]?[a-z])|(?<![A-Za-z])[A-Z0-9@%]{1,8}>|[<>]")
_LAUGH = re.compile(r"(?<![^\s\[\]<>0-9])@+(?![^\s\[\]<>.,?=@-])[@=]*")
_OVERLAP = re.compile(r"\[[2-9]?|[2-9]?\$?\]")
_GAP = re.compile(r"(?<!\w)X+(?!\w)")
_PAUSE = re.compile(r"(?<!\S)\.{2,}(?:\([0-9.]+\))?|\.{3,}")
_MARKS = str.maketrans({"_": " "} | dict.fromkeys("=%^`~!#&|\\/*@{}<>[]()+", ""))
# No name of a speaker: the label of a noise.
_NOISES = ">"
_OPEN, _CLOSE = "\ue000", "\ue001"
_KEPT = str.maketrans({_OPEN: "[", _CLOSE: "]"})


def takes(document: Document) -> bool:
    """Whether the first lines nearly all open with two times and one of them names a speaker."""
    lines = [line for line in _LINES.split(document.text[:6000]) if line.strip()][:20]
    units = [match for match in map(_UNIT.fullmatch, lines) if match is not None]
    return len(units) >= 0.8 * len(lines) and any(_label(match["rest"] or "") is not None for match in units)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError with the line that cannot be read."""
    turns = []
    for group in groups_of(_units(document), options):
        turn = joined(group)
        # The marks of a voice or a quotation may span several units, so what was said is read from all of them.
        text = "" if turn.speaker.startswith(_NOISES) else words_of(turn.text)
        if text:
            turns.append(replace(turn, text=text))
    return [transcript_of(document, turns, roles=options.roles)]


def words_of(raw: str) -> str:
    """The words and sounds of a turn; empty where there are none, not even breath."""
    text = raw.replace(_OPEN, "").replace(_CLOSE, "")
    text = _NOISE.sub(lambda match: _sound(match[1] or match[2] or ""), text)
    breathed = _BREATH.search(text) is not None
    text = _TIMED_PAUSE.sub(" ", _BREATH.sub(" ", text))
    text = _SOUND.sub(lambda match: _sound(match[1]), text)
    text = _OVERLAP.sub("", text)
    text = _VOICE.sub(" ", text)
    text = _PAUSE.sub(" ", _LAUGH.sub(f" {_OPEN}laughs{_CLOSE} ", text))
    unintelligible = _GAP.search(text) is not None
    words = joined_words(_GAP.sub(" ", text).translate(_MARKS).translate(_KEPT), unintelligible=unintelligible)
    words = re.sub(r"\[laughs\](?: \[laughs\])+", "[laughs]", words)
    return words or ("[breath]" if breathed else "")


def _sound(name: str) -> str:
    return f" {heard(name)} ".replace("[", _OPEN).replace("]", _CLOSE)


def _units(document: Document) -> list[Utterance]:
    """Every unit with its raw words, those of noises under the name of one."""
    units: list[Utterance] = []
    for number, line in enumerate(document.lines(), start=1):
        if not line.text.strip("\x00\x1a \t\f"):
            continue
        unit = _UNIT.fullmatch(line.text)
        if unit is None:
            raise document.error(
                "a line opens with two times in seconds, such as `0.00 1.25`. Correct it, or name the format with "
                "--input-format.",
                line=number,
            )
        start, end, rest = float(unit["start"]), float(unit["end"]), unit["rest"] or ""
        label = _label(rest)
        if label is not None:
            speaker, rest = label[0] if label[1] else _NOISES, label[2]
        elif units:
            speaker = units[-1].speaker
        else:
            message = "the first unit names no speaker. Put a name in capitals and a colon behind its times."
            raise document.error(message, line=number)
        units.append(Utterance(speaker, rest, start, end, (str(number),), number, apart=label is not None))
    if not units:
        raise document.error("there are no turns in this file. Give one in which somebody says something.")
    return units


def _label(rest: str) -> tuple[str, bool, str] | None:
    """The speaker's name, whether that is a person, and the words; None where the unit carries a turn on."""
    match = _COLUMN.fullmatch(rest)
    if match is None or not (match["colon"] or match["name"].isupper()):
        match = _LABEL.fullmatch(rest.strip())
    if match is None:
        return None
    return match["name"].strip(), ">" not in match["mark"], match["words"] or ""
