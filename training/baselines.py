"""What a model must beat: three baselines on the same turns, with thresholds chosen as for the model itself.

`majority` always says neutral. `tf-idf` is logistic regression on the words of a turn and of the turn before.
`embeddings` is logistic regression on frozen encoder vectors of a turn and its neighbours. Both have the class weights
of the training loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from mendline.model.annotator import Annotator
from mendline.model.decision import NEUTRAL
from mendline.model.labels import LABELS
from mendline.model.windows import Batch, Floats, Integers, score
from mendline.training.calibration import calibrate
from mendline.training.config import Config
from mendline.training.corpus import LabelledSession, read_sessions
from mendline.training.encoders import encoder_source
from mendline.training.evaluation import judge
from mendline.training.metrics import Judged
from mendline.training.runs import make_packer
from mendline.training.train import starting_tagger
from mendline.training.trainer import class_weights
from mendline.training.transitions import count_transitions
from mendline.transcripts.transcript import Transcript

NEIGHBOURS = (-3, -2, -1, 0, 1)
"""The turns, counted from the one to label, whose vectors the `embeddings` baseline sees."""
BATCH_SIZE = 64
WORD = r"(?u)\b\w+\b|[?!]"


def compare(config: Config, annotator: Annotator) -> dict[str, list[Judged]]:
    """The labels of each baseline and of the model for the development sessions."""
    dev = read_sessions(config.data.dev)
    annotated = annotator.annotate_all([one.transcript for one in dev])
    model = [judge(one, session) for one, session in zip(annotated, dev, strict=True)]
    return {**baselines(config, read_sessions(config.data.train, partly=True), dev), annotator.name: model}


def baselines(
    config: Config, train: Sequence[LabelledSession], dev: Sequence[LabelledSession]
) -> dict[str, list[Judged]]:
    """Each baseline's labels for the development sessions, fitted on the training sessions."""
    return {
        "majority": _judged(dev, np.full(sum(len(one.labels) for one in dev), NEUTRAL)),
        "tf-idf": _logistic(_tf_idf(train, dev), train, dev, config),
        "embeddings": _logistic(_embeddings(train, dev, config), train, dev, config),
    }


def _logistic(
    features: tuple[Any, Any], train: Sequence[LabelledSession], dev: Sequence[LabelledSession], config: Config
) -> list[Judged]:
    """Fit on the training features, and decide on the development turns as it is done for the network."""
    coded = np.concatenate([one.coded for one in train]).astype(bool)
    true = _places(train)[coded]
    weights = class_weights(true, config.training.class_weight_power).tolist()
    model = LogisticRegression(max_iter=500, class_weight=dict(enumerate(weights)))
    model.fit(features[0][coded], true)
    # A label without training turns has no column of its own and is never given.
    logits = np.full((features[1].shape[0], len(LABELS)), -20, dtype=np.float32)
    logits[:, model.classes_] = model.predict_log_proba(features[1])
    by_session = np.split(logits, np.cumsum([len(one.labels) for one in dev])[:-1])
    decision = calibrate(
        by_session,
        [one.label_places() for one in dev],
        count_transitions(train),
        review_share=config.calibration.review_share,
    )
    probabilities = np.concatenate(decision.probabilities_of(by_session))
    return _judged(dev, decision.labels(probabilities), probabilities)


def _tf_idf(train: Sequence[LabelledSession], dev: Sequence[LabelledSession]) -> tuple[Any, Any]:
    this = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=WORD)
    before = TfidfVectorizer(min_df=2, sublinear_tf=True, token_pattern=WORD)
    turns, previous = _texts(train)
    dev_turns, dev_previous = _texts(dev)
    return (
        hstack([this.fit_transform(turns), before.fit_transform(previous)]).tocsr(),
        hstack([this.transform(dev_turns), before.transform(dev_previous)]).tocsr(),
    )


def _texts(sessions: Sequence[LabelledSession]) -> tuple[list[str], list[str]]:
    """Each turn's role and words, and those of the turn before it."""
    texts = [[f"{turn.role} {turn.text}" for turn in one.transcript.turns] for one in sessions]
    return [text for one in texts for text in one], [text for one in texts for text in ["", *one[:-1]]]


def _embeddings(
    train: Sequence[LabelledSession], dev: Sequence[LabelledSession], config: Config
) -> tuple[Floats, Floats]:
    source = encoder_source(config.model.base)
    packer, _ = make_packer(source, config)
    encoder = starting_tagger(config, source).encoder.eval()

    def network(batch: Batch) -> tuple[Floats, Floats]:
        ids, mask, pooling = map(torch.from_numpy, (batch.input_ids, batch.attention_mask, batch.pooling))
        vectors = (pooling @ encoder(input_ids=ids, attention_mask=mask).last_hidden_state).numpy()
        return vectors, vectors[..., :0]

    def vectors(sessions: Sequence[LabelledSession]) -> Floats:
        alone = [
            Transcript(one.transcript.session, (replace(turn, index=0),))
            for one in sessions
            for turn in one.transcript.turns
        ]
        with torch.inference_mode():
            rows = np.concatenate(score(alone, packer, network, batch_size=BATCH_SIZE))
        ends = np.cumsum([len(one.labels) for one in sessions])
        return np.concatenate([_with_neighbours(part) for part in np.split(rows, ends[:-1])])

    scaler = StandardScaler()
    return scaler.fit_transform(vectors(train)), scaler.transform(vectors(dev))


def _with_neighbours(rows: Floats) -> Floats:
    """Vectors [turns, size] side by side with those of their neighbours, zero beyond the ends."""
    margin = max(abs(offset) for offset in NEIGHBOURS)
    padded = np.pad(rows, ((margin, margin), (0, 0)))
    return np.concatenate([padded[margin + offset : margin + offset + len(rows)] for offset in NEIGHBOURS], axis=1)


def _places(sessions: Sequence[LabelledSession]) -> Integers:
    return np.concatenate([one.label_places() for one in sessions])


def _judged(sessions: Sequence[LabelledSession], labels: Integers, probabilities: Floats | None = None) -> list[Judged]:
    ends = np.cumsum([len(one.labels) for one in sessions])[:-1]
    parts = [None] * len(sessions) if probabilities is None else np.split(probabilities, ends)
    return [
        Judged(one.transcript.session, one.source, one.setting, one.label_places(), given, part)
        for one, given, part in zip(sessions, np.split(labels, ends), parts, strict=True)
    ]
