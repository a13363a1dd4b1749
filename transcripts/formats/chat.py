"""CHAT, the format of CLAN and TalkBank (CHILDES, CABNC): `*MOT: words .`, with headers and dependent tiers.

Each utterance (a main line and what carries it on) is a unit, in the order of the file, and a turn of its own unless
`mendline.transcripts.turns` joins it. The speaker is the code behind the `*`, as everything in CHAT refers to it. Roles
come from `@ID`, or else from `@Participants`, or from a name there that states one (`Dr_Shah`). Times come from the
bullets: the first start to the last end. The id of a turn is the number of its utterance, from 1.

A fresh file has a code for each speaker whose name is none, and comments that say which, and which role CHAT has no
word for: there speakers are read by their names.

The words are what was said, without the marks around it: see `mendline.transcripts.formats.chat_words`. An utterance
without words or sounds (`0 .`, a pause) is no turn. Dependent tiers are not read. Labels are written as a dependent
tier of the utterance, `%rup:`; CLAN's CHECK accepts it once it is listed in `00depadd.cut`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mendline.transcripts.document import Document, Line
from mendline.transcripts.formats.chat_words import times_of, words_of
from mendline.transcripts.formats.chat_writing import write_chat
from mendline.transcripts.formats.kept import TIMES, Kept, leave
from mendline.transcripts.formats.tiers import notes_by_unit
from mendline.transcripts.notes import note_of_text
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import known_role, speaker_key
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import turns_of
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

NAME = "chat"
EXTENSIONS = (".cha",)
SUMMARY = "CHAT of CLAN and TalkBank, also with CA marks (CHILDES, CABNC)"
KEEPS = (Kept.ROLES, *TIMES, Kept.LABELS)
LIBRARY = "own reader"
COPY_KEEPS = "headers, dependent tiers, marks of CHAT and CA"

LABELS = "%rup"
_HEADER = re.compile(r"@(?P<name>\w+)")
_BEGIN = re.compile(r"(?:^|[\r\n])@Begin[ \t]*(?:[\r\n]|$)")
_MAIN = re.compile(r"\*(?P<code>[^\s:*]{1,40})\s*:[ \t]*(?P<words>.*)")
_DEPENDENT = re.compile(r"%(?P<name>\w{1,40})\s*:[ \t]*(?P<value>.*)")
_NAMED = re.compile(r"Mendline: (?P<code>\S{1,40}) is (?P<name>.+)")
_OWN_ROLE = re.compile(r"Mendline: the role of (?P<code>\S{1,40}) is (?P<role>(?=.{3,40}$)[a-z]+(?: [a-z]+){0,2})")
_LINE_END = re.compile(r"\r\n|\r|\n|$")
# Roles of the CHAT manual that say more than that somebody speaks and that are no everyday names of a role.
_ROLES = {
    "target child": "child",
    "boy": "child",
    "girl": "child",
    "toddler": "child",
    "twin": "sibling",
    "playmate": "friend",
    "great grandmother": "relative",
    "great grandfather": "relative",
}


@dataclass(slots=True)
class _Tier:
    """A line that opens with `@`, `*` or `%`, and the lines that carry it on. It stands at `begin` to `end`."""

    line: Line
    text: str
    end: int

    @property
    def begin(self) -> int:
        """The place of its first character in the document's text."""
        return self.line.offset


@dataclass(slots=True)
class _Utterance:
    """A main line and its dependent tiers; `end` is where another one can be put."""

    code: str
    words: str
    main: _Tier
    end: int
    labels: list[_Tier] = field(default_factory=list)


def takes(document: Document) -> bool:
    """Whether one of the first lines is `@Begin`."""
    return _BEGIN.search(document.text[:6000]) is not None


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError with the line that cannot be read."""
    tiers = list(_tiers(document))
    names = _names(tiers)
    stated = {speaker_key(names.get(code, code)): role for code, role in _roles(tiers).items()}
    roles = stated | {speaker_key(name): role for name, role in options.roles.items()}
    if any(tier.text.startswith("%") and not tier.text.startswith(LABELS) for tier in tiers):
        leave(document, "dependent tiers")
    said = [said for _, said in _turns(document, tiers)]
    if not said:
        raise document.error(
            "nobody says anything in this file. Give one with utterances such as `*MOT:`, a tab, words."
        )
    return [transcript_of(document, turns_of(said, options, drawn=True), roles=roles)]


def write(transcript: Transcript, notes: Sequence[str | None]) -> str:
    """One utterance for each turn, with a tier `%rup:` below it for its note."""
    return write_chat(transcript, notes, label_tier=LABELS)


def annotated_copy(document: Document, transcript: Transcript, notes: Sequence[str | None]) -> str:
    """Return the file with a tier `%rup:` below each turn that has a note; every other character stays.

    Such tiers from before are replaced.
    """
    turns = _turns(document, list(_tiers(document)))
    placed = notes_by_unit(document, transcript, [said for _, said in turns], notes)
    pieces: list[str] = []
    done = 0
    for utterance, said in turns:
        for label in utterance.labels:
            pieces.append(document.text[done : label.begin])
            done = label.end
        note = placed.get(said.source_ids[0])
        if note is not None:
            before = document.text[done : utterance.end]
            line_end = _line_end(document, utterance.main)
            # The tier goes in front of what the file may lack at its very end, a line end.
            ended = not before or before.endswith(("\n", "\r"))
            pieces += [before, f"{LABELS}:\t{note}{line_end}" if ended else f"{line_end}{LABELS}:\t{note}"]
            done = utterance.end
    return "".join([*pieces, document.text[done:]])


def _line_end(document: Document, tier: _Tier) -> str:
    match = _LINE_END.search(document.text, tier.begin)
    return "\n" if match is None or not match[0] else match[0]


def _tiers(document: Document) -> Iterator[_Tier]:
    """Every tier with the lines that carry it on, which open with a tab or spaces. Empty lines are spacing."""
    lines = document.lines()
    ends = [line.offset for line in lines[1:]] + [len(document.text)]
    tier: _Tier | None = None
    parts: list[str] = []
    for line, end in zip(lines, ends, strict=True):
        if line.text.startswith(("@", "*", "%")):
            if tier is not None:
                tier.text = "\n".join(parts)
                yield tier
            tier, parts = _Tier(line, line.text, end), [line.text]
        elif line.text.strip() and line.text[0].isspace() and tier is not None:
            parts.append(line.text)
            tier.end = end
        elif line.text.strip():
            message = (
                "a line of a CHAT file opens with @, * or %, or with a tab if it carries on the one above. Correct it."
            )
            raise document.error(message, line=line.number)
    if tier is not None:
        tier.text = "\n".join(parts)
        yield tier


def _turns(document: Document, tiers: Sequence[_Tier]) -> list[tuple[_Utterance, Utterance]]:
    """Every utterance in which something is heard, as it stands and as it reads."""
    found = []
    names = _names(tiers)
    for number, utterance in enumerate(_utterances(document, tiers), start=1):
        text = words_of(utterance.words)
        if text:
            start, end = times_of(utterance.words)
            line = utterance.main.line.number
            label = next((_value(each) for each in utterance.labels), None)
            note = note_of_text(label) if label else None
            speaker = names.get(speaker_key(utterance.code), utterance.code)
            found.append((utterance, Utterance(speaker, text, start, end, (str(number),), line, note=note)))
    return found


def _utterances(document: Document, tiers: Sequence[_Tier]) -> list[_Utterance]:
    utterances: list[_Utterance] = []
    within = False
    for tier in tiers:
        kind = tier.text[0]
        main, dependent = _MAIN.match(tier.text), _DEPENDENT.match(tier.text)
        if main is not None:
            utterances.append(_Utterance(main["code"], tier.text[main.start("words") :], tier, tier.end))
        elif kind == "*":
            message = "this line names no speaker. Write it as `*CODE:`, a tab and the words."
            raise document.error(message, line=tier.line.number)
        elif kind == "%" and within:
            utterances[-1].end = tier.end
            if dependent is not None and f"%{dependent['name']}" == LABELS:
                utterances[-1].labels.append(tier)
        # A header between utterances (@Comment, @Bg) ends the one above it.
        within = kind != "@" and bool(utterances)
    return utterances


def _names(tiers: Sequence[_Tier]) -> dict[str, str]:
    """The names behind codes that a fresh file of ours states, by the key of the code."""
    comments = (_value(tier) for tier in tiers if tier.text.startswith("@Comment:"))
    named = (match for comment in comments if (match := _NAMED.fullmatch(comment)) is not None)
    return {speaker_key(match["code"]): match["name"] for match in named}


def _value(tier: _Tier) -> str:
    return clean_text(tier.text.partition(":")[2])


def _roles(tiers: Sequence[_Tier]) -> dict[str, str]:
    """The roles that the headers state, by the key of the speaker's code."""
    roles: dict[str, str] = {}
    for tier in tiers:
        header = _HEADER.match(tier.text)
        value = "" if header is None else _value(tier)
        if header is not None and header["name"] == "Participants":
            for participant in value.split(","):
                code, *words = participant.split() or [""]
                _state(roles, code, [*words[-1:], " ".join(words[:-1])])
        elif header is not None and header["name"] == "ID":
            fields = value.split("|")
            if len(fields) > 7:
                _state(roles, fields[2], [fields[7]])
        elif (own := _OWN_ROLE.fullmatch(value)) is not None:
            roles[speaker_key(own["code"])] = own["role"]
    return roles


def _state(roles: dict[str, str], code: str, candidates: Sequence[str]) -> None:
    """Note the role of the first candidate that says one."""
    plain = [" ".join(candidate.replace("_", " ").split()) for candidate in candidates]
    known = [_ROLES.get(candidate.casefold()) or known_role(candidate) for candidate in plain]
    role = next((each for each in known if each is not None), None)
    if role is not None and code.strip():
        roles[speaker_key(code)] = role
