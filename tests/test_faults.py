"""The table of faults in docs/explanation/reliability.md: each row has its tests."""

from __future__ import annotations

import re
from pathlib import Path

#: Rows whose test is of no worth unless it is shown to fail without the safeguard.
WITH_CONTROLS = {1, 2, 5, 6, 16}


def test_every_row_of_the_table_has_a_test_of_its_number(root: Path) -> None:
    table = (root / "docs" / "explanation" / "reliability.md").read_text(encoding="utf-8")
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    sources = [path.read_text(encoding="utf-8") for path in (root / "tests").glob("test_faults_*.py")]
    names = re.findall(r"^def test_fault_(\d+)_(\w+)", "\n".join(sources), re.MULTILINE)
    assert rows == set(range(1, 17)) == {int(number) for number, _ in names}
    assert {int(number) for number, name in names if "control" in name} == WITH_CONTROLS
