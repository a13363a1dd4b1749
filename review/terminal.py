"""Annotated transcripts on a terminal: a table with colours and shapes, then a summary. Knows no file.

Everything shown passes through `visible`, so that nothing in a transcript can steer the terminal. A label has a shape
as well as a colour, for those who cannot tell the colours and for terminals that have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import IO

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import Label
from mendline.review.inputs import Source
from mendline.review.summary import Summary, by_speaker, summarise
from mendline.review.visible import visible
from mendline.transcripts.transcript import Turn

STYLES = {
    Label.WITHDRAWAL: "bold cyan",
    Label.CONFRONTATION: "bold magenta",
    Label.REPAIR: "bold green",
    Label.NEUTRAL: "dim",
}
SHAPES = {Label.WITHDRAWAL: "▽", Label.CONFRONTATION: "▲", Label.REPAIR: "●", Label.NEUTRAL: "·"}
PLAIN_SHAPES = {Label.WITHDRAWAL: "v", Label.CONFRONTATION: "^", Label.REPAIR: "o", Label.NEUTRAL: "."}
SPEAKER_WIDTH = 12
LABEL_WIDTH = max(map(len, Label))


def console_for(stream: IO[str]) -> Console:
    """A console that writes to `stream` and reads no markup, emoji codes or numbers out of what it is given."""
    if isinstance(stream, TextIOWrapper):
        # What the terminal's encoding lacks becomes a question mark rather than an error.
        stream.reconfigure(errors="replace")
    return Console(file=stream, markup=False, emoji=False, highlight=False)


def show_session(console: Console, session: AnnotatedTranscript, *, with_text: bool = True) -> None:
    """Print the turns of one session and what its speakers did."""
    console.print(Text(visible(session.transcript.session), style="bold"))
    console.print(_turn_table(session, shapes=_shapes(console), with_text=with_text))
    console.print()
    console.print(_speaker_table(session))
    console.print()
    console.print(_counts(summarise([session]), shapes=_shapes(console)))
    console.print()


def show_end(console: Console, sessions: Iterable[AnnotatedTranscript], *, checkpoint: str) -> None:
    """Print the counts over all sessions, where there are several, and what the labels are worth."""
    summary = summarise(sessions)
    if summary.sessions > 1:
        console.print(Text(f"All {summary.sessions} sessions", style="bold"))
        console.print(_counts(summary, shapes=_shapes(console)))
        console.print()
    console.print(
        Text(
            f"Labels are suggestions by the model {visible(checkpoint)}, for a person to check. "
            "They are not a clinical judgement.",
            style="italic",
        )
    )


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss, fractions cut off."""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def _shapes(console: Console) -> dict[Label, str]:
    return SHAPES if console.encoding.lower().startswith("utf") else PLAIN_SHAPES


def _turn_table(session: AnnotatedTranscript, *, shapes: dict[Label, str], with_text: bool) -> Table:
    turns = session.transcript.turns
    timed = any(turn.start is not None for turn in turns)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, show_edge=False)
    table.add_column("turn", justify="right", no_wrap=True)
    if timed:
        table.add_column("time", justify="right", no_wrap=True)
    table.add_column("speaker", max_width=SPEAKER_WIDTH, overflow="fold")
    table.add_column("label", no_wrap=True)
    table.add_column("prob.", no_wrap=True)
    if with_text:
        table.add_column("text", overflow="fold", ratio=1)
    for turn, annotation in zip(turns, session.annotations, strict=True):
        table.add_row(*_cells(turn, annotation, shapes=shapes, timed=timed, with_text=with_text))
    return table


def _cells(
    turn: Turn, annotation: Annotation, *, shapes: dict[Label, str], timed: bool, with_text: bool
) -> Sequence[Text]:
    style = STYLES[annotation.label]
    dim = "dim" if annotation.label is Label.NEUTRAL else ""
    return [
        Text(str(turn.index), style=dim),
        *([Text("" if turn.start is None else clock(turn.start), style=dim)] if timed else []),
        Text(visible(turn.speaker), style=dim),
        Text(f"{shapes[annotation.label]} {annotation.label}", style=style),
        Text(f"{annotation.probability:.2f}{'?' if annotation.needs_review else ''}", style=style),
        *([Text(visible(turn.text), style=dim)] if with_text else []),
    ]


def _speaker_table(session: AnnotatedTranscript) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, show_edge=False)
    table.add_column("speaker", overflow="fold")
    for heading in ("turns", "ruptures", "repairs"):
        table.add_column(heading, justify="right", no_wrap=True)
    for count in by_speaker(session):
        table.add_row(Text(visible(count.speaker)), str(count.turns), str(count.ruptures), str(count.repairs))
    return table


def _counts(summary: Summary, *, shapes: dict[Label, str]) -> Text:
    text = Text(f"{_number(summary.turns, 'turn')}, {summary.needs_review} marked ? for review:")
    for label, count in summary.labels.items():
        line = f"\n  {shapes[label]} {label:<{LABEL_WIDTH}} {count:>5} {summary.share(label):>5.0%}"
        text.append(line, style=STYLES[label])
    return text


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@contextmanager
def progress_bar(stream: IO[str], *, total: int) -> Iterator[Callable[[int, Source | None], None]]:
    """Show a bar on `stream` while the block runs; it is told how many files are done and which comes next."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console_for(stream), transient=True) as progress:
        task = progress.add_task("", total=total)

        def tell(done: int, following: Source | None) -> None:
            description = "" if following is None else visible(following.place.as_posix())
            progress.update(task, completed=done, description=description)

        yield tell
