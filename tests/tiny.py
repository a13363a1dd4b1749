"""A real encoder of about 12 thousand parameters, made in milliseconds, and labelled sessions for it."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed

TEXT = (
    "therapist client partner one two speaker : . , ? ! i you we it is not fine sorry never always listen "
    "that was my fault what happened okay yeah the a to of and went shop today leave me alone"
)
WORDS = TEXT.split()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def tiny_encoder(folder: Path) -> Path:
    """A folder with a BERT of two layers and sixteen dimensions, and its word tokenizer."""
    set_seed(0)
    vocabulary = {word: place for place, word in enumerate([*SPECIAL, *dict.fromkeys(WORDS)])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    wrapped.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


TURNS = [
    ("T", "therapist", "What happened today?", "neutral", None),
    ("A", "partner", "I went to the shop.", "neutral", None),
    ("B", "partner", "You never listen!", "confrontation", "attack"),
    ("A", "partner", "Fine. Leave me alone.", "withdrawal", "exit"),
    ("B", "partner", "Sorry. That was my fault.", "repair", "own"),
    ("A", "partner", "Okay.", "neutral", None),
]


def write_sessions(path: Path, *, count: int, prefix: str = "s", repeats: int = 2) -> Path:
    """A file of labelled sessions, each the same few turns, repeated."""
    lines = []
    for number in range(count):
        for turn, (speaker, role, text, label, marker) in enumerate(TURNS * repeats):
            row = {"session": f"{prefix}{number}", "turn": turn, "setting": "couple therapy", "speaker": speaker,
                   "role": role, "text": text, "label": label, "marker": marker, "sure": True, "agreement": "author",
                   "source": "authored"}  # fmt: skip
            lines.append(json.dumps(row))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def overrides(folder: Path, **values: object) -> list[str]:
    """A configuration of the encoder and the sessions in `folder`, as `--set` would take it."""
    settings: dict[str, object] = {
        "model.base": str(folder / "encoder"),
        "model.window": 48,
        "model.left_context": 12,
        "model.right_context": 8,
        "data.train": [str(folder / "train.jsonl")],
        "data.dev": [str(folder / "dev.jsonl")],
        "training.epochs": 6,
        "training.encoder_learning_rate": 5e-3,
        "training.head_learning_rate": 1e-2,
        "training.evaluations_per_epoch": 1,
        **values,
    }
    return [f"{key}={json.dumps(value)}" for key, value in settings.items()]
