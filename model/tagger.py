"""The network: an encoder that reads a window once, and two linear heads over the mean of each turn's tokens.

Needs torch and transformers; only training and export import it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from mendline.model.labels import LABELS, MARKERS


class Tagger(nn.Module):
    """Label and marker logits for every turn of a window."""

    def __init__(self, encoder: Any, *, dropout: float) -> None:  # noqa: ANN401  (any Hugging Face encoder)
        super().__init__()
        self.encoder = encoder
        # Trained for sentences; turns are pooled here.
        self.encoder.pooler = None
        self.dropout = nn.Dropout(dropout)
        self.label_head = nn.Linear(encoder.config.hidden_size, len(LABELS))
        self.marker_head = nn.Linear(encoder.config.hidden_size, len(MARKERS))

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None, pooling: Tensor) -> tuple[Tensor, Tensor]:
        """Label logits [B, P, labels] and marker logits [B, P, markers] of a `Batch`. No padding, no mask."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        turns = self.dropout(pooling @ hidden)
        return self.label_head(turns), self.marker_head(turns)


def load_encoder(folder: str | Path) -> Any:  # noqa: ANN401
    """A pretrained encoder without dropout: on a CPU it costs a third of the forward pass and gains little here."""
    config = AutoConfig.from_pretrained(folder)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    return AutoModel.from_pretrained(folder, config=config, dtype=torch.float32)
