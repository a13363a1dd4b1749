"""Label Studio tasks, exported as JSON (or JSON_MIN) or made for import: dialogues, or one turn a task.

A task whose data hold a list of turns (`[{"author": …, "text": …}, …]`, the data of the Paragraphs tag) is a session,
named by `session` in its data or else after the file and the task's id. Tasks whose data are one turn (a text and a
speaker) are the rows of a table: `mendline.transcripts.formats.table`.

Notes become a prediction of the model version "mendline" on each task, one region for each turn that has a label. It
replaces an earlier one of that version; annotations and all other predictions stay. A region bears the names that the
project's own regions have and otherwise those of this labelling interface (for single turns, Text and Choices):

    <View>
      <ParagraphLabels name="label" toName="dialogue"><Label value="…"/></ParagraphLabels>
      <Paragraphs name="dialogue" value="$dialogue" layout="dialogue"/>
    </View>
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError, TranscriptError
from mendline.transcripts.formats.json_records import Records, cells, records_of, rendered, with_speaker_key
from mendline.transcripts.formats.json_shapes import is_turn_list, shape_of
from mendline.transcripts.formats.kept import TIMES, Kept, leave
from mendline.transcripts.formats.noted import Noted, notes_by_row
from mendline.transcripts.formats.table import SOURCE_IDS, Row, find_columns, transcripts_of
from mendline.transcripts.notes import LABEL_WORDS, TurnNote, note_of_text, note_with
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import clean_text, other_turns

NAME = "labelstudio"
EXTENSIONS = (".labelstudio.json",)
SUMMARY = "Label Studio tasks with dialogues or single turns (JSON)"
KEEPS = (Kept.SESSIONS, Kept.SETTING, Kept.ROLES, *TIMES, Kept.IDS, Kept.LABELS)
LIBRARY = "json (Python)"
COPY_KEEPS = "annotations, predictions of other models, all other data"

MODEL_VERSION = "mendline"

_HINT = "Export the project from Label Studio as JSON."
_NO_TURNS = (
    'the data hold no turns. Label Studio\'s dialogues are lists such as [{"author": "T", "text": "…"}]; single turns '
    "need a text and a speaker."
)


def takes(document: Document) -> bool:
    """Whether the keys are those of Label Studio's tasks."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """One transcript for each dialogue, or each session of single turns. Raises TranscriptError that names the task."""
    records = records_of(document, hint=_HINT)
    _leave_labels(document, records)
    if not any(_dialogues(task) for task in records.values):
        rows, columns = _single_turns(document, records, options)
        return transcripts_of(document, rows, columns, options)
    transcripts = [_dialogue(document, records, place, options) for place in range(len(records.values))]
    seen: set[str] = set()
    for place, transcript in enumerate(transcripts):
        if transcript.session in seen:
            raise document.error(f'task {place + 1} has the "session" of an earlier one. Give each task its own.')
        seen.add(transcript.session)
    return transcripts


def _leave_labels(document: Document, records: Records) -> None:
    """Say which labels of others stay behind: only predictions of `MODEL_VERSION` are read."""
    if any(task.get("annotations") or task.get("completions") for task in records.values):
        leave(document, "annotations of people")
    made = [each for task in records.values for each in _listed(task.get("predictions"))]
    if any(not (isinstance(each, dict) and each.get("model_version") == MODEL_VERSION) for each in made):
        leave(document, "predictions of other models")


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def annotated_file(document: Document, transcripts: Sequence[Transcript], notes: Noted, options: ReadOptions) -> bytes:
    """Return the tasks with a prediction each; all else stays. Raises OutputError."""
    records = records_of(document, hint=_HINT)
    if not all(isinstance(task.get("data"), dict) for task in records.values):
        message = "tasks of the export JSON_MIN have no place for predictions. Export the project as JSON instead."
        raise OutputError(message, file=document.name)
    if any(_dialogues(task) for task in records.values):
        if len(transcripts) != len(records.values):
            raise other_turns(document)
        results = [
            _regions_of_dialogue(document, records, place, transcript, noted, options)
            for place, (transcript, noted) in enumerate(zip(transcripts, notes, strict=True))
        ]
    else:
        rows, columns = _single_turns(document, records, options)
        found = notes_by_row(document, rows, columns, transcripts, notes)
        names = _names(records, "choices", columns["text"])
        results = [[] if note is None else _choice(note, names) for note in found]
    tasks = [_with_prediction(task, result) for task, result in zip(records.values, results, strict=True)]
    return rendered(tasks, records.form)


def write_file(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return one task for each transcript, with a prediction, ready to be imported."""
    tasks = []
    for transcript, noted in zip(transcripts, notes, strict=True):
        turns = []
        for turn in transcript.turns:
            times = {key: time for key, time in (("start", turn.start), ("end", turn.end)) if time is not None}
            ids = {SOURCE_IDS: [*turn.source_ids]} if turn.source_ids else {}
            turns.append({"author": turn.speaker, "text": turn.text, "role": turn.role, **times, **ids})
        regions = [
            region
            for turn, note in zip(transcript.turns, noted, strict=True)
            for region in _region(note, turn.index, turn.text, ("label", "dialogue"))
        ]
        data = {"session": transcript.session, "setting": transcript.setting, "dialogue": turns}
        tasks.append(_with_prediction({"data": data}, regions))
    return rendered(tasks, "list")


def _data(task: Mapping[str, Any]) -> Mapping[str, Any]:
    data = task.get("data")
    return data if isinstance(data, dict) else task


def _dialogues(task: Mapping[str, Any]) -> list[str]:
    return [key for key, value in _data(task).items() if is_turn_list(value)]


def _dialogue_rows(
    document: Document, records: Records, place: int, options: ReadOptions
) -> tuple[str, list[Row], dict[str, str]]:
    """The key of a task's dialogue, its turns and its columns; a row's line is the number of the turn."""
    task = records.values[place]
    keys = _dialogues(task)
    if len(keys) != 1:
        several = f"the data hold several dialogues ({', '.join(keys)}). Keep one." if keys else _NO_TURNS
        raise document.error(f"task {place + 1}: {several}")
    turns = _data(task)[keys[0]]
    if not all(isinstance(turn, dict) for turn in turns):
        raise document.error(f"task {place + 1}: {_NO_TURNS}")
    names = list(dict.fromkeys(name for turn in turns for name in turn))
    own = replace(with_speaker_key(options, names), session_column=None)
    found = find_columns(document, [name for name in names if name != "session"], own)
    used = set(found.values())
    noted = _own_notes(task)
    rows = [Row(n + 1, cells(document, turn, used, line=n + 1), noted.get(str(n))) for n, turn in enumerate(turns)]
    return keys[0], rows, found


def _dialogue(document: Document, records: Records, place: int, options: ReadOptions) -> Transcript:
    try:
        _, rows, columns = _dialogue_rows(document, records, place, options)
        single = {kind: name for kind, name in columns.items() if kind != "session"}
        (transcript,) = transcripts_of(document, rows, single, options)
    except TranscriptError as error:
        where = "" if error.message.startswith("task ") else f"task {place + 1}, turn by turn from 1: "
        raise document.error(where + error.message, line=error.line) from error
    data = _data(records.values[place])
    setting = data.get("setting")
    return replace(
        transcript,
        session=_session(document, records, place),
        setting=setting if isinstance(setting, str) and setting else transcript.setting,
    )


def _session(document: Document, records: Records, place: int) -> str:
    task = records.values[place]
    session = _data(task).get("session")
    if isinstance(session, str | int) and not isinstance(session, bool) and clean_text(str(session)):
        return clean_text(str(session))
    if len(records.values) == 1:
        return document.session
    identity = task.get("id")
    return f"{document.session}-{identity if isinstance(identity, str | int) else place + 1}"


def _single_turns(document: Document, records: Records, options: ReadOptions) -> tuple[list[Row], dict[str, str]]:
    data = [_data(task) for task in records.values]
    names = list(dict.fromkeys(name for values in data for name in values))
    if "text" not in names and options.text_column is None:
        raise document.error(_NO_TURNS)
    columns = find_columns(document, names, with_speaker_key(options, names))
    used = set(columns.values())
    rows = [
        Row(n, cells(document, _data(task), used, line=n), next(iter(_own_notes(task).values()), None))
        for n, task in enumerate(records.values, start=1)
    ]
    return rows, columns


def _own_notes(task: Mapping[str, Any]) -> dict[str, TurnNote]:
    """The notes that a prediction of `MODEL_VERSION` holds, by the number of the turn in the dialogue, or of one."""
    found: dict[str, TurnNote] = {}
    for made in _listed(task.get("predictions")):
        if isinstance(made, dict) and made.get("model_version") == MODEL_VERSION:
            for region in _listed(made.get("result")):
                value = region.get("value") if isinstance(region, dict) else None
                if not isinstance(value, dict):
                    continue
                labels = value.get("paragraphlabels") or value.get("choices")
                if isinstance(labels, list) and labels and labels[0] in LABEL_WORDS:
                    found[str(value.get("start", 0))] = _note_of(region, labels[0])
    return found


def _note_of(region: Mapping[str, Any], label: str) -> TurnNote:
    """The note of a region: its words say more than its label, where it has them."""
    meta, score = region.get("meta"), region.get("score")
    lines = meta.get("text") if isinstance(meta, dict) else None
    if isinstance(lines, list) and lines and (note := note_of_text(str(lines[0]))).label == label:
        return note
    known = isinstance(score, int | float) and not isinstance(score, bool)
    return note_with({"label": label, "marker": None, **({"probability": score} if known else {})})


def _regions_of_dialogue(
    document: Document,
    records: Records,
    place: int,
    transcript: Transcript,
    noted: Sequence[TurnNote],
    options: ReadOptions,
) -> list[dict[str, Any]]:
    key, rows, columns = _dialogue_rows(document, records, place, options)
    single = {kind: name for kind, name in columns.items() if kind != "session"}
    alone = replace(transcript, session=document.session)
    found = notes_by_row(document, rows, single, [alone], [noted])
    names = _names(records, "paragraphlabels", key)
    turns = _data(records.values[place])[key]
    return [
        region
        for index, (turn, note) in enumerate(zip(turns, found, strict=True))
        if note is not None
        for region in _region(note, index, str(turn[columns["text"]]), names)
    ]


def _region(note: TurnNote, index: int, text: str, names: tuple[str, str]) -> list[dict[str, Any]]:
    if note.label is None:
        return []
    # Label Studio counts as browsers do, in UTF-16.
    end = len(text.encode("utf-16-le", "surrogatepass")) // 2
    value = {
        "start": str(index),
        "end": str(index),
        "startOffset": 0,
        "endOffset": end,
        "paragraphlabels": [note.label],
    }
    return [_result(note, index, names, "paragraphlabels", value)]


def _choice(note: TurnNote, names: tuple[str, str]) -> list[dict[str, Any]]:
    return [] if note.label is None else [_result(note, 0, names, "choices", {"choices": [note.label]})]


def _result(note: TurnNote, index: int, names: tuple[str, str], kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{MODEL_VERSION}-{index}",
        "from_name": names[0],
        "to_name": names[1],
        "type": kind,
        "value": dict(value),
        **({} if note.score is None else {"score": note.score}),
        **({} if note.text is None else {"meta": {"text": [note.text]}}),
    }


def _names(records: Records, kind: str, target: str) -> tuple[str, str]:
    """The names of the control and the object tag that the project's own regions of this kind bear."""
    for task in records.values:
        for source in ("annotations", "completions", "predictions"):
            for annotation in _listed(task.get(source)):
                for result in _listed(annotation.get("result") if isinstance(annotation, dict) else None):
                    if isinstance(result, dict) and result.get("type") == kind:
                        return str(result.get("from_name")), str(result.get("to_name"))
    return "label", target


def _with_prediction(task: Mapping[str, Any], result: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    others = [
        made
        for made in _listed(task.get("predictions"))
        if not (isinstance(made, dict) and made.get("model_version") == MODEL_VERSION)
    ]
    scores = [region["score"] for region in result if "score" in region]
    own = {
        "model_version": MODEL_VERSION,
        **({"score": sum(scores) / len(scores)} if scores else {}),
        "result": [*result],
    }
    return {**task, "predictions": [*others, own]}
