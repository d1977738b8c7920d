"""Puts what stands at the top of a checkout into the wheel, where ``qa/files/resources.py`` finds it.

A hook and no ``force-include`` table: that one acts on editable installs too and would leave
copies of the app and the seeds in site-packages beside the checkout they came from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_BUNDLE = ("app.py", ".streamlit/config.toml", "seeds")


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # its configuration is not used
    """Adds the bundle to every wheel that is not editable."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Say which files go where; ``version`` is "standard" or "editable"."""
        if version != "editable":
            for name in _BUNDLE:
                build_data["force_include"][str(Path(self.root, name))] = f"qa/_bundle/{name}"
