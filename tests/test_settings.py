"""The settings of the chat: this machine only, no telemetry, readable in light and dark themes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

#: Least contrast of text, and of what is no text but must be told apart (WCAG 2.2, 1.4.3 and 1.4.11).
TEXT, SHAPE = 4.5, 3.0
CAPTION = 0.6  # Streamlit draws captions and placeholders at 60 % of the text's colour


@pytest.fixture(scope="module")
def settings(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_served_safely(settings: dict[str, Any]) -> None:
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["enableXsrfProtection"] is True
    assert settings["server"]["enableCORS"] is True
    assert settings["server"]["maxUploadSize"] == 50
    assert settings["server"]["fileWatcherType"] == "none"
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"


def test_every_option_is_one_that_streamlit_has(settings: dict[str, Any]) -> None:
    from streamlit import config

    known = config.get_config_options().keys()
    assert {name for name in _flat(settings) if name not in known} == set()


def test_fonts_are_those_that_streamlit_ships(settings: dict[str, Any]) -> None:
    theme = settings["theme"]
    assert {theme["font"], theme["headingFont"], theme["codeFont"]} <= {"sans-serif", "serif", "monospace"}
    assert "fontFaces" not in theme


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(settings: dict[str, Any], scheme: str) -> None:
    theme = settings["theme"][scheme]
    for background in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], background) >= TEXT
        assert contrast(mixed(theme["textColor"], background, CAPTION), background) >= TEXT
        assert contrast(theme["linkColor"], background) >= TEXT
        assert contrast(theme["primaryColor"], background) >= SHAPE
    assert contrast("#ffffff", theme["primaryColor"]) >= TEXT  # the label of a button


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert mixed("#000000", "#ffffff", 0.6) == "#666666"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours ``#rrggbb``, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(front: str, back: str, share: float) -> str:
    """Return the colour seen where ``front`` covers ``back`` with the given opacity."""
    pairs = zip(_channels(front), _channels(back), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    shares = [value / 255 for value in _channels(colour)]
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _flat(table: dict[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        names += _flat(value, f"{name}.") if isinstance(value, dict) else [name]
    return names
