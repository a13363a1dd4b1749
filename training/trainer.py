"""Finding the weights: the Hugging Face trainer with this project's loss, learning rates and dev figures.

The trainer saves at every evaluation, so a run that was killed goes on from its last one; it keeps the best weights by
dev macro-F1 and restores them at the end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import EarlyStoppingCallback, Trainer, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from mendline.model.labels import LABELS
from mendline.model.tagger import Tagger
from mendline.model.windows import Batch, Floats, Integers, Packer, score
from mendline.training.config import Config
from mendline.training.corpus import LabelledSession
from mendline.training.metrics import macro_f1
from mendline.training.runs import precision
from mendline.training.windows import IGNORED, Collator
from mendline.transcripts.errors import ConfigError
from mendline.transcripts.transcript import Transcript

EVALUATION_BATCH = 16
BEST = "eval_macro_f1"


class TurnTrainer(Trainer):
    """Trains a `Tagger` on windows and evaluates it on turns, joined as they are in annotating."""

    def __init__(
        self,
        model: Tagger,
        *,
        config: Config,
        packer: Packer,
        windows: Dataset,
        coded: Integers,
        dev: Sequence[LabelledSession],
        arguments: TrainingArguments,
    ) -> None:
        self._config = config
        self._packer = packer
        self._dev = dev
        self._class_weights = class_weights(coded, config.training.class_weight_power)
        super().__init__(
            model=model,
            args=arguments,
            train_dataset=windows,
            # `evaluate` reads the sessions themselves; the trainer only insists that there is something to evaluate.
            eval_dataset=Dataset.from_dict({"session": [one.transcript.session for one in dev]}),
            data_collator=Collator(packer),
            callbacks=[EarlyStoppingCallback(early_stopping_patience=config.training.patience)],
        )

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:  # noqa: ANN401  (the trainer's own signature)
        """Weighted cross-entropy over labels plus, weighted lower, cross-entropy over the markers of coded turns."""
        del num_items_in_batch
        outputs = model(inputs["input_ids"], inputs["attention_mask"], inputs["pooling"])
        label_logits, marker_logits = outputs
        weighted = inputs["label_targets"] * self._class_weights.to(label_logits.device)
        loss = -(weighted * label_logits.float().log_softmax(dim=-1)).sum() / weighted.sum().clamp(min=1e-6)
        markers = inputs["marker_targets"]
        if (markers != IGNORED).any():
            marker_loss = nn.functional.cross_entropy(
                marker_logits.float().flatten(0, 1), markers.flatten(), ignore_index=IGNORED
            )
            loss = loss + self._config.training.marker_weight * marker_loss
        return (loss, outputs) if return_outputs else loss

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """AdamW with a learning rate for the heads and, falling from layer to layer, for the encoder."""
        if self.optimizer is None:
            groups = list(parameter_groups(tagger_of(model or self.model), self._config))
            self.optimizer = torch.optim.AdamW(groups, fused=True)
        return self.optimizer

    def evaluate(self, *_: object, metric_key_prefix: str = "eval", **__: object) -> dict[str, float]:
        """Macro-F1 on the development sessions: over all turns, and by source."""
        given = [one[:, : len(LABELS)].argmax(axis=-1) for one in self.dev_logits()]
        true = [session.label_places() for session in self._dev]
        metrics = {f"{metric_key_prefix}_macro_f1": macro_f1(np.concatenate(true), np.concatenate(given))}
        for source in sorted({session.source for session in self._dev}):
            places = [place for place, session in enumerate(self._dev) if session.source == source]
            metrics[f"{metric_key_prefix}_macro_f1_{source}"] = macro_f1(
                np.concatenate([true[place] for place in places]), np.concatenate([given[place] for place in places])
            )
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def dev_logits(self) -> list[Floats]:
        """The network's output for each development session, [turns, labels + markers]."""
        return torch_logits(tagger_of(self.model), [one.transcript for one in self._dev], self._packer)


def torch_logits(tagger: Tagger, transcripts: Sequence[Transcript], packer: Packer) -> list[Floats]:
    """The torch network's output for each transcript, [turns, labels + markers]; windows as in annotating."""
    device = next(tagger.parameters()).device

    def network(batch: Batch) -> tuple[Floats, Floats]:
        arrays = (batch.input_ids, batch.attention_mask, batch.pooling)
        labels, markers = tagger(*(torch.from_numpy(array).to(device) for array in arrays))
        return labels.float().cpu().numpy(), markers.float().cpu().numpy()

    was_training = tagger.training
    tagger.eval()
    with torch.inference_mode():
        logits = score(transcripts, packer, network, batch_size=EVALUATION_BATCH)
    tagger.train(was_training)
    return logits


def class_weights(labels: Integers, power: float) -> Tensor:
    """Weights [labels] proportional to frequency to the power of -`power`, averaging 1 over the coded turns."""
    counts = np.bincount(labels, minlength=len(LABELS))
    weights = np.maximum(counts, 1.0) ** -power
    return torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32)


def parameter_groups(tagger: Tagger, config: Config) -> Iterator[dict[str, Any]]:
    """Parameters by learning rate; what is frozen is left out, and biases and norms do not decay."""
    settings = config.training
    layers = list(_layers(tagger.encoder))
    below = [parameter for name, parameter in tagger.encoder.named_parameters() if not _layer_name(name)]
    heads = [*tagger.label_head.parameters(), *tagger.marker_head.parameters()]
    rates = [
        (below, settings.encoder_learning_rate * settings.layer_decay ** len(layers)),
        *(
            (
                list(layer.parameters()),
                settings.encoder_learning_rate * settings.layer_decay ** (len(layers) - 1 - depth),
            )
            for depth, layer in enumerate(layers)
        ),
        (heads, settings.head_learning_rate),
    ]
    for parameters, rate in rates:
        for decay in (True, False):
            chosen = [one for one in parameters if one.requires_grad and (one.ndim > 1) == decay]
            if chosen:
                yield {"params": chosen, "lr": rate, "weight_decay": settings.weight_decay if decay else 0.0}


def freeze(tagger: Tagger, layers: int) -> None:
    """Freeze the embeddings and the lowest `layers` layers of the encoder; 0 freezes nothing."""
    if layers:
        tagger.encoder.embeddings.requires_grad_(False)
        for layer in list(_layers(tagger.encoder))[:layers]:
            layer.requires_grad_(False)


def keep_layers(tagger: Tagger, layers: Sequence[int]) -> None:
    """Keep only these layers of the encoder, in this order; none named keeps all. Raises ConfigError."""
    if not layers:
        return
    stack = _stack(tagger.encoder)
    if not all(0 <= place < len(stack.layer) for place in layers):
        raise ConfigError(f"model.layers: the encoder has the layers 0 to {len(stack.layer) - 1}.")
    stack.layer = nn.ModuleList(stack.layer[place] for place in layers)
    tagger.encoder.config.num_hidden_layers = len(layers)


def trainer_arguments(config: Config, folder: Path, *, windows: int) -> TrainingArguments:
    """The trainer's settings. `windows` is the number that an epoch shows, on all processes together."""
    settings = config.training
    processes = int(os.environ.get("WORLD_SIZE", "1"))  # set by torchrun
    steps = -(-windows // (settings.batch_size * settings.accumulation * processes))
    every = max(1, steps // settings.evaluations_per_epoch)
    cuda = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulation,
        lr_scheduler_type="cosine",
        warmup_steps=round(settings.warmup_share * steps * settings.epochs),
        max_grad_norm=1.0,
        bf16=precision() == "bf16",
        use_cpu=not cuda,
        ddp_backend="gloo" if processes > 1 and not cuda else None,
        # Embeddings of a frozen or single-segment encoder take no part in some steps.
        ddp_find_unused_parameters=True,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=max(2, settings.averaged_saves),
        load_best_model_at_end=True,
        metric_for_best_model=BEST,
        greater_is_better=True,
        logging_steps=max(1, every // 4),
        seed=settings.seed,
        data_seed=settings.seed,
        dataloader_num_workers=0,
        dataloader_pin_memory=cuda,
        remove_unused_columns=False,
        report_to="none",
    )


def saves(folder: Path) -> list[Path]:
    """The saves of a run that did not end, oldest first."""
    prefix = f"{PREFIX_CHECKPOINT_DIR}-"
    return sorted(folder.glob(f"{prefix}[0-9]*"), key=lambda path: int(path.name.removeprefix(prefix)))


def tagger_of(model: Any) -> Tagger:  # noqa: ANN401
    """The network inside whatever the trainer wrapped around it."""
    inner = getattr(model, "module", model)
    assert isinstance(inner, Tagger)
    return inner


def _stack(encoder: Any) -> Any:  # noqa: ANN401
    """The module that holds the encoder's `layer` list."""
    return encoder.encoder if hasattr(encoder, "encoder") else encoder.transformer


def _layers(encoder: Any) -> Iterator[nn.Module]:  # noqa: ANN401
    yield from _stack(encoder).layer


def _layer_name(name: str) -> bool:
    return ".layer." in name
