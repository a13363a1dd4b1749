"""Fixtures that several test files share."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.annotator import Annotator
from mendline.model.labels import LABELS, Label, Marker
from mendline.transcripts.transcript import Transcript, Turn

# The first phrase that a turn contains decides what the stand-in says of it.
PHRASES = {
    "never listen": (Label.CONFRONTATION, Marker.ATTACK, 0.91, False),
    "sorry": (Label.REPAIR, Marker.OWN, 0.8, False),
    "whatever": (Label.WITHDRAWAL, Marker.MINIMAL, 0.6543219, False),
    "maybe": (Label.NEUTRAL, None, 0.4, True),
    "hm": (Label.WITHDRAWAL, Marker.AVOID, 0.45, True),
}


class StandIn:
    """An annotator that decides by phrases, at the seam where `Annotator.load` stands."""

    def __init__(self, name: str = "stand-in (00000000)") -> None:
        self.name = name
        self.seen: list[str] = []
        self.loaded_with: dict[str, object] = {}
        self.fails_on: str | None = None

    def annotate(self, transcript: Transcript) -> AnnotatedTranscript:
        self.seen.append(transcript.session)
        if self.fails_on is not None and any(self.fails_on in turn.text for turn in transcript.turns):
            self._fail(transcript)
        return AnnotatedTranscript(transcript, tuple(map(self._decide, transcript.turns)))

    def _fail(self, transcript: Transcript) -> NoReturn:
        raise ValueError(f"could not make sense of {transcript.turns[0].text}")

    def _decide(self, turn: Turn) -> Annotation:
        found = (what for phrase, what in PHRASES.items() if phrase in turn.text.lower())
        label, marker, probability, doubt = next(found, (Label.NEUTRAL, None, 0.97, False))
        rest = (1 - probability) / (len(LABELS) - 1)
        return Annotation(
            turn=turn.index,
            label=label,
            marker=marker,
            probabilities=tuple(probability if each is label else rest for each in LABELS),
            needs_review=doubt,
        )


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The annotator that every command gets in a test that asks for it."""
    annotator = StandIn()

    def load(folder: Path | None = None, *, threads: int | None = None) -> StandIn:
        annotator.loaded_with = {"folder": folder, "threads": threads}
        return annotator

    monkeypatch.setattr(Annotator, "load", load)
    return annotator


@pytest.fixture
def runner() -> CliRunner:
    """Runs commands in this process, with standard output and standard error apart."""
    return CliRunner()
