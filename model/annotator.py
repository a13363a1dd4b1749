"""Annotating without torch: a checkpoint folder, ONNX Runtime, and the same windows as in training."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.checkpoint import NETWORK, TOKENIZER, Checkpoint, open_checkpoint, shipped_folder
from mendline.model.decision import best_marker
from mendline.model.labels import LABELS
from mendline.model.windows import Batch, Floats, Integers, Packer, score
from mendline.transcripts.errors import CheckpointError
from mendline.transcripts.transcript import Transcript

SLOWER_FUSION = "SkipLayerNormFusion"
"""It joins an addition and a layer normalisation in one kernel, which in ONNX Runtime 1.32 takes longer than the two: a
window is read in five sixths of the time without it."""
BATCH_SIZE = 32
"""Windows that are laid out at a time; enough to keep a laptop's cores busy, few enough to keep memory low."""

# Only builds for Windows send any; nothing may leave the machine on any of them.
onnxruntime.disable_telemetry_events()


class OnnxNetwork:
    """A network file run by ONNX Runtime: a `Batch` in, label and marker logits out. Raises CheckpointError.

    Each window is run by itself, without padding, and several at a time on threads of their own. Int8 scales are found
    anew for each run, so this way a window's result does not depend on its company; it is also the fastest.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=[SLOWER_FUSION]
            )
        except Exception as error:  # ONNX Runtime raises classes of its own that it does not document.
            raise CheckpointError(
                f"ONNX Runtime cannot load it ({type(error).__name__}). Get a fresh copy of the folder.", file=path
            ) from error
        self._threads = ThreadPoolExecutor(threads or os.cpu_count(), thread_name_prefix="window")

    def __call__(self, batch: Batch) -> tuple[Floats, Floats]:
        """Label logits [B, P, labels] and marker logits [B, P, markers]; rows beyond a window's pieces are zero."""
        found = list(self._threads.map(self._run, batch.input_ids, batch.attention_mask, batch.pooling))
        pieces = batch.pooling.shape[1]
        labels, markers = (
            np.stack([np.pad(one[place], ((0, pieces - len(one[place])), (0, 0))) for one in found]) for place in (0, 1)
        )
        return labels, markers

    def _run(self, ids: Integers, mask: Integers, pooling: Floats) -> tuple[Floats, Floats]:
        """One window's logits, [pieces, labels] and [pieces, markers]."""
        length, pieces = int(mask.sum()), int(pooling.any(axis=1).sum())
        inputs = {"input_ids": ids[None, :length], "pooling": pooling[None, :pieces, :length]}
        labels, markers = self._session.run(["label_logits", "marker_logits"], inputs)
        return labels[0], markers[0]


class Annotator:
    """Labels transcripts with one checkpoint."""

    def __init__(self, checkpoint: Checkpoint, *, threads: int | None = None) -> None:
        self.checkpoint = checkpoint
        config = checkpoint.config
        self.packer = Packer.from_file(checkpoint.folder / TOKENIZER, config.special, config.window)
        self._network = OnnxNetwork(checkpoint.folder / NETWORK, threads=threads)

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int | None = None) -> Annotator:
        """Open a checkpoint folder, the shipped one by default. Raises CheckpointError."""
        return cls(open_checkpoint(folder or shipped_folder()), threads=threads)

    @property
    def name(self) -> str:
        """The checkpoint's name and identity."""
        return self.checkpoint.label

    def annotate(self, transcript: Transcript) -> AnnotatedTranscript:
        """Label every turn of a transcript."""
        return self.annotate_all([transcript])[0]

    def annotate_all(self, transcripts: Sequence[Transcript]) -> list[AnnotatedTranscript]:
        """Label several transcripts; their windows are read together."""
        return [
            self._decide(transcript, scores)
            for transcript, scores in zip(transcripts, self.logits(transcripts), strict=True)
        ]

    def logits(self, transcripts: Sequence[Transcript]) -> list[Floats]:
        """The network's raw output: [turns, labels + markers] for each transcript."""
        return score(transcripts, self.packer, self._network, batch_size=BATCH_SIZE)

    def _decide(self, transcript: Transcript, logits: Floats) -> AnnotatedTranscript:
        if not transcript.turns:
            return AnnotatedTranscript(transcript, ())
        decision = self.checkpoint.config.decision
        probabilities = decision.probabilities(logits[:, : len(LABELS)])
        labels = decision.labels(probabilities)
        doubts = decision.needs_review(probabilities, labels)
        return AnnotatedTranscript(
            transcript,
            tuple(
                Annotation(
                    turn=turn.index,
                    label=LABELS[labels[turn.index]],
                    marker=best_marker(logits[turn.index, len(LABELS) :], LABELS[labels[turn.index]]),
                    probabilities=tuple(float(value) for value in probabilities[turn.index]),
                    needs_review=bool(doubts[turn.index]),
                )
                for turn in transcript.turns
            ),
        )
