"""CHAT: words out of their marks, times, roles from the headers, CA style, broken files, any bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.formats.chat_words import times_of, words_of
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript

TALK = (
    "@UTF8\n@PID:\t1/2\n@Begin\n@Languages:\teng\n"
    "@Participants:\tMOT Rosa Mother, CHI Tim Target_Child,\n\tDOC Dr_Lind Adult, INV Investigator\n"
    "@ID:\teng|x|MOT||female|||Mother|||\n@ID:\teng|x|CHI|3;06.|male|||Target_Child|||\n"
    "@ID:\teng|x|DOC|||||Adult|||\n@ID:\teng|x|INV|||||Investigator|||\n@Media:\tx, audio\n"
    "*MOT:\t&-um <I want> [//] I need you (.) to listen . \x150_2450\x15\n%act:\tlooks up\n%com:\t*CHI: not this\n"
    "*CHI:\tno [/] no +... \x152450_3000\x15\n\n"
    "*CHI:\t0 [=! shrugs] .\n"
    "@Comment:\tthe doctor comes in\n"
    "*DOC:\twhat's been\n\thappening here ?\n\t(0.4) \x154000_5250\x15\n"
    "*INV:\txxx . \x156000_6100\x15\n"
    "*MOT:\t0 .\n"
    "*MOT:\t&=sighs\n"
    "@End\n"
)


def document(content: str | bytes, name: str = "talk.cha") -> Document:
    raw = content.encode() if isinstance(content, str) else content
    return Document.from_bytes(raw, name=name, path=Path(name))


def read(content: str, options: ReadOptions | None = None) -> Transcript:
    (transcript,) = read_transcripts(document(content), options)
    return transcript


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_turns_with_roles_times_and_ids(line_end: str) -> None:
    content = TALK.replace("\n", line_end)
    assert format_of(document(content, "x")).NAME == "chat"
    assert [(t.speaker, t.role, t.text, t.start, t.end, t.source_ids) for t in read(content).turns] == [
        ("MOT", "parent", "um I want I need you to listen.", 0.0, 2.45, ("1",)),
        ("CHI", "child", "no no...", 2.45, 3.0, ("2",)),
        ("CHI", "child", "[shrugs]", None, None, ("3",)),
        ("DOC", "doctor", "what's been happening here?", 4.0, 5.25, ("4",)),
        ("INV", "speaker one", "[unintelligible]", 6.0, 6.1, ("5",)),
        ("MOT", "parent", "[sighs]", None, None, ("7",)),
    ]


def test_given_roles_win_and_undeclared_speakers_speak() -> None:
    content = "@Begin\n@Participants:\tA Husband, B Wife\n*A:\thi .\n*B:\tho .\n*GUEST:\thello .\n@End\n"
    turns = read(content, ReadOptions(roles={"guest": "friend", "B": "therapist"})).turns
    assert [turn.role for turn in turns] == ["partner", "therapist", "friend"]


def test_old_files_of_the_conversation_analysis_corpus() -> None:
    turns = read(
        "@Begin\n@Font:  CAfont:13:0\n@Languages:     eng\n@Participants:\tJAN Jan self, LOU Lou wife\n@Options:\tCA\n"
        "@ID: eng|X|JAN|~46;| |f|Ag4| |clerk||PS1|\n"
        "*JAN:\tOh! •161523_161537•\n        This isn't fair! •161537_161593•\n        I do! •161618_163101•\n"
        "*LOU:\t (        ) \n*LOU: \tN̲o̲:: >it is↑n't< ⌈is i⌉t.≈ 163200_164000\n\t(1.2) 164000_165200\n"
        "*JAN:\t ((laughs)) \n*LOU:\t\n"
    ).turns
    assert [(t.speaker, t.role, t.text, t.start, t.end) for t in turns] == [
        ("JAN", "speaker one", "Oh! This isn't fair! I do!", 161.523, 163.101),
        ("LOU", "partner", "[unintelligible]", None, None),
        ("LOU", "partner", "No it isn't is it.", 163.2, 165.2),
        ("JAN", "speaker one", "[laughs]", None, None),
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("gonna [: going to] go [*] .", "gonna go."),
        ("I see 0the (be)cause xxx dogs@s:eng .", "I see because dogs."),
        ("&+fr &~gaga friend &*MOT:mhm yes", "fr- gaga friend yes"),
        ("yes ‡ Mum „ no ?", "yes, Mum, no?"),
        ("I was [% softly] going +/.", "I was going -"),
        ("what +/?", "what -?"),
        ("+< mhm .", "mhm."),
        ("<he said> [=? she said] (..) (2.5) &=head:yes right .", "he said [head yes] right."),
        ("choo_choo@o goes at 10:30 .", "choo choo goes at 10:30."),
        ("s::o li:ke no: .", "so like no."),
        ("°°quiet°° >fast< ↑up ∆faster∆ ⌊2 over ⌋2 .", "quiet fast up faster over."),
        ("\x02\x01stress\x02\x02ed ∙hh word", "stressed word"),
        ("\x15%snd:\"tape 1\"_100_200\x15 old \x15%pic:\"cat.jpg\"\x15 bullets", "old bullets"),
        ("xxx yyy .", "[unintelligible]"),
        ("xxx &=coughs .", "[coughs]"),
        ("(1.5)", ""),
        ("0 .", ""),
        ("----------", ""),
        ("Γεια Ϋ καλά .", "Γεια Ϋ καλά."),
        ("\ue000odd\ue001 [\ue000] marks", "odd marks"),
    ],
)  # fmt: skip
def test_words_out_of_their_marks(raw: str, words: str) -> None:
    assert words_of(raw) == words


def test_times() -> None:
    assert times_of("a \x151000_2500\x15 b \x153000_4000\x15") == (1.0, 4.0)
    assert times_of('a \x15%mov:"x"_10_20\x15') == (0.01, 0.02)
    assert times_of("number 1_2 within") == (None, None)


def test_a_file_full_of_time_marks_is_no_binary_file() -> None:
    content = "@UTF8\n@Begin\n@Participants:\tA Adult\n" + "*A:\ta . \x151_2\x15\n" * 50
    assert len(read(content).turns) == 50


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("@UTF8\n@Begin\n*A:\tsecretwords .\nsecretwords\n", 4, "opens with @, \\* or %"),
        ("@UTF8\n@Begin\n*A secretwords .\n", 3, "names no speaker"),
        ("@UTF8\n@Begin\n*:\tsecretwords .\n", 3, "names no speaker"),
        ("@UTF8\n@Begin\n@Comment:\tsecretwords\n*A:\t0 .\n@End\n", None, "nobody says anything"),
        ("@UTF8\n@Begin\n@End\n", None, "nobody says anything"),
        ("secretwords\n@Begin\n", 1, "opens with @"),
    ],
)
def test_broken_files(content: str, line: int | None, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read(content)
    assert str(caught.value).startswith("talk.cha:" + ("" if line is None else f"{line}:"))
    assert "secretwords" not in str(caught.value)


PIECES = st.sampled_from(
    [
        *("*A:\t", "*B:\t", "@Begin\n", "@ID:\ta|b|A|||||Mother|||\n", "@Participants:\tA B C, ,,\n", "%rup:\t"),
        *("\n", "\t", "&=", "&-", "[//]", "[", "]", "((", "))", "(", ")", "<", ">", "+", "xxx", "0", ":"),
        *("\x15", "1_2", "\x02\x01"),
    ]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=25))
def test_any_text_is_read_or_refused(pieces: list[str]) -> None:
    content = "@Begin\n" + "".join(pieces)
    try:
        transcript = read_transcripts(document(content.encode(errors="replace")), ReadOptions(format="chat"))[0]
    except MendlineError:
        return
    assert all(turn.text and turn.speaker and "\n" not in turn.text for turn in transcript.turns)


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=150))
def test_any_bytes(raw: bytes) -> None:
    with pytest.raises(MendlineError):
        read_transcripts(document(b"@Begin\n\x01" + raw), ReadOptions(format="chat"))
