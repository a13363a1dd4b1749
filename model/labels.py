"""The four labels and their markers, in the order of the network's outputs. Definitions: corpus/CODEBOOK.md."""

from __future__ import annotations

from enum import StrEnum


class Label(StrEnum):
    """What a turn does between the people present."""

    WITHDRAWAL = "withdrawal"
    CONFRONTATION = "confrontation"
    REPAIR = "repair"
    NEUTRAL = "neutral"


class Marker(StrEnum):
    """How a turn does it. Each marker belongs to exactly one label; a neutral turn has none."""

    MINIMAL = "minimal"
    AVOID = "avoid"
    DENY = "deny"
    APPEASE = "appease"
    GIVEUP = "giveup"
    EXIT = "exit"
    COMPLAIN = "complain"
    REJECT = "reject"
    DEFEND = "defend"
    ATTACK = "attack"
    CONTROL = "control"
    OWN = "own"
    VALIDATE = "validate"
    INVITE = "invite"
    CLARIFY = "clarify"
    RENEGOTIATE = "renegotiate"
    DISCLOSE = "disclose"
    ACCEPT = "accept"


MARKERS_OF: dict[Label, tuple[Marker, ...]] = {
    Label.WITHDRAWAL: (Marker.MINIMAL, Marker.AVOID, Marker.DENY, Marker.APPEASE, Marker.GIVEUP, Marker.EXIT),
    Label.CONFRONTATION: (Marker.COMPLAIN, Marker.REJECT, Marker.DEFEND, Marker.ATTACK, Marker.CONTROL),
    Label.REPAIR: (
        Marker.OWN,
        Marker.VALIDATE,
        Marker.INVITE,
        Marker.CLARIFY,
        Marker.RENEGOTIATE,
        Marker.DISCLOSE,
        Marker.ACCEPT,
    ),
    Label.NEUTRAL: (),
}

LABELS: tuple[Label, ...] = tuple(Label)
MARKERS: tuple[Marker, ...] = tuple(Marker)
RUPTURES: frozenset[Label] = frozenset({Label.WITHDRAWAL, Label.CONFRONTATION})
LABEL_OF: dict[Marker, Label] = {marker: label for label, markers in MARKERS_OF.items() for marker in markers}
