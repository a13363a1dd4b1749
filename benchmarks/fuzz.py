"""Searches each reader for bytes that break it: coverage-guided, for some seconds each (needs `pip install atheris`).

python benchmarks/fuzz.py [--seconds N] [--corpus FOLDER] [TARGET…]

A target is a format, or `docx-xml`: the document inside a Word file, which a search over zip files would not reach. A
find is anything but transcripts or an error of Mendline's own: another exception, a word of the transcript in an error,
an input that takes longer than ten seconds, a process that dies. What was read is annotated too, where the format has
copies: that must give an error of Mendline's own or a file, and in all but text and subtitles one with the same turns.
Each find is printed once, by its place, and its input is kept in the folder. Exits with 1 where there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import json
import re
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if "--search" in sys.argv:
    import atheris

    # What is to be searched has to be imported here, before anything else imports it, so that its branches are seen.
    target = sys.argv[sys.argv.index("--search") + 1]
    library = {"webvtt": "webvtt", "srt": "pysubs2", "docx": "docx", "docx-xml": "docx", "pdf": "pypdf"}
    searched = ["mendline.transcripts", *([library[target]] if target in library else [])]
    atheris.enabled_hooks.add("str")
    with atheris.instrument_imports(include=searched):
        for name in [*searched[1:], "mendline.transcripts.reading"]:
            importlib.import_module(name)

from samples import CANARY, SAMPLES

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError
from mendline.transcripts.notes import TurnNote
from mendline.transcripts.reading import FORMATS, Format, ReadOptions, format_named
from mendline.transcripts.transcript import Transcript

WORD_XML = "docx-xml"
TARGETS = (*SAMPLES, WORD_XML)
SLOW_SECONDS = 10
ODD = (
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\\u0000",
        "\u202e".encode(),
        "\u0301".encode(),
    ),
    *(b"NaN", b"Infinity", b"-1", b"1e999", b"9" * 20, b"null", b"[[[[", b'{"a":', b"<!DOCTYPE x [", b"&#0;", b"]]>"),
    *(b"\r", b"\n\n", b"\t", b'""', "\u2028".encode(), "\x85".encode(), b"99:59:59.999", b" --> ", b"&lt;"),
)
# In these, a note in front of what nobody is named for can change what looks like a name further down.
LABELLED = {"text", "webvtt", "srt"}
LIMITS = ("-timeout=60", "-rss_limit_mb=4096", "-print_final_stats=1")


def main() -> None:
    """Search each target in a process of its own, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], help="all, unless some are named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--corpus", type=Path, help="where inputs and finds are kept (a temporary folder)")
    parser.add_argument("--search", choices=TARGETS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.corpus or Path(tempfile.mkdtemp(prefix="fuzz-"))
    if arguments.search:
        search(arguments.search, arguments.seconds, folder)
        return
    print(f"inputs and finds: {folder}")
    print(f"{'target':12} {'seconds':>8} {'inputs':>9} {'a second':>9} {'were read':>10} {'finds':>6}", flush=True)
    finds = sum(_searched(target, arguments.seconds, folder) for target in arguments.targets or TARGETS)
    sys.exit(finds > 0)


def _searched(target: str, seconds: int, folder: Path) -> int:
    """Run the search until its time is over, also where a process dies, print a line, and return the finds."""
    place = folder / target
    place.mkdir(parents=True, exist_ok=True)
    (place / "counts.json").unlink(missing_ok=True)
    began = time.monotonic()
    died = 0
    while (left := seconds - (time.monotonic() - began)) >= 1:
        command = [sys.executable, __file__, "--search", target, "--seconds", str(int(left)), "--corpus", str(folder)]
        with (place / "log.txt").open("ab") as log:
            died += subprocess.run(command, stdout=log, stderr=log, check=False).returncode != 0
    lasted = time.monotonic() - began
    counts = json.loads((place / "counts.json").read_text(encoding="utf-8"))
    finds = sorted((place / "finds").glob("*.txt"))
    print(
        f"{target:12} {lasted:8.0f} {counts['inputs']:9} {counts['inputs'] / lasted:9.0f} {counts['read']:10} "
        f"{len(finds) + died:6}",
        flush=True,
    )
    for find in finds:
        print("    " + find.read_text(encoding="utf-8").strip().splitlines()[-1][:200])
    if died:
        print(f"    the process died {died} times: see {place / 'log.txt'} and the inputs in {place / 'finds'}")
    return len(finds) + died


def search(target: str, seconds: int, folder: Path) -> None:
    """Search one target in this process, which ends with it."""
    place = folder / target
    seeds, finds = place / "inputs", place / "finds"
    for made in (seeds, finds):
        made.mkdir(parents=True, exist_ok=True)
    (seeds / "sample").write_bytes(_word_xml() if target == WORD_XML else SAMPLES[target].raw)
    keeper = _Keeper(place, checker(target))
    words = place / "words.txt"
    words.write_text(_dictionary((seeds / "sample").read_bytes()), encoding="ascii")
    length = max(16_384, 2 * (seeds / "sample").stat().st_size)
    options = (
        *LIMITS,
        f"-max_len={length}",
        f"-dict={words}",
        f"-max_total_time={seconds}",
        f"-artifact_prefix={finds}/",
        str(seeds),
    )
    atheris.Setup([sys.argv[0], *options], keeper.take)
    atheris.Fuzz()


def _dictionary(sample: bytes) -> str:
    """The words of a sample, and what is known to do harm, in the form that libFuzzer reads."""
    words = dict.fromkeys([*ODD, *(word for word in re.findall(rb"\w+|[^\w\s]+", sample) if len(word) < 40)][:1000])
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in words)
    return "".join(f'"{word}"\n' for word in escaped)


def checker(target: str) -> Callable[[bytes], bool]:
    """Return a function that reads bytes as the target, checks what comes of it, and says whether they were read."""
    name = target.removesuffix("-xml")
    file, known, options = SAMPLES[name].name, format_named(name), ReadOptions(format=name)

    def check(raw: bytes) -> bool:
        try:
            document = Document.from_bytes(
                _with_word_xml(raw) if target == WORD_XML else raw, name=file, path=Path(file)
            )
            for each in FORMATS:
                each.takes(document)
            transcripts = known.read(document, options)
            message = ""
        except MendlineError as error:
            message = str(error)
        assert CANARY not in message, f"a word of the transcript stands in: {message}"
        if message:
            return False
        assert transcripts, "no transcripts and no error"
        for turn in (turn for transcript in transcripts for turn in transcript.turns):
            assert turn.text.strip(), "a turn without words"
            assert turn.speaker.strip(), "a turn without a speaker"
            assert turn.role.strip(), "a turn without a role"
        _check_copy(document, transcripts, known)
        return True

    return check


def _check_copy(document: Document, transcripts: Sequence[Transcript], known: Format) -> None:
    """See to it that an annotated copy has the turns of its source, or that there is an error that says why not."""
    from mendline.transcripts.formats.noted_files import FILE_COPIERS
    from mendline.transcripts.writing import COPIERS

    note = TurnNote("repair (own) 0.83", "repair", 0.83, {"label": "repair"})
    notes = [[note] * len(transcript.turns) for transcript in transcripts]
    name, options = known.NAME, ReadOptions(format=known.NAME)
    try:
        if name in COPIERS:
            words = [each.text for each in notes[0]]
            copy = COPIERS[name](document, transcripts[0], words).encode()
        elif name in FILE_COPIERS:
            copy = FILE_COPIERS[name](document, transcripts, notes, options)
        else:
            return
    except MendlineError:
        return
    if name in LABELLED:
        return
    again = known.read(Document.from_bytes(copy, name=document.name, path=document.path), options)
    said = [[(turn.speaker, turn.text) for turn in transcript.turns] for transcript in transcripts]
    assert [[(turn.speaker, turn.text) for turn in each.turns] for each in again] == said, "the copy has other turns"


class _Keeper:
    """Counts inputs, and keeps one input for each place in the code that fails."""

    def __init__(self, place: Path, check: Callable[[bytes], bool]) -> None:
        self.place = place
        self.check = check
        path = place / "counts.json"
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.counts = Counter({"inputs": 0, "read": 0, **before})
        self.written = 0.0

    def take(self, raw: bytes) -> None:
        """Check one input."""
        began = time.monotonic()
        try:
            self.counts["read"] += self.check(raw)
        except Exception as error:
            self._keep(raw, error)
        now = time.monotonic()
        if now - began > SLOW_SECONDS:
            self._keep(raw, TimeoutError(f"took {now - began:.0f} seconds"))
        self.counts["inputs"] += 1
        if now - self.written > 1:
            self.written = now
            (self.place / "counts.json").write_text(json.dumps(self.counts), encoding="utf-8")

    def _keep(self, raw: bytes, error: Exception) -> None:
        frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        own = [frame for frame in frames if "transcripts" in frame[0]]
        key = hashlib.sha256(repr((type(error), own[-1:] or frames[-1:])).encode()).hexdigest()[:12]
        report = self.place / "finds" / f"{key}.txt"
        if not report.exists():
            report.with_suffix(".input").write_bytes(raw)
            report.write_text("".join(traceback.format_exception(error)), encoding="utf-8")


def _word_parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(SAMPLES["docx"].raw)) as archive:
        return {part: archive.read(part) for part in archive.namelist()}


_PARTS: dict[str, bytes] = {}


def _word_xml() -> bytes:
    return _word_parts()["word/document.xml"]


def _with_word_xml(content: bytes) -> bytes:
    """A Word file with this document in it."""
    if not _PARTS:
        _PARTS.update(_word_parts())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, part in (_PARTS | {"word/document.xml": content}).items():
            archive.writestr(name, part)
    return stream.getvalue()


if __name__ == "__main__":
    main()
