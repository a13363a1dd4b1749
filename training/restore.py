"""From a checkpoint folder back to a torch network, to check what ships against what training knows, and to train on.

The int8 weights of model.onnx are multiplied out again; what quantisation rounded away stays away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

from mendline.model.checkpoint import CONFIG, NETWORK, SUMS, TOKENIZER, Checkpoint, open_checkpoint, shipped_folder
from mendline.model.tagger import Tagger
from mendline.transcripts.errors import CheckpointError

CHECKPOINT_BASE = "checkpoint:"
"""A checkpoint's folder, or `shipped`: its network, heads and all, is where training starts."""
SHIPPED = "shipped"
WRAPPER = "tagger."
"""What export puts before each name."""
INVERSE = "inverse"
"""The name of what export multiplies a smoothed layer's input by, having divided the layer's weight by it."""

Arrays = dict[str, npt.NDArray[Any]]


def base_checkpoint(base: str) -> Checkpoint | None:
    """The checkpoint that a configuration's base names, verified; None where it names none. Raises CheckpointError."""
    if not base.startswith(CHECKPOINT_BASE):
        return None
    name = base.removeprefix(CHECKPOINT_BASE)
    return open_checkpoint(shipped_folder() if name == SHIPPED else Path(name).expanduser())


def checkpoint_at(source: str | Path) -> Checkpoint | None:
    """The checkpoint in a folder, verified; None where there is none, such as in the folder of an encoder."""
    return open_checkpoint(Path(source)) if (Path(source) / SUMS).is_file() else None


def encoder_settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """The configuration of a checkpoint's encoder. Raises CheckpointError where it holds none."""
    settings = checkpoint.config.provenance.get("encoder")
    if not isinstance(settings, dict):
        raise CheckpointError(
            "does not say what encoder the network is (provenance.encoder). Use a checkpoint that export wrote.",
            file=checkpoint.folder / CONFIG,
        )
    return dict(settings)


def restore_tokenizer(checkpoint: Checkpoint) -> PreTrainedTokenizerFast:
    """The Hugging Face tokenizer of a checkpoint."""
    tokenizer = Tokenizer.from_file(str(checkpoint.folder / TOKENIZER))
    special = checkpoint.config.special
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        cls_token=tokenizer.id_to_token(special.start),
        sep_token=tokenizer.id_to_token(special.separator),
        pad_token=tokenizer.id_to_token(special.padding),
    )


def restore(checkpoint: Checkpoint, *, dropout: float = 0.0) -> Tagger:
    """The torch network of a checkpoint. Raises CheckpointError where its graph is not one that `export` wrote."""
    encoder = AutoModel.from_config(AutoConfig.for_model(**encoder_settings(checkpoint)))  # type: ignore[no-untyped-call]
    tagger = Tagger(encoder, dropout=dropout)
    path = checkpoint.folder / NETWORK
    weights = _weights(onnx.load(path).graph)
    wanted = dict(tagger.named_parameters())
    missing = [name for name in wanted if name not in weights]
    if missing:
        raise CheckpointError(f"the network has no weights named {missing[0]}. Use one that export wrote.", file=path)
    with torch.no_grad():
        for name, parameter in wanted.items():
            parameter.copy_(torch.from_numpy(weights[name].copy()))
    return tagger.eval()


def _weights(graph: onnx.GraphProto) -> dict[str, npt.NDArray[np.float32]]:
    """All float weights by the name of their parameter in a `Tagger`."""
    arrays: Arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found = {name: np.asarray(array, np.float32) for name, array in arrays.items() if array.dtype == np.float32}
    for name in arrays:
        if name.endswith(".weight_quantized"):
            found[name.removesuffix("_quantized")] = _dequantised(name.removesuffix("_quantized"), arrays)
    users = {name: node for node in graph.node for name in node.input}
    for node in graph.node:
        weight = _weight_of(node, arrays)
        if weight is not None:
            found[f"{_bias_after(node, users, arrays).removesuffix('bias')}weight"] = weight.T
    for name, inverse in arrays.items():
        layer, _, last = name.rpartition(".")
        if last == INVERSE:
            found[f"{layer}.weight"] = found[f"{layer}.weight"] * inverse
    return {name.removeprefix(WRAPPER): array for name, array in found.items()}


def _weight_of(node: onnx.NodeProto, arrays: Arrays) -> npt.NDArray[np.float32] | None:
    """The weight that a matrix product holds, None where it multiplies two results."""
    if node.op_type == "MatMulInteger":
        return _dequantised(node.input[1].removesuffix("_quantized"), arrays)
    if node.op_type == "MatMul" and node.input[1] in arrays:
        return np.asarray(arrays[node.input[1]], dtype=np.float32)
    return None


def _bias_after(node: onnx.NodeProto, users: dict[str, onnx.NodeProto], arrays: Arrays) -> str:
    """The bias that is added to a matrix product: the one thing that still carries its layer's name."""
    while True:
        node = users[node.output[0]]
        for name in node.input:
            if node.op_type == "Add" and name.endswith(".bias") and name in arrays:
                return str(name)


def _dequantised(name: str, arrays: Arrays) -> npt.NDArray[np.float32]:
    whole = arrays[f"{name}_quantized"].astype(np.float32) - arrays[f"{name}_zero_point"].astype(np.float32)
    return np.asarray(whole * arrays[f"{name}_scale"], dtype=np.float32)
