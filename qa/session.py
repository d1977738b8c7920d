"""An open index with its question encoder, ready to answer; and the names by which people call papers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from index.catalogue import catalogue_of
from index.errors import QuestionError, UsageError
from index.onnx_encoder import question_encoder
from index.store import open_index
from qa.answer import Answerer, Settings
from qa.ask_options import USUAL
from qa.chat import changes_person, in_general, just_before, leans, resolve
from qa.question import Place
from qa.reasons import absent_words
from qa.retrieve import main_paper, paper_subjects
from qa.select import CrossEncoderRanker
from qa.subjects import asked_about

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index.store import Index
    from qa.ask_options import AskOptions
    from qa.evidence import Evidence
    from qa.records import Answer
    from qa.subjects import Subject

#: Up to how many papers are looked through for the people they report on, and any may be the one meant.
FEW_PAPERS = 12
#: How sure, as a share of the surest sentence of all papers, the best of the paper spoken of must be for a
#: question to be asked of that paper alone: one that leans on the questions before, and one that does not.
LEANING, NOT_LEANING = 0.2, 0.35


@contextmanager
def opened(folder: Path, options: AskOptions = USUAL) -> Iterator[Answerer]:
    """Yield an answerer on the index in ``folder``; close it afterwards.

    Raises:
        IndexMissing, IndexDamaged, FormatMismatch, ModelMismatch, StorageError: it cannot be used.
        UsageError: no threshold is known for that share, or the cross-encoder is none.
    """
    with open_index(folder) as index:
        encoder = question_encoder(index, options.model)
        answerer = Answerer(index, encoder, settings=Settings(threshold=options.threshold))
        if options.cross_encoder is not None:
            answerer = answerer.ranked_by(CrossEncoderRanker(options.cross_encoder))
        yield answerer if options.right is None else answerer.as_sure(options.right)


def ask(
    answerer: Answerer,
    question: str,
    history: Sequence[str] = (),
    documents: frozenset[str] | None = None,
    answers: Sequence[Answer] | None = None,
) -> Answer:
    """Return the answer to ``question`` as it is meant after the questions in ``history``.

    ``answers`` are those given to ``history``; they are found anew where they are not given.

    Raises:
        QuestionError: the question is empty or too long.
    """
    meant = gather(answerer, question, history, documents, answers)
    answer = answerer.decide(question, meant.evidence, documents=meant.documents)
    if meant.documents == documents:
        return replace(answer, resolved_question=meant.resolved)
    names = " and ".join(f"“{answerer.index.names[key]}”" for key in meant.documents or ())
    where = f"Looked for in {names}, as the questions before."
    if not answer.citations:
        where += " Asked by itself, a question goes to all papers."
    reasons = (where, *answer.reasons)
    return replace(answer, resolved_question=meant.resolved, reasons=reasons)


@dataclass(frozen=True, slots=True)
class Meant:
    """What a question means after others, and what was found for it."""

    resolved: str  #: standing alone
    evidence: Evidence
    documents: frozenset[str] | None  #: the papers looked in; None for all


def gather(
    answerer: Answerer,
    question: str,
    history: Sequence[str] = (),
    documents: frozenset[str] | None = None,
    answers: Sequence[Answer] | None = None,
) -> Meant:
    """Return what the papers hold on ``question`` after ``history``; arguments as for ``ask``.

    "And her AST?" is asked of the paper that the conversation is about, in the words
    used, and read beside the questions before: within one paper, words that name its patient
    lead to the sentences that introduce her. It is asked of all papers too, standing
    alone, and that counts where it finds something much surer: then it opens a new topic.
    Among many papers it must point to one of them for that.

    Raises:
        QuestionError: the question is empty or too long.
    """
    people = people_of(answerer.index, documents) if history else ()
    standalone = resolve(question, history, people)
    everywhere = answerer.gather(standalone, documents=documents)
    resolved = everywhere.question.text  # its spelling put right
    if not history or everywhere.question.every_paper or changes_person(question, history, people):
        return Meant(resolved, everywhere, documents)
    last = _last_answer(answerer, history, documents, answers)
    spoken_of = _spoken_of(answerer.index, last)
    if not spoken_of or _of_nobody_in(answerer.index, spoken_of, asked_about(question)):
        return Meant(resolved, everywhere, documents)
    before, cited = said_before(history, last)
    try:
        inside = answerer.gather(question, documents=spoken_of, before=before, cited=cited)
    except QuestionError:  # "Why?" says nothing by itself
        inside = answerer.gather(resolved, documents=spoken_of, before=before, cited=cited)
    leaning = leans(question, standalone)
    lacking = not leaning and bool(absent_words(answerer.index, inside, spoken_of))
    if _stays(answerer.index, question, everywhere, spoken_of, documents, lacking=lacking):
        return Meant(resolved, inside, spoken_of)
    share = LEANING if leaning else NOT_LEANING
    if lacking:
        share = 1.0  # what the question names is not in that paper: the surer one decides
    if _confidence(inside) < share * _confidence(everywhere):
        return Meant(resolved, everywhere, documents)
    return Meant(resolved, inside, spoken_of)


def _stays(
    index: Index,
    question: str,
    everywhere: Evidence,
    spoken_of: frozenset[str],
    documents: frozenset[str] | None,
    *,
    lacking: bool,
) -> bool:
    """Tell whether a question can only be meant of the paper spoken of, whatever others say.

    Among many papers some have a sentence that looks like an answer to "How large was the tumour?"; it is
    another patient's. Elsewhere leads what points to one other paper, and a question in general for what
    the paper spoken of is ``lacking``.
    """
    papers = len(index.documents if documents is None else documents)
    if papers <= FEW_PAPERS or (lacking and in_general(question)):
        return False
    return main_paper(everywhere.hits) in ("", *spoken_of)


def _of_nobody_in(index: Index, papers: frozenset[str], person: Subject) -> bool:
    """Tell whether ``papers`` report on people, each of whom cannot be ``person``."""
    reported = [known for key in papers for known in paper_subjects(index.documents[key])]
    return bool(reported) and all(known.conflicts(person) for known in reported)


def _confidence(evidence: Evidence) -> float:
    return evidence.ranked[0].confidence if evidence.ranked else 0.0


def said_before(history: Sequence[str], last: Answer | None) -> tuple[str, Place | None]:
    """Return what was asked and quoted just before, and where the quote stands; ``last`` answered last."""
    if last is None or not last.citations:
        return just_before(history), None
    first = last.citations[0]
    return just_before(history, first.quote), Place(first.document_id, first.span)


def _last_answer(
    answerer: Answerer,
    history: Sequence[str],
    documents: frozenset[str] | None,
    answers: Sequence[Answer] | None,
) -> Answer | None:
    """Return the answer to the last question of ``history``; None where it was none."""
    try:
        return answers[-1] if answers else ask(answerer, history[-1], history[:-1], documents)
    except QuestionError:
        return None


def _spoken_of(index: Index, last: Answer | None) -> frozenset[str]:
    """Return the paper that ``last`` quotes first, or came nearest to."""
    if last is None:
        return frozenset()
    found = [citation.document_id for citation in last.citations]
    found = (found or [passage.document_id for passage in last.near_misses])[:1]
    return frozenset(key for key in found if key in index.names)


def people_of(index: Index, documents: frozenset[str] | None = None) -> tuple[Subject, ...]:
    """Return whom the papers report on; () where there are too many papers to tell."""
    keys = [key for key in index.documents if documents is None or key in documents]
    if len(keys) > FEW_PAPERS:
        return ()
    return tuple(dict.fromkeys(person for key in keys for person in paper_subjects(index.documents[key])))


def find_papers(index: Index, names: Sequence[str] | None) -> frozenset[str] | None:
    """Return the ids of the papers called ``names``: file name, title, or the start of the id.

    Raises:
        UsageError: a name fits no paper, or several.
    """
    if not names:
        return None
    return frozenset(_find_paper(index, name) for name in names)


def _find_paper(index: Index, name: str) -> str:
    wanted = name.casefold().strip()
    exact, partial = [], []
    for key, document in index.documents.items():
        called = (document.source.casefold(), document.title.casefold(), key)
        if wanted and wanted in called:
            exact.append(key)
        elif wanted and (key.startswith(wanted) or any(wanted in text for text in called[:2])):
            partial.append(key)
    if not exact:  # a file set aside is called by its name; the one used for it answers
        aside = catalogue_of(index).aside.values()
        exact = [one.better for one in aside if wanted in (one.source.casefold(), one.id)][:1]
    found = exact or partial
    if len(found) != 1:
        what = "no paper is called" if not found else f"{len(found)} papers are called"
        raise UsageError(f"{what} “{name}”.", "See the names with: loccit info")
    return found[0]
