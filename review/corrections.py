"""What people said of the turns in a review, as labelled sessions that a model can be trained on.

A turn's label is a person's where somebody coded it and all who did gave the same label (`single`, `both`), or where
the coder who settles differences did (`adjudicated`). Everything else keeps what the model said and says so
(`agreement: model`): turns that nobody coded, although somebody saw them, and turns on which coders differ. Knows the
store and the corpus form, no training.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mendline.model.labels import Marker
from mendline.review.store.codings import CodedSession, Coding, coded_sessions, coder_name
from mendline.review.store.database import DEFAULT_NAME, files_of, open_store
from mendline.review.tables import labelled_row
from mendline.transcripts.errors import OutputError, ReviewError
from mendline.transcripts.files import refuse_to_replace, write_bytes
from mendline.transcripts.formats.json_records import rendered

SOURCE = "corrections"
SINGLE, BOTH, ADJUDICATED = "single", "both", "adjudicated"
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Whose codings count (nobody named: everybody's), of which sessions, and who settles what coders differ on."""

    coders: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    settled_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the rows say besides: a `setting` in place of the transcripts' own, the `source`, and the coders' notes."""

    setting: str | None = None
    source: str = SOURCE
    notes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written: sessions, turns by agreement, and turns that only the model labelled.

    `differing` has the turns on which coders differ, by session; `left_out` counts the sessions in which nothing else
    was coded.
    """

    sessions: int
    coded: Mapping[str, int]
    uncoded: int
    differing: Mapping[str, tuple[int, ...]]
    left_out: int


def store_of(place: Path) -> Path:
    """The store that a path means: the file itself, or the one of the usual name in a folder."""
    return place / DEFAULT_NAME if place.is_dir() else place


def export_corrections(
    place: Path, output: Path, *, choice: Choice | None = None, form: Form | None = None, overwrite: bool = False
) -> Exported:
    """Write the coded sessions of a store (or of the folder that holds one) to `output`, in the corpus form.

    Raises StoreError, ReviewError where nothing is left to write, and OutputError; then nothing is written.
    """
    path = store_of(place)
    _outside(output, place)
    refuse_to_replace(output, files_of(path), overwrite=overwrite)
    with open_store(path, create=False) as store:
        found = coded_sessions(store)
    choice, form = choice or Choice(), form or Form()
    settled = [_Settled.of(session, name, choice) for name, session in _chosen(found, choice, path).items()]
    kept = [one for one in settled if one.labels]
    differing = {one.name: one.differing for one in settled if one.differing}
    if not kept:
        raise ReviewError(_nothing(differing), file=path)
    write_bytes(output, rendered([row for one in kept for row in one.rows(form)], "lines"))
    coded = Counter(label.agreement for one in kept for label in one.labels.values())
    turns = sum(len(one.coded.session.annotations) for one in kept)
    return Exported(
        sessions=len(kept),
        coded=coded,
        uncoded=turns - coded.total(),
        differing=differing,
        left_out=len(settled) - len(kept),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    """What a person, or several of one mind, say of a turn."""

    coding: Coding
    marker: Marker | None
    agreement: str
    coders: tuple[str, ...]
    sure: bool
    blind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """A coded session under the name that it is written by: its labels, and the turns on which coders differ."""

    coded: CodedSession
    name: str
    labels: Mapping[int, _Label]
    differing: tuple[int, ...]
    notes: Mapping[int, str]

    @classmethod
    def of(cls, coded: CodedSession, name: str, choice: Choice) -> _Settled:
        """Bring together what the chosen coders say of each turn."""
        by_turn: dict[int, dict[str, Coding]] = {}
        for coder in sorted(coded.codings):
            if not choice.coders or coder in choice.coders:
                for turn, coding in coded.codings[coder].items():
                    by_turn.setdefault(turn, {})[coder] = coding
        labels = {turn: _settle(codings, choice.settled_by) for turn, codings in sorted(by_turn.items())}
        notes = {turn: _note(codings) for turn, codings in by_turn.items()}
        return cls(
            coded=coded,
            name=name,
            labels={turn: label for turn, label in labels.items() if label is not None},
            differing=tuple(turn for turn, label in labels.items() if label is None),
            notes={turn: note for turn, note in notes.items() if note},
        )

    def rows(self, form: Form) -> Iterator[dict[str, object]]:
        """One row for each turn. What a person labelled does not keep how sure the model was of another label."""
        transcript = self.coded.session.transcript
        for turn, annotation in zip(transcript.turns, self.coded.session.annotations, strict=True):
            row = labelled_row(transcript, turn, annotation, with_text=True)
            row |= {"session": self.name, "setting": form.setting or transcript.setting}
            row |= {"source": form.source, "model": self.coded.checkpoint}
            if (label := self.labels.get(turn.index)) is not None:
                del row["probability"], row["needs_review"]
                row |= {"label": label.coding.label, "marker": label.marker, "sure": label.sure}
                row |= {"agreement": label.agreement, "coder": list(label.coders), "blind": label.blind}
            if form.notes and turn.index in self.notes:
                row["note"] = self.notes[turn.index]
            yield row


def _settle(codings: Mapping[str, Coding], judge: str | None) -> _Label | None:
    """The label of a turn from what each coder says of it, None where they differ and nobody settles it.

    Of one label with several markers the marker is left open. Doubt of one coder is doubt.
    """
    if len({coding.label for coding in codings.values()}) > 1:
        if judge is None or judge not in codings:
            return None
        others = {coding.label for coder, coding in codings.items() if coder != judge}
        # With one other coder, there were no two whose difference a third could settle.
        agreement = ADJUDICATED if len(others) > 1 else SINGLE
        codings = {judge: codings[judge]}
    else:
        agreement = BOTH if len(codings) > 1 else SINGLE
    markers = {coding.marker for coding in codings.values() if coding.marker is not None}
    return _Label(
        coding=next(iter(codings.values())),
        marker=markers.pop() if len(markers) == 1 else None,
        agreement=agreement,
        coders=tuple(codings),
        sure=all(coding.sure for coding in codings.values()),
        blind=all(coding.blind for coding in codings.values()),
    )


def _note(codings: Mapping[str, Coding]) -> str:
    """All notes on a turn, each with its coder's name where several people coded it."""
    notes = {coder: coding.note for coder, coding in codings.items() if coding.note}
    return "\n".join(note if len(codings) == 1 else f"{coder}: {note}" for coder, note in notes.items())


def _chosen(found: Sequence[CodedSession], choice: Choice, path: Path) -> dict[str, CodedSession]:
    """The chosen sessions by the names that they are written under. Raises ReviewError for what nobody is called."""
    if not found:
        raise ReviewError("nobody has coded a turn in it yet. `mendline review` is for that.", file=path)
    coders = sorted({coder for session in found for coder in session.codings})
    _known("--coder", choice.coders, coders, path)
    _known("--settled-by", [choice.settled_by] if choice.settled_by else [], coders, path)
    count = Counter(session.session.transcript.session for session in found)
    named = {_name(session, alone=count[session.session.transcript.session] == 1): session for session in found}
    names = {name: {name, session.session.transcript.session} for name, session in named.items()}
    _known("--session", choice.sessions, sorted({each for one in names.values() for each in one}), path)
    wanted = set(choice.sessions)
    return {name: session for name, session in named.items() if not wanted or wanted & names[name]}


def _name(session: CodedSession, *, alone: bool) -> str:
    """The session's name, with the start of its id where others are called the same."""
    name = session.session.transcript.session
    return name if alone else f"{name}-{session.id[:8]}"


def _known(option: str, asked: Iterable[str], known: Sequence[str], path: Path) -> None:
    for name in asked:
        if name not in known:
            more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
            raise ReviewError(
                f"{option} {name}: no such name among what was coded. There are: {', '.join(known[:_SHOWN])}{more}.",
                file=path,
            )


def _outside(output: Path, place: Path) -> None:
    if place.is_dir() and output.resolve().is_relative_to(place.resolve()):
        raise OutputError(
            f"stands in the folder that is reviewed ({place}) and would be opened as a session next time. Choose a "
            "place outside of it with -o.",
            file=output,
        )


def _nothing(differing: Mapping[str, tuple[int, ...]]) -> str:
    if not differing:
        return "of the chosen coders nobody has coded a turn of the chosen sessions. Choose others, or leave them out."
    turns = sum(len(each) for each in differing.values())
    return (
        f"coders differ on every turn that they coded ({turns}), so there is no label to write. Settle them in "
        "`mendline review`, or choose with --coder or --settled-by."
    )


def coder_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of coders as the store writes them. Raises ReviewError where one is none."""
    return tuple(coder_name(name) for name in names)
