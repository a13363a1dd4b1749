"""A valid file of every format that is read, for tests that loop over formats: small ones, or with turns of one's own.

`SAMPLES` holds one of each format, all with the same four turns. `made` makes a file with any turns of two speakers.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import docx
import pyarrow
import pypdf
from docx.oxml import OxmlElement
from pyarrow import parquet
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

# Stands in every file, and never in an error message.
CANARY = "secretwords"
WORDS = (f"How was the {CANARY} week?", "Fine.", "You say it was fine.", "I do.")
TIMES = ((0.5, 2.0), (2.5, 3.0), (4.0, 6.0), (6.5, 7.5))
Turns = Sequence[tuple[str, str, float, float]]
TURNS: Turns = tuple(
    (speaker, text, start, end)
    for speaker, text, (start, end) in zip(("Therapist", "Client") * 2, WORDS, TIMES, strict=True)
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A file. `timed` says that each turn has its start and end in `TIMES`."""

    name: str
    raw: bytes
    timed: bool


def _json(content: object) -> str:
    return json.dumps(content, indent=2)


def _lines(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def _text(turns: Turns) -> str:
    return " ".join(text for _, text, _, _ in turns)


def _clock(seconds: float, mark: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{thousandths:03}"


def _cues(turns: Turns, head: str, mark: str, *, numbered: bool) -> str:
    cues = [
        (f"{number}\n" if numbered else "") + f"{_clock(start, mark)} --> {_clock(end, mark)}\n{speaker}: {text}\n\n"
        for number, (speaker, text, start, end) in enumerate(turns, start=1)
    ]
    return head + "".join(cues)


def _delimited(turns: Turns, mark: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=mark, lineterminator="\n").writerows([("speaker", "text", "start", "end"), *turns])
    return stream.getvalue()


def _rows(turns: Turns) -> list[dict[str, Any]]:
    return [{"speaker": speaker, "text": text, "start": start, "end": end} for speaker, text, start, end in turns]


def _chat(turns: Turns) -> str:
    head = (
        "@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tTHE Therapist, CLI Client\n"
        "@ID:\teng|talk|THE|||||Therapist|||\n@ID:\teng|talk|CLI|||||Client|||\n"
    )
    utterances = [
        f"*{speaker[:3].upper()}:\t{text[:-1]} {text[-1]} \x15{start * 1000:.0f}_{end * 1000:.0f}\x15\n"
        for speaker, text, start, end in turns
    ]
    return head + "".join(utterances) + "@End\n"


def _elan(turns: Turns) -> str:
    slots = "".join(
        f'        <TIME_SLOT TIME_SLOT_ID="ts{place}" TIME_VALUE="{time * 1000:.0f}"/>\n'
        for place, time in enumerate((time for _, _, start, end in turns for time in (start, end)), start=1)
    )
    tiers = ""
    for speaker in ("Therapist", "Client"):
        annotations = "".join(
            f'        <ANNOTATION>\n            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{place}" '
            f'TIME_SLOT_REF1="ts{2 * place - 1}" TIME_SLOT_REF2="ts{2 * place}">\n'
            f"                <ANNOTATION_VALUE>{escape(text)}</ANNOTATION_VALUE>\n"
            "            </ALIGNABLE_ANNOTATION>\n        </ANNOTATION>\n"
            for place, (name, text, _, _) in enumerate(turns, start=1)
            if name == speaker
        )
        tiers += f'    <TIER LINGUISTIC_TYPE_REF="turn" PARTICIPANT="{speaker}" TIER_ID="{speaker}">\n{annotations}'
        tiers += "    </TIER>\n"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">\n'
        '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n'
        '        <PROPERTY NAME="lastUsedAnnotationId">4</PROPERTY>\n    </HEADER>\n'
        f"    <TIME_ORDER>\n{slots}    </TIME_ORDER>\n{tiers}"
        '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="turn" TIME_ALIGNABLE="true"/>\n'
        "</ANNOTATION_DOCUMENT>\n"
    )


def _textgrid(turns: Turns, *speakers: str) -> str:
    tiers, last = "", turns[-1][3] + 0.5
    for speaker in speakers:
        entries, done = [], 0.0
        for name, text, start, end in turns:
            if name == speaker:
                entries += [(done, start, ""), (start, end, text)]
                done = end
        entries += [(done, last, "")]
        tiers += f'"IntervalTier"\n"{speaker}"\n0\n{last}\n{len(entries)}\n'
        tiers += "".join('{}\n{}\n"{}"\n'.format(start, end, text.replace('"', '""')) for start, end, text in entries)
    return f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n{last}\n<exists>\n{len(speakers)}\n{tiers}'


def _docx(turns: Turns) -> bytes:
    file = docx.Document()
    last = file.element.body[-1]
    for speaker, text, _, _ in turns:
        # Not `add_paragraph`, which looks through the whole file each time.
        paragraph, run, words = OxmlElement("w:p"), OxmlElement("w:r"), OxmlElement("w:t")
        words.text = f"{speaker}: {text}"
        run.append(words)
        paragraph.append(run)
        last.addprevious(paragraph)
    stream = io.BytesIO()
    file.save(stream)
    return stream.getvalue()


def _pdf(turns: Turns) -> bytes:
    writer = pypdf.PdfWriter()
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    helvetica = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
    fonts = DictionaryObject({NameObject("/F"): helvetica})
    for first in range(0, len(turns), 50):
        page = writer.add_blank_page(595, 842)
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        content = DecodedStreamObject()
        lines = (f"{speaker}: {text}" for speaker, text, _, _ in turns[first : first + 50])
        shown = " ".join("({}) Tj T*".format(re.sub(r"([\\()])", r"\\\1", line)) for line in lines)
        content.set_data(f"BT /F 11 Tf 14 TL 60 760 Td {shown} ET".encode("latin-1", "replace"))
        page[NameObject("/Contents")] = content
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _parquet(turns: Turns) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(_rows(turns)), stream)
    return stream.getvalue()


def _words(turns: Turns, *, key: str) -> list[dict[str, Any]]:
    """The words of all turns, each with its speaker's number, spread over the time of its turn."""
    words = []
    for place, (_, text, start, end) in enumerate(turns):
        parts = text.split()
        step = (end - start) / len(parts)
        words += [
            {
                key: part,
                "start": start + number * step,
                "end": start + (number + 1) * step,
                "speaker": place % 2,
            }
            for number, part in enumerate(parts)
        ]
    return words


def _aws(turns: Turns) -> str:
    segments = [
        {"id": place, "transcript": text, "start_time": str(start), "end_time": str(end),
         "speaker_label": f"spk_{place % 2}", "items": [place]}
        for place, (_, text, start, end) in enumerate(turns)
    ]  # fmt: skip
    items = [
        {"id": place, "type": "pronunciation", "alternatives": [{"confidence": "0.9", "content": word["word"]}],
         "start_time": str(word["start"]), "end_time": str(word["end"]), "speaker_label": f"spk_{word['speaker']}"}
        for place, word in enumerate(_words(turns, key="word"))
    ]  # fmt: skip
    results = {"transcripts": [{"transcript": _text(turns)}], "items": items, "audio_segments": segments}
    return _json({"jobName": "talk", "accountId": "1", "status": "COMPLETED", "results": results})


def _deepgram(turns: Turns) -> str:
    words = [{**word, "punctuated_word": word["word"], "confidence": 0.9} for word in _words(turns, key="word")]
    alternative = {"transcript": _text(turns), "confidence": 0.9, "words": words}
    return _json({"metadata": {"channels": 1}, "results": {"channels": [{"alternatives": [alternative]}]}})


def _assemblyai(turns: Turns) -> str:
    utterances = [
        {"speaker": "AB"[place % 2], "text": text, "start": round(start * 1000), "end": round(end * 1000), "words": []}
        for place, (_, text, start, end) in enumerate(turns)
    ]  # fmt: skip
    return _json(
        {"id": "t1", "status": "completed", "audio_url": "x", "text": _text(turns), "words": [],
         "utterances": utterances, "speaker_labels": True}
    )  # fmt: skip


def _azure(turns: Turns) -> str:
    phrases = [
        {"channel": 0, "speaker": place % 2 + 1, "offsetMilliseconds": round(start * 1000),
         "durationMilliseconds": round((end - start) * 1000), "text": text, "words": [], "locale": "en-GB"}
        for place, (_, text, start, end) in enumerate(turns)
    ]  # fmt: skip
    return _json({"durationMilliseconds": 8000, "combinedPhrases": [{"text": _text(turns)}], "phrases": phrases})


def _google(turns: Turns) -> str:
    words = [
        {"word": word["word"], "startTime": f"{word['start']}s", "endTime": f"{word['end']}s",
         "speakerTag": word["speaker"] + 1}
        for word in _words(turns, key="word")
    ]  # fmt: skip
    return _json({"results": [{"alternatives": [{"transcript": _text(turns), "words": words}]}]})


def _revai(turns: Turns) -> str:
    monologues = []
    for place, (_, text, start, end) in enumerate(turns):
        element = {"type": "text", "value": text[:-1], "ts": start, "end_ts": end, "confidence": 0.9}
        monologues.append({"speaker": place % 2, "elements": [element, {"type": "punct", "value": text[-1]}]})
    return _json({"monologues": monologues})


def _otter(turns: Turns) -> str:
    parts = [
        {"id": place, "start_offset": round(start * 16000), "end_offset": round(end * 16000), "transcript": text,
         "speaker_id": None, "speaker_model_label": str(place % 2),
         "alignment": [{"word": text.split()[0], "start": 0.0, "end": 0.3}]}
        for place, (_, text, start, end) in enumerate(turns)
    ]  # fmt: skip
    return _json({"status": "OK", "speech": {"title": "talk", "speakers": [], "transcripts": parts}})


def _trn(turns: Turns) -> str:
    return "".join(f"{start} {end}\t{speaker.upper()}:\t{text}\n" for speaker, text, start, end in turns)


def _convokit(turns: Turns) -> str:
    return _lines(
        [
            {"id": f"u{place}", "conversation_id": "c1", "text": text, "speaker": speaker, "meta": {}, "reply-to": None,
             "timestamp": start, "vectors": []}
            for place, (speaker, text, start, _) in enumerate(turns)
        ]
    )  # fmt: skip


def _whisper(turns: Turns) -> str:
    segments = [
        {"id": place, "start": start, "end": end, "text": f" {text}", "speaker": f"SPEAKER_{place % 2:02d}"}
        for place, (_, text, start, end) in enumerate(turns)
    ]
    return _json({"text": _text(turns), "segments": segments, "language": "en"})


def _labelstudio(turns: Turns) -> str:
    dialogue = [
        {"author": row["speaker"], **{key: row[key] for key in ("text", "start", "end")}} for row in _rows(turns)
    ]
    return _json([{"id": 1, "data": {"dialogue": dialogue}, "annotations": [], "predictions": []}])


def _doccano(turns: Turns) -> str:
    return _lines([{"id": place, "label": [], "Comments": [], **row} for place, row in enumerate(_rows(turns))])


# For each format: the name of its file, what makes it, whether it holds all times.
_MAKERS: dict[str, tuple[str, Callable[[Turns], str | bytes], bool]] = {
    "text": ("talk.txt", lambda turns: "".join(f"{who}: {text}\n" for who, text, _, _ in turns), False),
    "webvtt": ("talk.vtt", lambda turns: _cues(turns, "WEBVTT\n\n", ".", numbered=False), True),
    "srt": ("talk.srt", lambda turns: _cues(turns, "", ",", numbered=True), True),
    "csv": ("talk.csv", lambda turns: _delimited(turns, ","), True),
    "tsv": ("talk.tsv", lambda turns: _delimited(turns, "\t"), True),
    "jsonl": ("talk.jsonl", lambda turns: _lines(_rows(turns)), True),
    "whisper": ("talk.json", _whisper, True),
    "docx": ("talk.docx", _docx, False),
    "pdf": ("talk.pdf", _pdf, False),
    "parquet": ("talk.parquet", _parquet, True),
    "aws": ("talk.json", _aws, True),
    "deepgram": ("talk.json", _deepgram, True),
    "assemblyai": ("talk.json", _assemblyai, True),
    "azure": ("talk.json", _azure, True),
    "google": ("talk.json", _google, True),
    "revai": ("talk.json", _revai, True),
    "otter": ("talk.json", _otter, True),
    "convokit": ("utterances.jsonl", _convokit, False),
    "labelstudio": ("talk.json", _labelstudio, True),
    "doccano": ("talk.jsonl", _doccano, True),
    "chat": ("talk.cha", _chat, True),
    "elan": ("talk.eaf", _elan, True),
    "textgrid": ("talk.TextGrid", lambda turns: _textgrid(turns, "Therapist", "Client"), True),
    "trn": ("talk.trn", _trn, True),
}


def made(name: str, turns: Turns) -> Sample:
    """Return a file of a format with these turns, of which one is the therapist's and the next one the client's."""
    file, maker, timed = _MAKERS[name]
    content = maker(turns)
    return Sample(file, content if isinstance(content, bytes) else content.encode(), timed)


SAMPLES: dict[str, Sample] = {name: made(name, TURNS) for name in _MAKERS}
# The same talk as one file for each speaker, which are read together.
TEXTGRID_PAIR = tuple(
    Sample(f"talk_{speaker.lower()}.TextGrid", _textgrid(TURNS, speaker).encode(), True)
    for speaker in ("Therapist", "Client")
)
