"""What can be said about how questions are to be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How questions are to be answered; None for what is usual."""

    model: str | None = None  #: encodes the question; that of the index if None
    threshold: float | None = None  #: least confidence shown
    right: float | None = None  #: in its place, the share of what is shown that should be right
    cross_encoder: Path | None = None  #: folder of a model that puts the sentences into their order

    def __post_init__(self) -> None:
        if self.threshold is not None and self.right is not None:
            raise UsageError("--threshold and --right both say what is shown.", "Give one of them.")


USUAL = AskOptions()
