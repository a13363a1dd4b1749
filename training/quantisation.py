"""From fp32 to int8: what the network is rounded to before it ships.

Before rounding, the few large activations that would spoil the scale of all others are moved into the weights
(Xiao et al. 2023, "SmoothQuant", ICML).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from mendline.model.tagger import Tagger
from mendline.model.windows import Packer
from mendline.training.restore import INVERSE
from mendline.training.trainer import torch_logits
from mendline.transcripts.transcript import Transcript

STRENGTH = 0.85
"""How much of an activation's size goes into the weight, from 0 to 1."""

SMALLEST = 1e-4
"""Channels that hardly ever say anything are scaled as if they said this much."""


class Smoothed(nn.Linear):
    """A linear layer that gives what `layer` gives, with its input channels scaled down and its weights up."""

    def __init__(self, layer: nn.Linear, scale: Tensor) -> None:
        super().__init__(layer.in_features, layer.out_features)
        self.weight = nn.Parameter(layer.weight.detach() * scale)
        self.bias = layer.bias
        self.register_buffer(INVERSE, 1 / scale)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (as torch has it)
        """The layer's output, [..., out_features]."""
        inverse: Tensor = getattr(self, INVERSE)
        return nn.functional.linear(input * inverse, self.weight, self.bias)


def smooth(tagger: Tagger, packer: Packer, transcripts: Sequence[Transcript]) -> None:
    """Put `Smoothed` layers where each feed-forward block goes back to the hidden size: there the outliers are.

    `transcripts` show how large the activations get. The network's output stays the same but for rounding.
    """
    modules = dict(tagger.encoder.named_modules())
    size = tagger.encoder.config.intermediate_size
    layers = {name: one for name, one in modules.items() if isinstance(one, nn.Linear) and one.in_features == size}
    largest = _largest_inputs(tagger, layers, packer, transcripts)
    for name, layer in layers.items():
        activations = largest[name].clamp(min=SMALLEST)
        weights = layer.weight.detach().abs().amax(dim=0).clamp(min=SMALLEST)
        scale = activations**STRENGTH / weights ** (1 - STRENGTH)
        parent, _, child = name.rpartition(".")
        setattr(modules[parent], child, Smoothed(layer, scale))


def _largest_inputs(
    tagger: Tagger, layers: Mapping[str, nn.Linear], packer: Packer, transcripts: Sequence[Transcript]
) -> dict[str, Tensor]:
    """The largest absolute input of each channel of each layer, [in_features]."""
    largest = {name: torch.zeros(layer.in_features) for name, layer in layers.items()}

    def watch(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def note(_: nn.Module, inputs: tuple[Any, ...]) -> None:
            largest[name] = torch.maximum(largest[name], inputs[0].detach().abs().flatten(0, -2).amax(dim=0))

        return note

    hooks = [layer.register_forward_pre_hook(watch(name)) for name, layer in layers.items()]
    torch_logits(tagger, transcripts, packer)
    for hook in hooks:
        hook.remove()
    return largest


def quantise(source: Path, target: Path) -> None:
    """Turn the weights of matrix products and embeddings into int8, each output channel with a scale of its own.

    The heads stay in fp32: they are small, and rounding what they read costs more than anywhere else. So does a table
    of biases for relative positions, which is tiny and read for every pair of tokens.
    Seven bits of the range are used: with eight, processors without VNNI instructions saturate and label differently.
    """
    logging.getLogger().setLevel(logging.ERROR)
    nodes = onnx.load(source).graph.node
    quantize_dynamic(
        source,
        target,
        nodes_to_exclude=[*_heads(nodes), *_position_biases(nodes)],
        op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )


def _heads(nodes: Sequence[onnx.NodeProto]) -> list[str]:
    """The names of the matrix products that read pooled turns."""
    pooled = next(node.output[0] for node in nodes if node.op_type == "MatMul" and "pooling" in node.input)
    return [node.name for node in nodes if pooled in node.input]


def _position_biases(nodes: Sequence[onnx.NodeProto]) -> list[str]:
    return [node.name for node in nodes if node.op_type == "Gather" and "relative_attention_bias" in node.input[0]]
