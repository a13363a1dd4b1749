"""A long session to measure with: the example conversations one after another, as one plain text file."""

from __future__ import annotations

from pathlib import Path

from mendline.transcripts.reading import read_transcripts
from mendline.transcripts.transcript import Transcript, Turn

EXAMPLES = Path(__file__).parents[1] / "examples"


def long_session(turns: int) -> Transcript:
    """A transcript of two speakers with the given number of turns."""
    texts = [
        turn.text
        for path in sorted(EXAMPLES.iterdir())
        if path.suffix != ".md"
        for one in read_transcripts(path)
        for turn in one.turns
    ]
    return Transcript(
        "long",
        tuple(
            Turn(place, "TC"[place % 2], ("therapist", "client")[place % 2], texts[place % len(texts)])
            for place in range(turns)
        ),
    )


def write_long_session(path: Path, turns: int) -> None:
    """The same as a plain text file."""
    path.write_text("".join(f"{turn.speaker}: {turn.text}\n" for turn in long_session(turns).turns), encoding="utf-8")
