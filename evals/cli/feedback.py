"""``loccit eval add-feedback``: asks about each judgement and writes the cases."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.text import Text

from evals.sets.cases import Case
from evals.sets.feedback import FILE, append, case, decide, shown, waiting
from index.errors import UsageError
from index.store.open import open_index
from qa.files.feedback import judgements
from qa.show.terminal import err, out, visible


def add(folder: Path, file: Path | None, *, number: int | None, gold: str | None) -> None:
    """Make cases of the judgements beside the index in ``folder`` and add them to ``file``.

    Args:
        folder: of the index.
        file: the set; ``FILE`` in ``folder`` if None.
        number: only this judgement.
        gold: see ``evals.sets.feedback.case``; a person is asked if None.

    Raises:
        UsageError: there is no such judgement, or its gold is in no paper.
        StorageError: the file cannot be written.
    """
    path = file or folder / FILE
    if gold is not None and number is None:
        raise UsageError("--gold is about one judgement.", "Name it with --number.")
    chosen = [one for one in waiting(judgements(folder), path) if number in (None, one.number)]
    if number is not None and not chosen:
        raise UsageError(f"there is no judgement {number}, or it was added before.", "Leave --number out.")
    added: list[Case] = []
    with open_index(folder) as index:
        for judgement in chosen:
            for line in shown(judgement):
                err().print(Text(visible(line)))
            if gold is not None:
                made: Case | None = case(judgement, index.documents, gold)
            else:
                made = decide(judgement, index.documents, _ask)
            if made is not None:
                append(path, [made])  # one at a time: stopping early loses nothing
                added.append(made)
    out().print(Text(f"{len(added)} of {len(chosen)} judgements added to {path}"))


def _ask(request: str) -> str:
    return str(typer.prompt(visible(request), default="", show_default=False, err=True))
