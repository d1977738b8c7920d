"""Loaded by every Python process with this folder on its PYTHONPATH: blocks its network."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

_source = Path(__file__).parents[1] / "network.py"
_spec = importlib.util.spec_from_file_location("loccit_network_block", _source)
if _spec is None or _spec.loader is None:
    raise ImportError(f"cannot load {_source}")
_network = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _network  # dataclasses look their module up by name
_spec.loader.exec_module(_network)
_log = os.environ.get(_network.LOG_VARIABLE)
BLOCK = _network.install(Path(_log) if _log else None)
