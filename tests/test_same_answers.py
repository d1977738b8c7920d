"""Answers do not depend on the order in which a process keeps its sets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

QUESTIONS = (
    "What was the woman's CK on admission?",
    "When was mycophenolate restarted and which immunosuppressants had been stopped before?",
    "Which findings of the muscle biopsy supported the diagnosis of necrotizing myopathy?",
)


def test_two_processes_give_the_same_answers_to_the_last_digit(seed_index: Path, tmp_path: Path) -> None:
    asked = tmp_path / "questions.jsonl"
    asked.write_text("\n".join(json.dumps({"question": one}) for one in QUESTIONS), encoding="utf-8")
    command = ["from qa.cli.main import main; import sys; main(sys.argv[1:])", "ask", "--file", str(asked)]
    said = [
        subprocess.run(
            [sys.executable, "-c", *command, "--index", str(seed_index)],
            env={**os.environ, "PYTHONHASHSEED": order},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for order in ("1", "2", "3")
    ]
    answers = [[_without_times(json.loads(line)) for line in one.splitlines()] for one in said]
    assert len(answers[0]) == len(QUESTIONS)
    assert answers[0] == answers[1] == answers[2]


def _without_times(answer: dict[str, object]) -> dict[str, object]:
    receipt = answer["receipt"]
    assert isinstance(receipt, dict)
    return {**answer, "receipt": {key: value for key, value in receipt.items() if key != "seconds"}}
