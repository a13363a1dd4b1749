"""All consultations of PriMock57, from their TextGrids and back: counted, annotated, written, and read again.

python benchmarks/primock57.py FOLDER [OUTPUT]

FOLDER holds the `transcripts` of PriMock57: two TextGrids for each of 57 consultations, the doctor's and the patient's.
Their intervals with words are counted by praatio, independently of Mendline. Exits with 1 where a count, a turn or a
label is not the same after the way there and back.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from praatio import textgrid as praat

from mendline.model.annotation import AnnotatedTranscript
from mendline.model.annotator import Annotator
from mendline.model.labels import Label
from mendline.review.copies import note
from mendline.transcripts.files import write_text
from mendline.transcripts.parts import open_parts, sessions_in_parts
from mendline.transcripts.reading import read_transcripts
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.writing import annotated_copy

CONSULTATIONS = 57
SPEAKERS = {"doctor": "doctor", "patient": "client"}


def main() -> None:
    """Read, annotate, write, read again, compare, print."""
    folder = Path(sys.argv[1])
    if not folder.is_dir():
        print(f"{folder}: no such folder. Nothing was checked. Clone PriMock57 and give its transcripts.")
        return
    annotator = Annotator.load()
    sessions = sessions_in_parts(sorted(folder.glob("*.TextGrid")))
    problems = [] if len(sessions) == CONSULTATIONS else [f"{len(sessions)} consultations instead of {CONSULTATIONS}"]
    labels: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary)
        for parts in sessions:
            annotated = _there(parts, annotator, output, seconds)
            labels.update(annotation.label for annotation in annotated.annotations)
            problems += _counted(parts, annotated.transcript) + _back(annotated, output)
    _print(len(sessions), labels, seconds, problems)
    sys.exit(bool(problems))


def _there(parts: Sequence[Path], annotator: Annotator, output: Path, seconds: Counter[str]) -> AnnotatedTranscript:
    """Read a consultation, annotate it, and write it with its labels as one TextGrid."""
    moments = [time.monotonic()]
    source = open_parts(parts)
    (transcript,) = read_transcripts(source)
    moments.append(time.monotonic())
    annotated = annotator.annotate(transcript)
    moments.append(time.monotonic())
    notes = [note(annotation) for annotation in annotated.annotations]
    written = annotated_copy(source, transcript, notes, format_name="textgrid")
    write_text(_path(output, transcript), written)
    moments.append(time.monotonic())
    for what, before, after in zip(("read", "annotated", "written"), moments, moments[1:], strict=False):
        seconds[what] += after - before
    return annotated


def _path(output: Path, transcript: Transcript) -> Path:
    return output / f"{transcript.session}.TextGrid"


def _counted(parts: Sequence[Path], transcript: Transcript) -> list[str]:
    """What is wrong with the turns, speakers and roles that were read, by praatio's count of the intervals."""
    problems = []
    found = Counter(turn.speaker for turn in transcript.turns)
    for path in parts:
        grid = praat.openTextgrid(str(path), includeEmptyIntervals=False, reportingMode="error")
        intervals = sum(bool(entry.label.strip()) for tier in grid.tiers for entry in tier.entries)
        speaker = path.stem.rpartition("_")[2]
        if found[speaker] != intervals:
            problems.append(f"{path.name}: {intervals} intervals with words, {found[speaker]} turns")
    if {(turn.speaker, turn.role) for turn in transcript.turns} != set(SPEAKERS.items()):
        problems.append(f"{transcript.session}: other speakers or roles than {SPEAKERS}")
    return problems


def _back(annotated: AnnotatedTranscript, output: Path) -> list[str]:
    """What is not the same when the file that was written is read, by Mendline and, for its labels, by praatio."""
    transcript, path = annotated.transcript, _path(output, annotated.transcript)
    (again,) = read_transcripts(path)
    problems = [] if again.turns == transcript.turns else [f"{path.name}: other turns"]
    notes = again.notes or (None,) * len(again.turns)
    read = [Label.NEUTRAL if found is None else Label(found.label) for found in notes]
    if read != [annotation.label for annotation in annotated.annotations]:
        problems.append(f"{path.name}: other labels")
    grid = praat.openTextgrid(str(path), includeEmptyIntervals=False, reportingMode="error")
    tiers = [grid.getTier(name) for name in grid.tierNames if name.startswith("rup@")]
    shown = sorted((entry.start, entry.end, entry.label) for tier in tiers for entry in tier.entries)
    asked = [
        (turn.start, turn.end, text)
        for turn, annotation in zip(transcript.turns, annotated.annotations, strict=True)
        if (text := note(annotation)) is not None
    ]
    return problems if shown == sorted(asked) else [*problems, f"{path.name}: praatio finds other labels"]


def _print(sessions: int, labels: Counter[str], seconds: Counter[str], problems: Sequence[str]) -> None:
    took = ", ".join(f"{what} in {time:.1f} s" for what, time in seconds.items())
    print(f"{sessions} consultations, {labels.total()} turns of {' and '.join(SPEAKERS)}: {took}")
    print(", ".join(f"{count} {label}" for label, count in labels.most_common()))
    print("\n".join(problems) or "read again, all turns and labels are the same; praatio finds the same labels")


if __name__ == "__main__":
    main()
