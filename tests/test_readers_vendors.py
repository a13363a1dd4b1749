"""The JSON of transcription services: who speaks, in which order, when, and what is missing."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import FORMATS, read_transcripts
from mendline.transcripts.transcript import Transcript


def document(content: object, *, indent: int | None = None) -> Document:
    text = content if isinstance(content, str) else json.dumps(content, indent=indent)
    return Document.from_bytes(text.encode(), name="talk.json", path=Path("talk.json"))


def read(content: object, **options: Any) -> Transcript:
    (transcript,) = read_transcripts(document(content), ReadOptions(**options))
    return transcript


def said(content: object) -> list[tuple[str, str, float | None, float | None]]:
    return [(turn.speaker, turn.text, turn.start, turn.end) for turn in read(content).turns]


def aws_word(text: str, start: float, speaker: str | None = None, **more: Any) -> dict[str, Any]:
    times = {"start_time": str(start), "end_time": str(start + 0.5)}
    label = {} if speaker is None else {"speaker_label": speaker}
    return {"type": "pronunciation", "alternatives": [{"confidence": "0.9", "content": text}], **times, **label, **more}


def aws_mark(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": text}], **more}


def aws(**results: Any) -> dict[str, Any]:
    return {
        "jobName": "talk",
        "accountId": "1",
        "status": "COMPLETED",
        "results": {"transcripts": [{"transcript": "Hi there. No."}], **results},
    }


AWS_WORDS = [
    aws_word("Hi", 0.0, "spk_0"),
    aws_word("there", 0.5, "spk_0"),
    aws_mark(".", speaker_label="spk_0"),
    aws_word("No", 2.0, "spk_1"),
    aws_mark("."),
]
AWS_LABELS = {
    "speakers": 2,
    "segments": [
        {"start_time": "0.0", "end_time": "1.0", "speaker_label": "spk_0",
         "items": [{"start_time": "0.0", "speaker_label": "spk_0"}, {"start_time": "0.5", "speaker_label": "spk_0"}]},
        {"start_time": "2.0", "end_time": "2.5", "speaker_label": "spk_1", "items": [{"start_time": "2.0"}]},
    ],
}  # fmt: skip
TWO_TURNS = [("spk_0", "Hi there.", 0, 1), ("spk_1", "No.", 2, 2.5)]


def test_aws_words_with_their_speakers() -> None:
    content = aws(items=AWS_WORDS, speaker_labels=AWS_LABELS)
    assert said(content) == TWO_TURNS
    assert [turn.source_ids for turn in read(content).turns] == [("0-2",), ("3-4",)]


def test_aws_words_whose_speakers_stand_apart() -> None:
    words = [{key: value for key, value in word.items() if key != "speaker_label"} for word in AWS_WORDS]
    assert said(aws(items=words, speaker_labels=AWS_LABELS)) == TWO_TURNS


def test_aws_segments_in_order_of_time() -> None:
    segments = [
        {"id": 1, "transcript": "No.", "start_time": "2.0", "end_time": "2.5", "speaker_label": "spk_1", "items": [3]},
        {"id": 0, "transcript": "Hi there.", "start_time": "0.0", "end_time": "1.0", "speaker_label": "spk_0"},
        {"id": 2, "transcript": " ", "start_time": "3.0", "end_time": "3.1", "speaker_label": "spk_0"},
        {"id": 3, "transcript": "Never.", "start_time": "4.0", "end_time": "5.0", "speaker_label": "spk_1"},
    ]
    content = aws(items=AWS_WORDS, audio_segments=segments)
    assert said(content) == [TWO_TURNS[0], ("spk_1", "No. Never.", 2, 5)]
    assert read(content).turns[1].source_ids == ("1", "3")


def test_aws_channels_interleave_by_sentences() -> None:
    channels = [
        {
            "channel_label": "ch_0",
            "items": [aws_word("Hi", 0), aws_mark("?"), aws_mark("!"), aws_word("So", 3), aws_word("what", 5)],
        },
        {"channel_label": "ch_1", "items": [aws_word("No", 1), aws_mark("."), aws_word("Well", 4)]},
    ]
    content = aws(items=[], channel_labels={"number_of_channels": 2, "channels": channels})
    assert [(speaker, text) for speaker, text, *_ in said(content)] == [
        ("ch_0", "Hi?!"),
        ("ch_1", "No."),
        ("ch_0", "So"),
        ("ch_1", "Well"),
        ("ch_0", "what"),
    ]


def test_aws_call_analytics() -> None:
    turns = [
        {"Id": "a", "ParticipantRole": "AGENT", "Content": "Hi.", "BeginOffsetMillis": 40, "EndOffsetMillis": 900},
        {
            "Id": "b",
            "ParticipantRole": "CUSTOMER",
            "Content": "No.",
            "BeginOffsetMillis": 1000,
            "EndOffsetMillis": 1500,
        },
    ]
    assert said({"JobName": "x", "JobStatus": "COMPLETED", "Transcript": turns}) == [
        ("AGENT", "Hi.", 0.04, 0.9),
        ("CUSTOMER", "No.", 1, 1.5),
    ]


def deepgram_word(word: str, start: float, speaker: int | None = None, **more: Any) -> dict[str, Any]:
    who = {} if speaker is None else {"speaker": speaker, "speaker_confidence": 0.9}
    return {"word": word.lower().strip("."), "start": start, "end": start + 0.5, "punctuated_word": word, **who, **more}


def deepgram(*channels: list[dict[str, Any]], **results: Any) -> dict[str, Any]:
    return {
        "metadata": {"request_id": "x", "channels": len(channels)},
        "results": {
            "channels": [{"alternatives": [{"transcript": "…", "words": words}]} for words in channels],
            **results,
        },
    }


def test_deepgram_words() -> None:
    words = [deepgram_word("Hi", 0, 0), deepgram_word("there.", 1, 0), deepgram_word("No.", 2, 1)]
    assert said(deepgram(words)) == [("Speaker 0", "Hi there.", 0, 1.5), ("Speaker 1", "No.", 2, 2.5)]


def test_deepgram_channels_and_utterances() -> None:
    channels = ([deepgram_word("Hi.", 0), deepgram_word("So.", 2)], [deepgram_word("No.", 1)])
    assert [(who, text) for who, text, *_ in said(deepgram(*channels))] == [
        ("Channel 0", "Hi."),
        ("Channel 1", "No."),
        ("Channel 0", "So."),
    ]
    utterances = [
        {"id": "u2", "start": 1.0, "end": 1.5, "channel": 1, "speaker": 0, "transcript": "No.", "words": []},
        {"id": "u1", "start": 0.0, "end": 0.5, "channel": 0, "speaker": 0, "transcript": "Hi.", "words": []},
    ]
    turns = read(deepgram(*channels, utterances=utterances)).turns
    assert [(turn.speaker, turn.source_ids) for turn in turns] == [
        ("Speaker 0 (channel 0)", ("u1",)),
        ("Speaker 0 (channel 1)", ("u2",)),
    ]


ASSEMBLYAI = {
    "id": "x",
    "audio_url": "https://example.org/a.wav",
    "status": "completed",
    "text": "Hi. No.",
    "words": [{"text": "Hi.", "start": 0, "end": 500, "speaker": "A"}, {"text": "No.", "start": 1000, "end": 1500,
                                                                       "speaker": "C"}],
    "utterances": None,
}  # fmt: skip


def test_assemblyai_words_and_utterances() -> None:
    assert said(ASSEMBLYAI) == [("Speaker A", "Hi.", 0, 0.5), ("Speaker C", "No.", 1, 1.5)]
    assert [turn.role for turn in read(ASSEMBLYAI).turns] == ["speaker one", "speaker two"]
    utterances = [{"speaker": "Dr Shah", "text": "Hi there.", "start": 250, "end": 1000, "words": []}]
    assert said(ASSEMBLYAI | {"utterances": utterances}) == [("Dr Shah", "Hi there.", 0.25, 1)]
    assert read(ASSEMBLYAI, roles={"speaker a": "client"}).turns[0].role == "client"


def azure_phrase(text: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "recognitionStatus": "Success",
        "offset": f"PT1M{number}.5S",
        "duration": "PT1S",
        "nBest": [{"confidence": 0.9, "lexical": text.lower(), "display": text}, {"display": "worse"}],
        **more,
    }


def azure(*phrases: dict[str, Any]) -> dict[str, Any]:
    return {"source": "x", "duration": "PT9S", "combinedRecognizedPhrases": [], "recognizedPhrases": [*phrases]}


def test_azure_batch() -> None:
    phrases = (
        azure_phrase("Hi.", 1, speaker=1, channel=0),
        {"recognitionStatus": "Failure", "channel": 0, "offset": "PT1M2S", "duration": "PT1S"},
        azure_phrase("No.", 3, speaker=2, channel=0, offsetInTicks=25_000_000.0, durationInTicks=5_000_000.0),
        azure_phrase("So.", 1, channel=0, speaker=2),
    )
    assert said(azure(*phrases[:3])) == [("Speaker 2", "No.", 2.5, 3), ("Speaker 1", "Hi.", 61.5, 62.5)]
    assert [text for _, text, *_ in said(azure(*phrases))] == ["No.", "Hi.", "So."]
    stereo = azure(azure_phrase("Hi.", 1, channel=0), azure_phrase("No.", 2, channel=1))
    assert [(who, text) for who, text, *_ in said(stereo)] == [("Channel 0", "Hi."), ("Channel 1", "No.")]


def test_azure_fast() -> None:
    phrases = [
        {"speaker": 0, "offsetMilliseconds": 40, "durationMilliseconds": 960, "text": "Hi.", "words": []},
        {"speaker": 1, "offsetMilliseconds": 1000, "durationMilliseconds": 500, "text": "No."},
    ]
    assert said({"durationMilliseconds": 1500, "combinedPhrases": [{"text": "Hi. No."}], "phrases": phrases}) == [
        ("Speaker 0", "Hi.", 0.04, 1),
        ("Speaker 1", "No.", 1, 1.5),
    ]


def google_word(word: str, start: float, **more: Any) -> dict[str, Any]:
    return {"word": word, "startTime": f"{start}s", "endTime": f"{start + 0.5}s", **more}


def google(*results: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"results": [{"alternatives": [{"transcript": "…", "words": words}], **more} for words in results]}


def test_google_version_1_repeats_all_words_with_speakers() -> None:
    plain = [google_word("Hi", 0, speakerTag=0)], [google_word("No", 1)]
    tagged = [google_word("Hi", 0, speakerTag=2), google_word("No", 1, speakerTag=1)]
    expected = [("Speaker 2", "Hi", 0, 0.5), ("Speaker 1", "No", 1, 1.5)]
    assert said(google(*plain, tagged)) == expected
    assert said({"name": "1", "done": True, "response": google([tagged[0]], tagged)}) == expected


def test_google_version_2_and_snake_case() -> None:
    results = {
        "results": [
            {"alternatives": [{"words": [
                {"word": "Hi", "startOffset": "0.5s", "endOffset": "1s", "speakerLabel": "1"},
                {"word": "you", "start_offset": {"seconds": "1", "nanos": 500_000_000}, "speaker_label": "1"}]}]},
            {"alternatives": [{"words": [{"word": "No", "startOffset": "2s", "speakerLabel": "2"}]}]},
            {"alternatives": []},
        ],
        "metadata": {"totalBilledDuration": "3s"},
    }  # fmt: skip
    assert said(results) == [("Speaker 1", "Hi you", 0.5, 1), ("Speaker 2", "No", 2, None)]


def test_google_channels() -> None:
    left = google([google_word("Hi.", 0), google_word("So.", 3)], channelTag=1)["results"]
    right = google([google_word("No.", 1)], channelTag=2)["results"]
    assert [(who, text) for who, text, *_ in said({"results": left + right})] == [
        ("Channel 1", "Hi."),
        ("Channel 2", "No."),
        ("Channel 1", "So."),
    ]


def revai(*monologues: tuple[int, list[tuple[str, float | None]]], **more: Any) -> dict[str, Any]:
    made = []
    for speaker, elements in monologues:
        made.append({"speaker": speaker, "elements": [
            {"type": "punct", "value": value} if time is None
            else {"type": "text", "value": value, "ts": time, "end_ts": time + 0.5, "confidence": 1.0}
            for value, time in elements]})  # fmt: skip
    return {"monologues": made, **more}


def test_revai() -> None:
    content = revai((0, [("Hi", 0), (" ", None), ("there", 1), (".", None)]), (1, [("No", 2), (".", None)]))
    assert said(content) == [("Speaker 0", "Hi there.", 0, 1.5), ("Speaker 1", "No.", 2, 2.5)]
    named = content | {"speakers": [{"id": 0, "name": "Anna"}, {"id": 1, "name": "Ben"}]}
    assert [turn.speaker for turn in read(named).turns] == ["Anna", "Ben"]


def otter_part(text: str, second: float, **more: Any) -> dict[str, Any]:
    offsets = {"start_offset": round(second * 16000), "end_offset": round((second + 0.5) * 16000)}
    return {"transcript": text, "id": 900 + round(second), "alignment": [], **offsets, **more}


def test_otter() -> None:
    parts = [
        otter_part("Hi", 0, speaker_name="Anna"),
        otter_part("there.", 1, speaker_name="Anna"),
        otter_part("No.", 2.25, speaker_id=7, speaker_model_label="1"),
        otter_part("Oh.", 3, speaker_id=None, speaker_model_label="0"),
    ]
    speech = {"title": "x", "speakers": [{"id": 7, "speaker_name": "Ben"}], "transcripts": parts}
    expected = [("Anna", "Hi there.", 0, 1.5), ("Ben", "No.", 2.25, 2.75), ("Speaker 0", "Oh.", 3, 3.5)]
    for content in ({"status": "OK", "speech": speech}, speech):
        assert said(content) == expected
    assert [turn.source_ids for turn in read(speech).turns] == [("900", "901"), ("902",), ("903",)]


def test_units_and_pauses_of_words() -> None:
    words = [("Well,", 0), ("yes.", 0.5), ("No", 1), ("more.", 9)]
    content = deepgram([deepgram_word(text, second, 0) for text, second in words])

    def texts(**options: Any) -> list[str]:
        return [turn.text for turn in read_transcripts(document(content), ReadOptions(**options))[0].turns]

    assert texts() == ["Well, yes. No more."]
    assert texts(keep_units=True) == ["Well, yes.", "No", "more."]
    assert texts(join_gap=2) == ["Well, yes. No", "more."]
    assert texts(join_gap=20) == ["Well, yes. No more."]


SAMPLES: dict[str, Any] = {
    "otter": {
        "speech": {"transcripts": [otter_part("Hi", 0, speaker_name="A"), otter_part("No", 1, speaker_name="B")]}
    },
    "aws": aws(items=AWS_WORDS, speaker_labels=AWS_LABELS),
    "deepgram": deepgram([deepgram_word("Hi.", 0, 0), deepgram_word("No.", 1, 1)]),
    "assemblyai": ASSEMBLYAI,
    "azure": azure(azure_phrase("Hi.", 1, speaker=1), azure_phrase("No.", 2, speaker=2)),
    "google": google([google_word("Hi", 0, speakerTag=2), google_word("No", 1, speakerTag=1)]),
    "revai": revai((0, [("Hi", 0)]), (1, [("No", 1)])),
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", SAMPLES)
def test_exactly_one_reader_takes_each(name: str, indent: int | None) -> None:
    takers = [known.NAME for known in FORMATS if known.takes(document(SAMPLES[name], indent=indent))]
    assert takers == [name]
    assert len(read(SAMPLES[name]).turns) == 2
    assert read(SAMPLES[name]).session == "talk"


def without_speakers(value: Any) -> Any:
    if isinstance(value, list):
        return [without_speakers(part) for part in value]
    if not isinstance(value, dict):
        return value
    said_by = {"speaker_name", "speaker", "speaker_label", "speaker_labels", "speakerTag", "ParticipantRole"}
    return {key: without_speakers(part) for key, part in value.items() if key not in said_by}


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("aws", "ShowSpeakerLabels"),
        ("deepgram", "diarize=true"),
        ("assemblyai", "speaker_labels set to true"),
        ("azure", "with diarization"),
        ("google", "diarizationConfig"),
        ("revai", "skip_diarization"),
        ("otter", "tell the speakers apart"),
    ],
)
def test_words_without_speakers_are_refused_with_the_setting_to_change(name: str, setting: str) -> None:
    with pytest.raises(TranscriptError, match=rf"^talk\.json: .* have no speakers\. .*{setting}"):
        read(without_speakers(SAMPLES[name]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (aws(), "there are no turns"),
        (aws(items="secretwords"), '"items" of results is not a list of objects'),
        (aws(items=[{"alternatives": [{"content": 5}]}]), '"content" of item 1 is not a text'),
        (aws(items=[aws_word("secretwords", 0) | {"start_time": "soon"}]), '"start_time" of item 1 is not a time'),
        (deepgram([deepgram_word("x", 0, 0) | {"start": -1}]), '"start" of word 1 is not a time'),
        (deepgram([deepgram_word("x", 0, 0) | {"end": True}]), '"end" of word 1 is not a time'),
        (ASSEMBLYAI | {"status": "processing"}, "had not finished"),
        (ASSEMBLYAI | {"words": [{"text": ["secretwords"]}]}, '"text" of word 1 is not a text'),
        (azure(azure_phrase("x", 1, speaker=1, offset="soon")), '"offset" of phrase 1 is not a time such as PT1M2'),
        (azure({"nBest": [5]}), '"nBest" of phrase 1 is not a list of objects'),
        (google([google_word("x", 0) | {"endTime": {"nanos": "x"}}]), '"endTime" of word 1 of result 1'),
        (revai((0, [("secretwords", 1e400)])), '"ts" of monologue 1 is not a time'),
        ({"transcripts": [otter_part("x", 0) | {"end_offset": "soon"}]}, '"end_offset" of transcript 1 is not a time'),
        (revai((0, [("x\ud800", 1)])), "half of a character"),
    ],
)
def test_what_is_wrong_is_said_without_the_words(content: Any, message: str) -> None:
    with pytest.raises(TranscriptError, match=message) as caught:
        read(content)
    assert "secretwords" not in str(caught.value)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("text", ["[]", "5", "{}", '{"results": 5}', '{"a": ', "T: x\n"])
def test_a_format_named_for_the_wrong_file(name: str, text: str) -> None:
    with pytest.raises(TranscriptError, match=r"^talk\.json:"):
        read(text, format=name)


def test_a_broken_file_is_said_to_be_broken() -> None:
    with pytest.raises(TranscriptError, match=r"talk\.json:\d+: this is not valid JSON"):
        read(json.dumps(SAMPLES["aws"], indent=1)[:-20], format="aws")


def test_json_lines_about_results_are_still_json_lines() -> None:
    lines = '{"speaker": "T", "text": "Hi", "results": {"transcripts": 1}}\n{"speaker": "C", "text": "No"}\n'
    assert [known.NAME for known in FORMATS if known.takes(document(lines))] == ["jsonl"]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(SAMPLES)))
def test_changed_files_give_turns_or_one_of_our_errors(data: st.DataObject, name: str) -> None:
    sample = SAMPLES[name]
    path = data.draw(st.sampled_from(places(sample)))
    text = json.dumps(changed(sample, path, data.draw(JSON)))
    with contextlib.suppress(MendlineError):
        assert read_transcripts(document(text), ReadOptions(format=name))[0].turns
    with contextlib.suppress(MendlineError):
        assert read_transcripts(document(text))[0].turns
