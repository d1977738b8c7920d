"""Each repair of extracted text, and that no repair loses a character's place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.read.clean import LOST, Vocabulary, join_lines, mend_ligatures, normalise, split_glued
from index.text import MappedText

PIECES = [
    "the", "patient", "fibro", "sis", "A", "CT", "of", "anti", "high", "1.5", ". ", ".", "(", "/", "-",
    "\u2010", "di\ufffderent", "\ufffde", "x\ufffdq", "o\ufb03ce", "e\u0301", "\u00ad", " ", "  ", "\u00a0",
    "\u200b", "\n", "\f", "\t",
]  # fmt: skip
EXTRACTS = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def mended(text: str, paper: str = "") -> str:
    done, _ = mend_ligatures(MappedText.raw(text), Vocabulary(f"{text}\n{paper}"))
    return done.text


def joined(text: str, paper: str = "") -> str:
    lines = [MappedText.raw(line) for line in text.split("\n")]
    return join_lines(lines, Vocabulary(f"{text}\n{paper}")).text


def unglued(text: str, paper: str = "") -> tuple[str, tuple[str, ...]]:
    done, notes = split_glued(MappedText.raw(text), Vocabulary(f"{text}\n{paper}"))
    return done.text, notes


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("\ufffdere is a paucity of data.", "There is a paucity of data."),
        ("It failed.\ufffdis was new.", "It failed.This was new."),
        ("signs of \ufffdbrosis", "signs of fibrosis"),
        ("the speci\ufffdc antibody", "the specific antibody"),
        ("a \ufffdare of myositis", "a flare of myositis"),
        ("chronic in\ufffdammation", "chronic inflammation"),
        ("a di\ufffderent course", "a different course"),
        ("insu\ufffdcient response", "insufficient response"),
        ("he was ba\ufffded", "he was baffled"),
        ("the le\ufffd hip", "the left hip"),
        ("o\ufffden di\ufffdcult", "often difficult"),
        ("the e\ufffdcacy and the a\ufffdnity", "the efficacy and the affinity"),
        ("lay \ufffdat on the bed. \ufffdat was it.", "lay flat on the bed. That was it."),
    ],
)
def test_a_lost_ligature_is_restored_as_the_one_that_makes_a_word(broken: str, whole: str) -> None:
    assert mended(broken) == whole


@pytest.mark.parametrize(
    ("broken", "whole", "paper"),
    [
        ("an e\ufffduent sample", "an effluent sample", "The effluent was clear."),
        ("the myo\ufffdlin level", "the myoffilin level", "Myoffilin is a protein."),
        ("with in\ufffdam-\nmation", "with inflam-\nmation", ""),  # cut at a line end
        ("a re-\n\ufffdection", "a re-\nflection", ""),
    ],
)
def test_the_paper_and_the_other_half_of_a_cut_word_decide(broken: str, whole: str, paper: str) -> None:
    assert mended(broken, paper) == whole


def test_irreparable_text_stays_and_is_reported_once_with_its_count() -> None:
    text = MappedText.raw("The zq\ufffdx and zq\ufffdx, \ufffd and \ufffdrst.")
    done, notes = mend_ligatures(text, Vocabulary(text.text))
    assert done.text == "The zq\ufffdx and zq\ufffdx, \ufffd and first."
    assert notes == (
        "a lost character in “zq\ufffdx” could not be repaired (2 times)",
        "a lost character in “\ufffd” could not be repaired",
    )


def test_a_mended_word_keeps_the_places_of_what_was_there() -> None:
    done, _ = mend_ligatures(MappedText.raw("a di\ufffderent", start=5), Vocabulary(""))
    assert done.text == "a different"
    assert done.origins == (5, 6, 7, 8, 9, 9, 10, 11, 12, 13, 14)


def test_glyphs_spaces_and_invisible_characters_are_normalised() -> None:
    raw = "o\ufb03ce\u00a0of\u2009the\u200b e\ufb00ect \ufb01ve\ufeff \u202eover\f"
    raw += "cafe\u0301 co\u00adop\u00ad\ner\x00a"
    assert normalise(MappedText.raw(raw)).text == "office of the effect five over\ncafé coop-\nera"


@pytest.mark.parametrize(
    ("lines", "paragraph"),
    [
        ("requires immu-\nnotherapies if\nsevere", "requires immunotherapies if severe"),
        ("anti-\nmitochondrial", "anti-mitochondrial"),
        ("an additional high-\nresolution CT", "an additional high-resolution CT"),
        ("a follow-\nup after long-\nterm use", "a follow-up after long-term use"),
        ("with-\nout treat-\nment", "without treatment"),
        ("cor-\nrelated with un-\ntreated disease", "correlated with untreated disease"),
        ("COVID-\n19 and SARS-\nCoV-2", "COVID-19 and SARS-CoV-2"),
        ("B-\ncells, n-\nhexane and CT-\nguided biopsy", "B-cells, n-hexane and CT-guided biopsy"),
        ("day-\nto-day, short-\nand long-term", "day-to-day, short- and long-term"),
        ("INTRO-\nDUCTION", "INTRODUCTION"),
        ("and/\nor 5\u2013\n7 days", "and/or 5\u20137 days"),
        ("an idea \u2013\nthe best", "an idea \u2013 the best"),
        ("  soft   line\n   breaks  ", "soft line breaks"),
        ("one-two-\nthree-four", "one-two-three-four"),
    ],
)
def test_lines_join_as_they_were_before_the_break(lines: str, paragraph: str) -> None:
    assert joined(lines) == paragraph


def test_a_soft_hyphen_cuts_a_word_at_the_end_of_a_line_that_is_read_by_itself() -> None:
    lines = ["after pembro\u00ad", "lizumab and auto\u00adimmune frac\u00ad ", "tion of 10\u00ad20 %"]
    vocabulary = Vocabulary("\n".join(lines))
    text = join_lines([normalise(MappedText.raw(line)) for line in lines], vocabulary).text
    assert text == "after pembrolizumab and autoimmune fraction of 10-20 %"


@pytest.mark.parametrize(
    ("lines", "paragraph", "paper"),
    [
        ("was re-\ninitiated", "was reinitiated", "It was reinitiated."),
        ("was re-\ninitiated", "was re-initiated", "It was re-initiated."),
        ("extra-\nmuscular", "extra-muscular", "rare extra-muscular signs"),
        ("triamcinolone-\nassisted", "triamcinolone-assisted", "Triamcinolone was given."),
        ("cardiomyo-\npathy", "cardiomyopathy", "a pathy of the heart"),
    ],
)
def test_the_papers_own_spelling_decides_on_a_hyphen(lines: str, paragraph: str, paper: str) -> None:
    assert joined(lines, paper) == paragraph


@pytest.mark.parametrize(
    ("text", "split", "reported"),
    [
        (
            "IVIG andmycophenolate; mycophenolate again",
            "IVIG and mycophenolate; mycophenolate again",
            "and mycophenolate",
        ),
        ("chest CTapproximately as the CT", "chest CT approximately as the CT", "CT approximately"),
        ("CT1.5 years before CT", "CT 1.5 years before CT", "CT 1.5"),
        ("most ofthe cases", "most of the cases", "of the"),
        ("after therapy.We present it [3].The case", "after therapy. We present it [3]. The case", ""),
    ],
)
def test_joined_words_are_split_and_reported(text: str, split: str, reported: str) -> None:
    note = f"“{reported.replace(' ', '')}” was read as “{reported}”"
    assert unglued(text) == (split, (note,) if reported else ())


@pytest.mark.parametrize(
    "text",
    [
        "android, forearm, organs, tomato and inpatients",
        "DNAs, mRNAs, HLA-DQ2.5 and CD8 cells",
        "see www.Example.org, 10.1000/abc.The1 and e.g.The, vitamin D.The",
        "IL1.5 units",
    ],
)
def test_words_that_only_look_joined_stay(text: str) -> None:
    assert unglued(text, paper="roid arm gans mato patients IL") == (text, ())


def test_a_vocabulary_leaves_out_damaged_and_cut_words() -> None:
    words = Vocabulary("Whole words, a cut- \n ting and da\ufffdmaged re-entry. whole")
    assert [words.count(word) for word in ("whole", "cut", "ting", "maged", "Re-Entry")] == [2, 0, 0, 0, 1]
    assert words.known("patient")
    assert not words.known("zqxjk")


def with_joined_lines(raw: str) -> MappedText:
    starts = (0, *(at + 1 for at, character in enumerate(raw) if character == "\n"))
    lines = zip(raw.split("\n"), starts, strict=True)
    return join_lines([MappedText.raw(line, at) for line, at in lines], Vocabulary(raw))


REPAIRS: dict[str, Callable[[str], MappedText]] = {
    "normalise": lambda raw: normalise(MappedText.raw(raw)),
    "ligatures": lambda raw: mend_ligatures(MappedText.raw(raw), Vocabulary(raw))[0],
    "lines": with_joined_lines,
    "glued": lambda raw: split_glued(MappedText.raw(raw), Vocabulary(raw))[0],
}


@pytest.mark.parametrize("repair", REPAIRS)
@given(raw=EXTRACTS)
def test_every_letter_survives_in_order_with_its_place(repair: str, raw: str) -> None:
    """Plain letters and digits are neither lost nor moved; inserted ones have the place they represent."""
    done = REPAIRS[repair](raw)
    assert list(done.origins) == sorted(done.origins)
    kept = Counter(pair for pair in zip(done.text, done.origins, strict=True) if plain(raw, pair[1]))
    for at, character in enumerate(raw):
        if plain(raw, at):
            assert kept.pop((character, at)) == 1
    assert all(
        not character.isalnum() for character, _ in kept
    )  # only separators were inserted beside letters


def plain(raw: str, at: int) -> bool:
    """Return whether every repair must keep the character."""
    return raw[at].isascii() and raw[at].isalnum() and raw[at + 1 : at + 2] != "\u0301"


@given(EXTRACTS)
def test_whole_repairs_leave_no_strange_characters(raw: str) -> None:
    done = normalise(MappedText.raw(raw))
    assert not set(done.text) & set("\ufb00\ufb01\ufb02\ufb03\u00ad\u00a0\u200b\f\ufeff")
    assert normalise(done).text == done.text
    assert done.text.count(LOST) == raw.count(LOST)
