"""ELAN's files as they are: time slots, tiers and annotations, each with its place in the text. Knows no turns.

Read by expat through defusedxml: a document type, entities and references to other files are refused, so no file can
blow up in memory or make the program read another one.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import InputSource

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError

if TYPE_CHECKING:
    from xml.sax.xmlreader import AttributesImpl

    Attributes = AttributesImpl[str]

ROOT = "ANNOTATION_DOCUMENT"
LAST_ID = "lastUsedAnnotationId"
_TAG = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_HINT = "Open the file in ELAN and save it again."
_ATTACHED = "ANNOTATION_REF"


@dataclass(slots=True)
class Annotation:
    """One annotation. `slots` are those between which it stands or, where it is attached to another one, that one's."""

    id: str
    line: int
    slots: tuple[str, str] | None
    attached_to: str | None
    value: str = ""


@dataclass(slots=True)
class Tier:
    """One tier. `kind` is its linguistic type, `parent` the tier that it depends on. It stands at `begin` to `end`."""

    id: str
    kind: str
    participant: str
    parent: str | None
    line: int
    begin: int
    end: int = 0
    annotations: list[Annotation] = field(default_factory=list)

    @property
    def has_words(self) -> bool:
        """Whether any annotation on it holds more than spaces."""
        return any(each.value.strip() for each in self.annotations)


@dataclass(slots=True)
class Eaf:
    """One file. `slots` are the time slots in their order, in seconds, None where a slot is not aligned.

    `tops` are the elements right below the root with their places in the text; the end tag of the root comes last.
    `last_id` is the place of the property in which ELAN counts the annotation ids that it gave.
    """

    slots: dict[str, float | None] = field(default_factory=dict)
    tiers: dict[str, Tier] = field(default_factory=dict)
    annotations: dict[str, Annotation] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    constraints: set[str] = field(default_factory=set)
    tops: list[tuple[str, int]] = field(default_factory=list)
    last_id: int | None = None

    def seconds(self, annotation: Annotation) -> tuple[float | None, float | None]:
        """When an annotation starts and ends."""
        assert annotation.slots is not None
        return self.slots[annotation.slots[0]], self.slots[annotation.slots[1]]

    def moments(self) -> dict[str, float]:
        """A time for each slot to sort by: its own or, where it has none, that of the last one before it that has."""
        moments: dict[str, float] = {}
        last = 0.0
        for slot, seconds in self.slots.items():
            last = last if seconds is None else seconds
            moments[slot] = last
        return moments


def parse(document: Document) -> Eaf:
    """Return what a file holds. Raises TranscriptError with the line that is not as it must be."""
    handler = _Handler(document)
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(handler)
    source = InputSource()
    # The text is decoded already, whatever encoding its first line names.
    source.setEncoding("utf-8")
    source.setByteStream(io.BytesIO(document.text.encode(errors="replace")))
    try:
        parser.parse(source)
    except SAXParseException as error:
        message = f"the XML is broken here or breaks off. {_HINT}"
        raise document.error(message, line=error.getLineNumber()) from error
    except DefusedXmlException as error:
        message = "a document type or an entity is declared here, which no ELAN file has and which is not safe to read."
        raise document.error(f"{message} {_HINT}", line=handler.line) from error
    handler.resolve()
    return handler.eaf


def tag_end(document: Document, begin: int) -> int:
    """The place right after the tag that starts at `begin`."""
    match = _TAG.match(document.text, begin)
    return begin if match is None else match.end()


class _Handler(ContentHandler):
    """Takes the events of the parser and fills an `Eaf`."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.eaf = Eaf()
        self._starts = [line.offset for line in document.lines()]
        self._open: list[str] = []
        self._tier: Tier | None = None
        self._annotation: Annotation | None = None
        self._value: list[str] | None = None

    @property
    def line(self) -> int:
        """The line on which the parser is."""
        return self._locator.getLineNumber() or 1 if self._locator is not None else 1  # type: ignore[attr-defined]

    def startElement(self, name: str, attrs: Attributes) -> None:  # noqa: N802  (as xml.sax has it)
        """Take the start of an element."""
        if not self._open and name != ROOT:
            raise self._error(f"this is no ELAN file: it does not start with {ROOT}. Name the format: --input-format.")
        if len(self._open) == 1:
            self.eaf.tops.append((name, self._offset()))
        self._open.append(name)
        take = _TAKES.get(name)
        if take is not None:
            take(self, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802
        """Take the end of an element."""
        self._open.pop()
        if not self._open:
            self.eaf.tops.append(("", self._offset()))
        elif name == "TIER" and self._tier is not None:
            self._tier.end = tag_end(self.document, self._offset())
            self._tier = None
        elif name == "ANNOTATION_VALUE" and self._value is not None:
            if self._annotation is not None:
                self._annotation.value = "".join(self._value)
            self._value = None
        elif name in {"ALIGNABLE_ANNOTATION", "REF_ANNOTATION"}:
            self._annotation = None

    def characters(self, content: str) -> None:
        """Take text."""
        if self._value is not None:
            self._value.append(content)

    def resolve(self) -> None:
        """See to it that everything that is referred to is there, and give attached annotations their slots."""
        self._check_tiers()
        for annotation in self.eaf.annotations.values():
            chain: dict[str, Annotation] = {}
            each = annotation
            while each.slots is None:
                chain[each.id] = each
                following = self.eaf.annotations.get(each.attached_to or "")
                if following is None or following.id in chain:
                    raise self._error("this annotation is attached to none that has times.", line=each.line)
                each = following
            for attached in chain.values():
                attached.slots = each.slots
            if any(slot not in self.eaf.slots for slot in each.slots):
                raise self._error("this annotation stands at a time slot that is not in the file.", line=each.line)

    def _check_tiers(self) -> None:
        """Raise TranscriptError where a tier depends, in however many steps, on none that stands by itself."""
        tiers = self.eaf.tiers
        done: set[str] = set()
        for tier in tiers.values():
            above: dict[str, Tier] = {}
            each = tier
            while each.id not in done:
                above[each.id] = each
                if each.parent is None:
                    break
                if each.parent not in tiers:
                    raise self._error("this tier depends on one that is not in the file.", line=each.line)
                if each.parent in above:
                    raise self._error("this tier depends on itself, by way of others.", line=each.line)
                each = tiers[each.parent]
            done |= above.keys()

    def _error(self, message: str, *, line: int | None = None) -> TranscriptError:
        return self.document.error(f"{message} {_HINT}", line=line or self.line)

    def _offset(self) -> int:
        return self._starts[self.line - 1] + int(self._locator.getColumnNumber())  # type: ignore[attr-defined]

    def _attribute(self, attrs: Attributes, name: str) -> str:
        value = attrs.get(name)
        if value is None:
            raise self._error(f"{self._open[-1]} has no {name} here.")
        return value

    def _slot(self, attrs: Attributes) -> None:
        name, value = self._attribute(attrs, "TIME_SLOT_ID"), attrs.get("TIME_VALUE")
        if value is not None and not (value.strip().isascii() and value.strip().isdecimal() and len(value) < 16):
            raise self._error("TIME_VALUE is not a whole number of milliseconds here.")
        self._once(name, self.eaf.slots)
        self.eaf.slots[name] = None if value is None else int(value) / 1000

    def _take_tier(self, attrs: Attributes) -> None:
        name = self._attribute(attrs, "TIER_ID")
        self._once(name, self.eaf.tiers)
        kind, participant = self._attribute(attrs, "LINGUISTIC_TYPE_REF"), attrs.get("PARTICIPANT", "")
        self._tier = Tier(name, kind, participant, attrs.get("PARENT_REF"), self.line, self._offset())
        self.eaf.tiers[name] = self._tier

    def _take_aligned(self, attrs: Attributes) -> None:
        slots = self._attribute(attrs, "TIME_SLOT_REF1"), self._attribute(attrs, "TIME_SLOT_REF2")
        self._take_annotation(attrs, slots, None)

    def _take_attached(self, attrs: Attributes) -> None:
        self._take_annotation(attrs, None, self._attribute(attrs, "ANNOTATION_REF"))

    def _take_annotation(self, attrs: Attributes, slots: tuple[str, str] | None, attached_to: str | None) -> None:
        name = self._attribute(attrs, "ANNOTATION_ID")
        self._once(name, self.eaf.annotations)
        if self._tier is None:
            raise self._error("this annotation stands on no tier.")
        self._annotation = Annotation(name, self.line, slots, attached_to)
        self.eaf.annotations[name] = self._annotation
        self._tier.annotations.append(self._annotation)

    def _take_value(self, attrs: Attributes) -> None:
        self._value = []

    def _take_kind(self, attrs: Attributes) -> None:
        self.eaf.kinds.add(self._attribute(attrs, "LINGUISTIC_TYPE_ID"))

    def _take_constraint(self, attrs: Attributes) -> None:
        self.eaf.constraints.add(self._attribute(attrs, "STEREOTYPE"))

    def _take_property(self, attrs: Attributes) -> None:
        if attrs.get("NAME") == LAST_ID:
            self.eaf.last_id = self._offset()

    def _once(self, name: str, known: Mapping[str, object]) -> None:
        if name in known:
            raise self._error("the id that stands here stands further up as well.")


_TAKES = {
    "TIME_SLOT": _Handler._slot,
    "TIER": _Handler._take_tier,
    "ALIGNABLE_ANNOTATION": _Handler._take_aligned,
    "REF_ANNOTATION": _Handler._take_attached,
    "ANNOTATION_VALUE": _Handler._take_value,
    "LINGUISTIC_TYPE": _Handler._take_kind,
    "CONSTRAINT": _Handler._take_constraint,
    "PROPERTY": _Handler._take_property,
}
