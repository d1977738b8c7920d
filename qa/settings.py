"""How questions are answered: the options of a command, and the settings of an answerer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from index.errors import UsageError


class ReaderName(StrEnum):
    """A network that reads passages."""

    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class AskOptions:
    """What a command may change about answering; None keeps the default."""

    model: str | None = None  #: embedding model of the question; default: that of the index
    threshold: float | None = None  #: lowest confidence of an answer that counts as sure
    right: float | None = None  #: instead of ``threshold``: the share of sure answers that should be right
    cross_encoder: Path | None = None  #: folder of a model that ranks the sentences
    reader: str = ""  #: "small" or "large"; empty for the larger one that is installed
    calibration: bool = True  #: use the thresholds that were fitted to the user's own questions, if any

    def __post_init__(self) -> None:
        if self.threshold is not None and self.right is not None:
            raise UsageError("--threshold and --right cannot be combined.", "Give one of them.")


USUAL = AskOptions()


#: The environment variable that names the reader to use, for the command line and the web app.
READER_VARIABLE = "LOCCIT_READER"
#: How many passages are read with the question; where it is put to each paper, of each at least, and of all.
READ = 8
READ_EACH = 3
READ_ALL = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """How to answer."""

    passages: int = 20  #: how many passages are looked into
    read: int = READ  #: how many of them are read with the question; 0 for the first stage of ranking alone
    #: How many sentences the large reader reads again with what stands around them; 0 where it is not used.
    closely: int = 4
    quotes: int = 3  #: most quotes shown for one question
    quotes_per_paper: int = 2
    nearby: int = 3  #: passages shown where nothing is quoted
    #: Least confidence of an answer that counts as sure; None for the one that was fitted.
    threshold: float | None = None
    relative: float = 0.5  #: a further quote needs at least this share of the best confidence
    abbreviations: bool = True  #: read them as what they stand for; False only to measure what that gives


DEFAULT = Settings()
