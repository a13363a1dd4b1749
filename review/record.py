"""The hidden note in a results folder: what made the results, and of which files. By it, `--resume` knows what is done.

A result counts as finished only if the note says that this checkpoint made it, with these choices, of a file of this
name and content. Whatever else lies in the folder is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mendline.review.inputs import Source
from mendline.transcripts.errors import OutputError
from mendline.transcripts.files import write_text
from mendline.transcripts.options import ReadOptions

RECORD = ".mendline.json"


@dataclass(slots=True)
class FolderRecord:
    """The note of one folder. `made_by` are the checkpoint and the choices; `results` the files' hashes by result."""

    folder: Path
    made_by: dict[str, object] | None = None
    results: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, *, broken_is_empty: bool = False) -> FolderRecord:
        """Read the note of a folder, empty where there is none. Raises OutputError where it cannot be read."""
        path = folder / RECORD
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls(folder, dict(document["made_by"]), dict(document["results"]))
        except (FileNotFoundError, NotADirectoryError):
            return cls(folder)
        except (OSError, ValueError, KeyError, TypeError) as error:
            if broken_is_empty:
                return cls(folder)
            raise OutputError("cannot be read. Annotate all again with --overwrite.", file=path) from error

    def holds(self, target: Path, source: Source) -> bool:
        """Whether `target` was made of just these files as they are now."""
        try:
            return target.exists() and self.results.get(self._name(target)) == fingerprint(source)
        except OSError:  # Reading the source will say what is wrong with it.
            return False

    def knows(self, target: Path) -> bool:
        """Whether a run into this folder made `target`, of whatever files."""
        return self._name(target) in self.results

    def claim(self, made_by: dict[str, object], *, overwrite: bool) -> None:
        """See to it that all results come from one checkpoint and one set of choices. Raises OutputError otherwise.

        Where they differ, a run that overwrites forgets the earlier results: those that it does not replace will not
        be taken for finished.
        """
        if self.made_by not in (None, made_by):
            if not overwrite:
                raise OutputError(
                    "holds results of another checkpoint, or made with other choices (--labels-only, --role, columns). "
                    "Choose another folder, or annotate all again with --overwrite.",
                    file=self.folder,
                )
            self.results.clear()
        self.made_by = made_by
        self._write()

    def add(self, target: Path, source: Source) -> None:
        """Note a result that was just written."""
        self.results[self._name(target)] = fingerprint(source)
        self._write()

    def _name(self, target: Path) -> str:
        return target.relative_to(self.folder).as_posix()

    def _write(self) -> None:
        document = {"made_by": self.made_by, "results": self.results}
        write_text(self.folder / RECORD, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def finished(record: FolderRecord, targets: Mapping[Source, Path]) -> set[Source]:
    """The sources whose results are done. Raises OutputError where a result is there that no noted run made."""
    for target in targets.values():
        if target.exists() and not record.knows(target):
            raise OutputError(
                "exists, but no note in the folder says which checkpoint made it. Annotate all again with --overwrite, "
                "or choose another folder.",
                file=target,
            )
    return {source for source, target in targets.items() if record.holds(target, source)}


def made_by(checkpoint: str, *, with_text: bool, output_format: str, options: ReadOptions) -> dict[str, object]:
    """What the labels in a folder depend on besides the files, as plain JSON data."""
    unset = asdict(ReadOptions())
    choices = {key: value for key, value in asdict(options).items() if value != unset[key]}
    plain = {key: dict(value) if key == "roles" else value for key, value in choices.items()}
    return {"checkpoint": checkpoint, "text": with_text, "format": output_format, "reading": plain}


def fingerprint(source: Source) -> str:
    """A hash of the names and contents of the files of a source."""
    digest = hashlib.sha256()
    for path in source.files:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{path.name}\0{content}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
