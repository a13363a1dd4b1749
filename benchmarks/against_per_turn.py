"""Turns in a second: one pass over windows against one pass for each turn with its ten previous turns as context.

Both use the encoder of the shipped checkpoint, on the same session and in one run: the window model as it ships (int8,
ONNX Runtime), the other through transformers in fp32, in batches of turns of like length. Exits with 1 where the window
model is less than 8 times as fast.
"""

from __future__ import annotations

import sys
import time

import torch
from sessions import long_session
from tokenizers import Tokenizer

from mendline.model.annotator import Annotator
from mendline.model.checkpoint import TOKENIZER
from mendline.training.restore import restore

TURNS = 500
CONTEXT = 10
BATCH = 16
TARGET = 8


def main() -> None:
    """Measure and print."""
    session = long_session(TURNS)
    annotator = Annotator.load()
    annotator.annotate(session)
    started = time.monotonic()
    annotator.annotate(session)
    windows = TURNS / (time.monotonic() - started)

    tagger = restore(annotator.checkpoint)
    texts = [
        " ".join(f"{turn.role}: {turn.text}" for turn in session.turns[max(0, place - CONTEXT) : place + 1])
        for place in range(TURNS)
    ]
    tokenizer = Tokenizer.from_file(str(annotator.checkpoint.folder / TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encoded = sorted((tokenizer.encode(text).ids[-256:] for text in texts), key=len)
    started = time.monotonic()
    with torch.inference_mode():
        for first in range(0, TURNS, BATCH):
            chunk = encoded[first : first + BATCH]
            length = max(map(len, chunk))
            ids = torch.tensor([one + [0] * (length - len(one)) for one in chunk])
            mask = torch.tensor([[1] * len(one) + [0] * (length - len(one)) for one in chunk])
            hidden = tagger.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            tagger.label_head((hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))
    per_turn = TURNS / (time.monotonic() - started)
    print(f"window model, int8          {windows:8.1f} turns/s")
    print(f"per turn with {CONTEXT} before it  {per_turn:8.1f} turns/s  (fp32, {torch.get_num_threads()} threads)")
    print(f"ratio                       {windows / per_turn:8.1f}          (target: at least {TARGET})")
    sys.exit(windows / per_turn < TARGET)


if __name__ == "__main__":
    main()
