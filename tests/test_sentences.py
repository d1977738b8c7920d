"""Sentences: the unit that is quoted must be whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.read.sentences import sentence_spans, split_sentences
from index.read.structure import Draft, Source, assemble
from index.text import BlockKind, MappedText, Span

WORDS = st.one_of(
    st.sampled_from([
        "The", "patient", "CK", "E.", "coli", "et", "al.", "Fig.", "2", "3.5", "p", "<", "0.05.", "vs.",
        "i.v.", "shown.", "[3]", "[4,5].", ".12", "(see", "Table", "1).", "“Well.”", "No.", "?", "...",
        "\u00a0", "  ",
    ]),
    st.text(max_size=6),
)  # fmt: skip


def sentences(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text)]


@pytest.mark.parametrize(
    "marked",
    [
        "Smith et al. reported it.|We agree with Smith et al.|The others do not.",
        "See Fig. 2 and Figs. 3-5.|It was given i.v. twice daily.|He got 5 mg i.v.|The next day he left.",
        "Growth of E. coli was seen.|S. aureus was absent.|No C. difficile was found.",
        "The mean was 3.5 (range 1.2-7.8) vs. 4.1 in controls.|The dose was 0.5 mg/kg.",
        "Dr. J. Smith saw No. 3 in St. Louis.|It was p < 0.05.|The rest was not.",
        "It was shown before [3].|The rest [4,5].",
        "It was shown before. [3]|The rest was not.[4,5]",
        "It was shown before.12|The rest was not.13,14|In all, 5.6 was found.1–3",
        "It was shown before. 12|The rest was not. 14",
        "It was approved in 2017.16|As shown, it works.",
        "Patients with hepatitis B.|The others had hepatitis C.|Vitamin D was low.",
        "The optic disc.|Acquired loss followed.|He went to bed rest.|Non-steroidal drugs helped.",
        "Pressure was 82/46 mmHg.|Notably, a rash was found.|Then 600 s.|The layer was 25 °C.|It rose.",
        "It took 30 min.|A sample was 5 mL.|CK was 9641 U/L.|Hb 12 g/dl.|He was stable.",
        "We used SPSS version 21.0 (IBM Corp., Armonk, NY, USA).|Values of p<.05 were significant.",
        "He was seen (see Fig. 2. The arrow shows it) by us.|Next came she.",
        "mTOR was raised.|p53 was not.|miR-21 was up.|α-Fetoprotein was normal.|pH was 7.2.",
        "Mr. S continued clozapine.|He lived in the U.S.|The drug was sold in the U.S. market.|It works.",
        "At 8 a.m. he came.|At 9 p.m.|He left.|The U.S. Food and Drug Administration approved.",
        "Approx. 5 g was used, i.e. 3 g, e.g. NaCl, cf. Table 2.|Done.",
        "Figure 1. Chest radiograph of the patient.|The arrow shows a mass.",
        "1. Previous low back pain.|2. Previous surgery.",
        "Was it so?|No!|It was not.",
        "“He was well.”|The end.|(We did not test this.)|It was late.",
        "The trial (NCT01234) ended in Dec. 2010.|It began in Jan. 2009.|It ended in Dec.|The rest followed.",
        "Inj. Ceftriaxone 1 g and Tab. Prednisolone were given.|Well.",
        "Strain Bacillus sp. ABC1 and B. subtilis subsp. subtilis grew.|None was Listeria spp.|We stopped.",
        "He had no.|The other had yes.|Alkaloids, flavonoids, etc.|Others were found.",
        "The level was 12.0 μg/L (+/-25.2 SD).|These remained.",
        "HbA1c was 7.2%.|BMI was 35 kg/m2.|Reflexes were +2/4.|There was none.",
        "Results are mean ± S.D. of three.|Means with S.E.M. are shown.|It was 5 ± 2 S.D.|The rest was not.",
        "DNA was from Takara Co. Ltd. (Dalian, China).|Others were from Merck Co., Inc.|We tested.",
        "The titre was 1 : 80.|IL-6 and TNF-α.|Both were raised in group A.|They were (1) fever.|(2) cough.",
    ],
)
def test_borders_by_hand(marked: str) -> None:
    assert sentences(marked.replace("|", " ")) == marked.split("|")


@given(st.lists(WORDS, max_size=30).map(" ".join))
def test_sentences_cover_all_but_white_space_once_and_in_order(text: str) -> None:
    spans = split_sentences(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(span.of(text) == span.of(text).strip() != "" for span in spans)
    covered = {i for span in spans for i in range(span.start, span.end)}
    assert all(i in covered for i, character in enumerate(text) if not character.isspace())


def test_a_paragraph_longer_than_a_window_is_cut_as_its_parts_are() -> None:
    part = "The patient was well. He took 5 mg i.v. twice, see Fig. 2. It was shown before [3]. "
    assert sentences(part * 600) == sentences(part) * 600


@pytest.mark.parametrize(
    "text", ['".' * 25_000, "Fig. " * 10_000, "(a. " * 10_000, "x" * 100_000, "A. " * 10_000]
)
def test_hostile_paragraphs_are_split_completely(text: str) -> None:
    assert "".join(sentences(text)).replace(" ", "") == text.replace(" ", "")


def test_rows_and_content_are_quoted_and_nothing_else() -> None:
    rows = ((Span(0, 4), Span(5, 10)), (Span(11, 13), Span(14, 18)))
    table = Draft(BlockKind.TABLE, MappedText.raw("Test\tValue\nCK\t9641"), rows=rows, header_rows=1)
    kinds = [kind for kind in BlockKind if kind is not BlockKind.TABLE]
    drafts = [Draft(kind, MappedText.raw(f"A {kind} one. And two.")) for kind in kinds]
    document = assemble(Source(b"x", "x.txt", "text"), [*drafts, table])
    quoted = [span.of(document.text) for _, span in sentence_spans(document)]
    texts = [f"A {kind} one." for kind in ("paragraph", "caption", "note")]
    assert quoted == [part for text in texts for part in (text, "And two.")] + ["CK\t9641"]
