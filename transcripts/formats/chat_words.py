"""What was said in an utterance of CHAT, without the marks around it, and when. Knows nothing of files.

Kept is what came out of a mouth, in the order in which it did: repeated and corrected words, fillers (`&-um` is um),
fragments (`&+fr` is fr-), what a transcriber was not sure of. Of `gonna [: going to]`, gonna stays. Sounds stay in
brackets (`&=laughs`, `((coughs))`). Left out are pauses, stress, overlap, tone and speed, codes in square brackets,
words that were not said (`0the`) and those of others within the utterance (`&*MOT:mhm`).
"""

from __future__ import annotations

import re

from mendline.transcripts.formats.marks import heard, joined_words

# Times in milliseconds between two marks (U+0015, shown as a bullet), in old files with the name of the recording; some
# tools lose the marks, and then the times stand at the end of a line.
_TIMES = re.compile(
    r"[\x15•](?:%(?:snd|mov):\"[^\"\x15]{0,300}\"_?)?(?P<start>[0-9]{1,12})_(?P<end>[0-9]{1,12})-?[\x15•]"
    r"|(?<!\S)(?P<bare_start>[0-9]{1,12})_(?P<bare_end>[0-9]{1,12})(?=[ \t]*(?:[\r\n]|$))"
)
_OTHER_BULLET = re.compile(r"\x15[^\x15\r\n]{0,300}\x15")
_UNDERLINE = re.compile("\x02[\x01\x02]|\u0332")
_COMMENT = re.compile(r"\(\(([^()]{0,300})\)\)")
_SOUND = re.compile(r"&=([^\s\[\]]+)|\[=! ?([^\[\]]{1,300})\]")
_ASIDE = re.compile(r"&\*\w{1,40}:\S+|&[{}]\S+")
_CODE = re.compile(r"\[[^\[\]]*\]")
_FRAGMENT = re.compile(r"&([-~]?)\+?(?=\w)(\w[\w'’-]*)")
_PAUSE = re.compile(r"\([.:\d]+\)")
_GAP = re.compile(r"\(\s*\)|(?<!\w)(?:x{2,3}|y{2,3}|www)(?:@\w+)?(?!\w)")
_LINKER = re.compile(r"(?<!\S)\+\S*")
_NOT_SAID = re.compile(r"(?<!\S)0[^\W\d]*(?!\w|[.,:]\d)")
_BREATH = re.compile(r"(?<!\S)[∙·.]+[hH]+(?!\w)")
_FORM = re.compile(r"(?<=\w)@[a-z]+(?::[a-z+&]+)*(?:\$\w+)?")
_DRAWN_OUT = re.compile(r"(?<=[^\W\d_]):+|(?<!\S):+(?!\S)")
_RULE = re.compile(r"-{3,}")
_OVERLAP = re.compile(r"[⌈⌉⌊⌋][0-9]?")
_PLAIN = str.maketrans(
    {"‡": ",", "„": ",", "⁇": "", "_": " "} | dict.fromkeys("↑↓⇗↗→↘⇘∞≡≈≋⤇⤆∆∇☺°▁▔♋⁎∬∮§∾↻∙ˈˌ^<>()[]", "")
)
# Protects the brackets of what stays while all others go.
_OPEN, _CLOSE = "\ue000", "\ue001"
_KEPT = str.maketrans({_OPEN: "[", _CLOSE: "]"})

_NAMED_SOUND = re.compile(r"\[([^\W\d_][^\[\]]{0,99})\]")
_TAKEN = (
    (re.compile("[‘’]"), "'"),
    (re.compile(r"(?<!\S)0(?!\d|[.,:]\d)"), "zero"),
    (re.compile(r"[_^<>()\[\]]|(?<!\S)\+(?=\s|$)"), " "),
    (re.compile(r"(?<=[^\W\d_]):+"), ","),
    (re.compile(r"(?<!\S)[:+]+"), ""),
    (re.compile(r"&(?!=)"), " and "),
    (re.compile(r"(?<=\w)@"), " at "),
)
_END = re.compile(r"(?<=[^\s.!?])(?:\.\.\.|[.!?]+)$")


def times_of(raw: str) -> tuple[float | None, float | None]:
    """The seconds at which the first timed stretch starts and the last one ends; None without times."""
    times = [
        (match["start"] or match["bare_start"], match["end"] or match["bare_end"]) for match in _TIMES.finditer(raw)
    ]
    if not times:
        return None, None
    return int(times[0][0]) / 1000, int(times[-1][1]) / 1000


def words_of(raw: str) -> str:
    """The words and sounds; `[unintelligible]` where there are none but a mark of that, and empty where nothing is."""
    text = _UNDERLINE.sub("", _OTHER_BULLET.sub(" ", _TIMES.sub(" ", raw)))
    text = text.replace(_OPEN, "").replace(_CLOSE, "")
    text = _COMMENT.sub(lambda match: _sound(match[1]), text)
    text = _SOUND.sub(lambda match: _sound(match[1] or match[2]), text)
    text = _CODE.sub(" ", _ASIDE.sub(" ", text))
    text = _FRAGMENT.sub(lambda match: match[2] if match[1] else f"{match[2]}-", text)
    text = _OVERLAP.sub("", text)
    text = _PAUSE.sub(" ", text)
    unintelligible = _GAP.search(text) is not None
    text = _LINKER.sub(lambda match: _terminator(match[0]), _GAP.sub(" ", text))
    for mark in (_NOT_SAID, _BREATH, _FORM, _DRAWN_OUT, _RULE):
        text = mark.sub("", text)
    return joined_words(text.translate(_PLAIN).translate(_KEPT), unintelligible=unintelligible)


def marked_words(text: str) -> str:
    """`text` as it stands in a main line, so that `words_of` gives it back as far as CHAT can hold it.

    Brackets with a sound become `&=sound`. Characters that mean something else in CHAT give way to plain ones, and text
    without any word is `xxx`.
    """
    pieces, done = [], 0
    for sound in _NAMED_SOUND.finditer(text):
        if heard(sound[1]) == sound[0]:
            pieces += [_without_marks(text[done : sound.start()]), f" &={'_'.join(sound[1].split())} "]
            done = sound.end()
    pieces.append(_without_marks(text[done:]))
    marked = _END.sub(lambda end: f" {'+...' if end[0] == '...' else end[0]}", " ".join("".join(pieces).split()))
    return marked if words_of(marked) else "xxx"


def _without_marks(text: str) -> str:
    for taken, other in _TAKEN:
        text = taken.sub(other, text)
    return text


def _sound(name: str) -> str:
    return f" {heard(name)} ".replace("[", _OPEN).replace("]", _CLOSE)


def _terminator(mark: str) -> str:
    """What remains of `+...` (trailed off), `+/.` (was interrupted), `+!?` and the marks that link utterances."""
    stop = "".join(character for character in mark if character in "!?")
    if "..." in mark or "…" in mark:
        return f"...{stop}"
    return f"-{stop}" if "/" in mark else stop or ("." if mark.endswith(".") else "")
