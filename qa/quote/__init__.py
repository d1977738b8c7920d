"""Ranked sentences to checked citations, or the reasons why there are none."""
