"""Adds the app and the seed papers to the wheel, where ``qa/files/resources.py`` finds them.

This is a hook because a ``force-include`` table also applies to editable installs, where it would
leave copies in site-packages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_BUNDLE = ("app.py", ".streamlit/config.toml", "seeds")


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # the configuration type is not used
    """Adds the bundle to every wheel that is not editable."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the bundle to the wheel; ``version`` is "standard" or "editable"."""
        if version != "editable":
            for name in _BUNDLE:
                build_data["force_include"][str(Path(self.root, name))] = f"qa/_bundle/{name}"
