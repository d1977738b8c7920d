"""The names of ``loccit eval --set``; everything else is a file or a folder."""

NAMES = (
    "seeds",
    "feedback",
    "case_reports",
    "natural",
    "conversations",
    "evidence_inference",
    "pubmedqa",
    "squad2",
)
