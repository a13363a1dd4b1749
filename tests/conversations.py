"""Annotated conversations written as a reader would note them down."""

from __future__ import annotations

import re

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import LABEL_OF, LABELS, Label, Marker
from mendline.transcripts.transcript import Transcript, Turn

LINE = re.compile(
    r"(?:(?P<start>[0-9.]+)(?:-(?P<end>[0-9.]+))?s +)?(?P<speaker>[^\[\]:]+?)"
    r"(?: \[(?P<marker>[a-z]+)(?: (?P<probability>[0-9.]+))?(?P<doubt>\?)?\])?: ?(?P<text>.*)"
)


def conversation(text: str, *, session: str = "talk", setting: str | None = None) -> AnnotatedTranscript:
    """Turns, one a line: `12-15s Anna [attack 0.8?]: You never listen.`

    The marker gives the label, and none means neutral; "none" says so where a probability follows. The times, the
    probability of the label (0.9 where none is given) and the ? of doubt can be left out.
    """
    matches = [LINE.fullmatch(line.strip()) for line in text.strip().splitlines()]
    assert None not in matches, text
    turns, annotations = [], []
    for index, match in enumerate(matches):
        assert match is not None
        start, end = (None if match[name] is None else float(match[name]) for name in ("start", "end"))
        turns.append(Turn(index, match["speaker"], match["speaker"].lower(), match["text"], start, end))
        annotations.append(annotation(index, match["marker"], float(match["probability"] or 0.9), match["doubt"]))
    return AnnotatedTranscript(Transcript(session, tuple(turns), setting), tuple(annotations))


def annotation(turn: int, word: str | None, probability: float, doubt: object = None) -> Annotation:
    marker = Marker(word) if word not in (None, "none") else None
    label = LABEL_OF[marker] if marker else Label.NEUTRAL
    rest = (1 - probability) / (len(LABELS) - 1)
    probabilities = tuple(probability if each is label else rest for each in LABELS)
    return Annotation(turn, label, marker, probabilities, bool(doubt))


def calm(turns: int, *speakers: str) -> str:
    """Neutral lines of some substance, the speakers by turns."""
    return "\n".join(f"{speakers[turn % len(speakers)]}: We went on about the shopping." for turn in range(turns))
