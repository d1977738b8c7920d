"""Asks one question in a process of its own and prints how long each step took; for ``evals.bench.speed``.

Usage: python -m evals.bench.speed_cold INDEX QUESTION onnxruntime|torch
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

_begun = time.perf_counter()


def main(folder: Path, question: str, how: str) -> dict[str, float]:
    """Return the seconds of each step."""
    seconds: dict[str, float] = {}
    at = _begun

    def done(step: str) -> None:
        nonlocal at
        seconds[step], at = time.perf_counter() - at, time.perf_counter()

    from index.embed.encoder import load_encoder
    from index.embed.onnx import question_encoder
    from index.store.open import open_index
    from qa.answer import Answerer

    done("importing")
    with open_index(folder) as index:
        done("opening and verifying the index")
        encoder = load_encoder(index.manifest.model.name) if how == "torch" else question_encoder(index)
        encoder.encode(["warm"])
        done("loading the encoder, first encoding")
        answerer = Answerer(index, encoder)
        done("loading the rankers")
        answerer.ask(question)
        done("answering")
    return seconds


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])))
