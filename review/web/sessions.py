"""What is on the desk: the sessions of one run, for one coder, as the data that the page shows. Knows no request.

In blind mode nothing that comes from the model leaves this module: neither labels nor episodes, nor their numbers.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import LABELS, MARKERS_OF, Label, Marker
from mendline.review.episodes import Episode, find_episodes
from mendline.review.store.codings import LONGEST_NOTE, Coding, counts, current, current_one, save, undo
from mendline.review.store.database import Store
from mendline.review.store.sessions import StoredSession, counted, holds, load_annotation
from mendline.review.visible import visible
from mendline.review.web.media import Media
from mendline.transcripts.errors import ReviewError

Data = dict[str, object]

MARKER_KEYS = {
    Marker.MINIMAL: "m",
    Marker.AVOID: "a",
    Marker.DENY: "d",
    Marker.APPEASE: "p",
    Marker.GIVEUP: "g",
    Marker.EXIT: "x",
    Marker.COMPLAIN: "c",
    Marker.REJECT: "r",
    Marker.DEFEND: "d",
    Marker.ATTACK: "a",
    Marker.CONTROL: "o",
    Marker.OWN: "o",
    Marker.VALIDATE: "v",
    Marker.INVITE: "i",
    Marker.CLARIFY: "c",
    Marker.RENEGOTIATE: "r",
    Marker.DISCLOSE: "s",
    Marker.ACCEPT: "a",
}
COUNTED = ("ruptures", "repairs", "doubtful")
KEPT_OPEN = 4
"""Sessions that are held in memory."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A session in memory, with each speaker's place in the list of speakers."""

    stored: StoredSession
    session: AnnotatedTranscript
    checkpoint: str
    speakers: Mapping[str, int]


@dataclass(slots=True)
class Desk:
    """The sessions of one run and what its coder may do with them. `media` belongs to the only session."""

    store: Store
    sessions: Mapping[str, StoredSession]
    coder: str
    blind: bool = False
    media: Media | None = None
    _kept: OrderedDict[str, _Open] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def has(self, identity: str) -> bool:
        """Whether there is such a session: on the desk, and not deleted since."""
        return identity in self.sessions and holds(self.store, identity)

    def has_turn(self, identity: str, turn: int) -> bool:
        """Whether a session has such a turn."""
        return turn < self.sessions[identity].turns

    def overview(self) -> list[Data]:
        """One entry for each session, for the page that lists them, by the labels as they are now."""
        coded = counts(self.store, coder=self.coder)
        return [
            {
                "id": each.id,
                "name": visible(each.name),
                "turns": each.turns,
                **(dict.fromkeys(COUNTED) if self.blind else self._figures(each, coded=each.id in coded)),
                "corrected": coded.get(each.id, 0),
                "blind": self.blind,
            }
            for each in self.sessions.values()
            if holds(self.store, each.id)
        ]

    def _figures(self, stored: StoredSession, *, coded: bool) -> Data:
        if not coded:
            return dict(zip(COUNTED, (stored.ruptures, stored.repairs, stored.doubtful), strict=True))
        codings = current(self.store, stored.id, coder=self.coder)
        loaded = load_annotation(self.store, stored.annotation)
        return dict(zip(COUNTED, counted(with_codings(loaded.session, codings)), strict=True))

    def heading(self, identity: str) -> Data:
        """What the page of a session says before its data have come."""
        stored = self.sessions[identity]
        return {"id": stored.id, "name": visible(stored.name), "turns": stored.turns}

    def playable(self, identity: str) -> Data | None:
        """Where the recording of a session is, and which element plays it."""
        return None if self.media is None else {"url": f"/media/{identity}", "kind": self.media.kind}

    def whole(self, identity: str) -> Data:
        """All data of a session. Raises StoreError."""
        opened = self._opened(identity)
        codings = current(self.store, identity, coder=self.coder)
        roles = {turn.speaker: turn.role for turn in opened.session.transcript.turns}
        return {
            "id": identity,
            "name": visible(opened.stored.name),
            "model": None if self.blind else opened.checkpoint,
            "coder": self.coder,
            "blind": self.blind,
            "media": self.playable(identity),
            "speakers": [{"name": visible(name), "role": visible(roles[name])} for name in opened.speakers],
            "labels": [_label(key, label) for key, label in enumerate(LABELS, start=1)],
            "turns": [
                self._turn(opened, index, codings.get(index)) for index in range(len(opened.session.annotations))
            ],
            "episodes": self._episodes(opened, codings),
        }

    def episodes(self, identity: str) -> list[Data]:
        """The episodes by the coder's labels, and the model's where the coder gave none. Raises StoreError."""
        return self._episodes(self._opened(identity), current(self.store, identity, coder=self.coder))

    def code(self, identity: str, turn: int, coding: Coding | None) -> Data:
        """Save what the coder says of a turn, None to take it back; the turn as it is then. Raises StoreError."""
        if coding is not None:
            coding = replace(coding, blind=self.blind)
        save(self.store, identity, turn, coder=self.coder, coding=coding)
        return self._turn_now(identity, turn)

    def undo(self, identity: str) -> Data | None:
        """Undo the coder's last change in a session; the turn as it is then, None if there was none."""
        turn = undo(self.store, identity, coder=self.coder)
        return None if turn is None else self._turn_now(identity, turn)

    def _turn_now(self, identity: str, turn: int) -> Data:
        coding = current_one(self.store, identity, turn, coder=self.coder)
        return self._turn(self._opened(identity), turn, coding)

    def _turn(self, opened: _Open, index: int, coding: Coding | None) -> Data:
        turn = opened.session.transcript.turns[index]
        return {
            "index": index,
            "speaker": opened.speakers[turn.speaker],
            "text": visible(turn.text),
            "start": _finite(turn.start),
            "end": _finite(turn.end),
            "model": None if self.blind else _model(opened.session.annotations[index]),
            "coded": None if coding is None else _coded(coding),
        }

    def _episodes(self, opened: _Open, codings: Mapping[int, Coding]) -> list[Data]:
        if self.blind:
            return []
        return [_episode(each, opened.speakers) for each in find_episodes(with_codings(opened.session, codings))]

    def _opened(self, identity: str) -> _Open:
        with self._lock:
            opened = self._kept.pop(identity, None)
            if opened is None:
                stored = self.sessions[identity]
                loaded = load_annotation(self.store, stored.annotation)
                names = dict.fromkeys(turn.speaker for turn in loaded.session.transcript.turns)
                places = {name: place for place, name in enumerate(names)}
                opened = _Open(stored, loaded.session, loaded.checkpoint, places)
            self._kept[identity] = opened
            while len(self._kept) > KEPT_OPEN:
                self._kept.popitem(last=False)
            return opened


def with_codings(session: AnnotatedTranscript, codings: Mapping[int, Coding]) -> AnnotatedTranscript:
    """A session with a coder's labels in place of the model's. What a coder says is certain, unless not `sure`."""
    return AnnotatedTranscript(
        session.transcript,
        tuple(
            _as_annotation(each.turn, codings[each.turn]) if each.turn in codings else each
            for each in session.annotations
        ),
    )


def parse_coding(document: object) -> Coding | None:
    """What a page says of a turn, None where it takes its coding back. Raises ReviewError for anything else."""
    if not isinstance(document, dict) or document.keys() != {"label", "marker", "sure", "note"}:
        raise ReviewError("A coding has a label, a marker, whether it is sure, and a note.")
    label, marker, sure, note = (document[key] for key in ("label", "marker", "sure", "note"))
    if not isinstance(sure, bool) or not isinstance(note, str):
        raise ReviewError("A coding says whether it is sure with true or false, and its note is text.")
    if len(note) > LONGEST_NOTE:
        raise ReviewError(f"The note has {len(note)} characters, and at most {LONGEST_NOTE:,} are kept. Shorten it.")
    if label is None:
        if marker is not None or note:
            raise ReviewError("A marker or a note needs a label.")
        return None
    if not isinstance(label, str) or label not in set(Label):
        raise ReviewError(f"A label is one of {', '.join(Label)}.")
    own = MARKERS_OF[Label(label)]
    if marker is not None and (not isinstance(marker, str) or marker not in own):
        raise ReviewError(f"The marker does not belong to {label}: it has {', '.join(own) or 'none'}.")
    return Coding(label=Label(label), marker=None if marker is None else Marker(marker), sure=sure, note=note)


def _as_annotation(turn: int, coding: Coding) -> Annotation:
    return Annotation(
        turn=turn,
        label=coding.label,
        marker=coding.marker,
        probabilities=tuple(float(label is coding.label) for label in LABELS),
        needs_review=not coding.sure,
    )


def _label(key: int, label: Label) -> Data:
    markers = [{"name": marker, "key": MARKER_KEYS[marker]} for marker in MARKERS_OF[label]]
    return {"name": label, "key": str(key), "markers": markers}


def _model(annotation: Annotation) -> Data:
    return {
        "label": annotation.label,
        "marker": annotation.marker,
        "probability": round(annotation.probability, 4),
        "doubtful": annotation.needs_review,
    }


def _coded(coding: Coding) -> Data:
    return {"label": coding.label, "marker": coding.marker, "sure": coding.sure, "note": coding.note}


def _episode(episode: Episode, speakers: Mapping[str, int]) -> Data:
    return {
        "number": episode.number,
        "first": episode.first,
        "last": episode.last,
        "opened_by": speakers[episode.opened_by],
        "outcome": episode.outcome,
        "probability": round(episode.weakest_link, 4),
        "attempts": [{"turn": each.turns[0], "reception": each.reception} for each in episode.attempts],
    }


def _finite(seconds: float | None) -> float | None:
    """A time that JSON can hold."""
    return seconds if seconds is not None and math.isfinite(seconds) else None
