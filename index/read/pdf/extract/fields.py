"""Finds the values of form fields with pypdf. Runs in the child process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pypdf.generic import ArrayObject, DictionaryObject

from index.read.pdf.extract.fonts import number
from index.read.pdf.extract.forms import PASSWORD, PUSH_BUTTON, TICKED, UNSHOWN, UNTICKED

#: Fields on a page, and levels of fields in each other, at most.
_MOST, _DEEPEST = 5_000, 20


def field_values(page: DictionaryObject) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Yield the value of each form field on a page, and the corners of its place there."""
    annotations: Any = page.get("/Annots")
    annotations = annotations.get_object() if annotations is not None else None
    if not isinstance(annotations, ArrayObject):
        return
    for reference in annotations[:_MOST]:
        widget = reference.get_object()
        if not isinstance(widget, DictionaryObject) or widget.get("/Subtype") != "/Widget":
            continue
        box = widget.get("/Rect")
        value = _value(widget)
        if value and isinstance(box, ArrayObject) and len(box) == 4:
            x0, y0, x1, y1 = map(number, box)
            yield value, [(x0, y0), (x1, y0), (x0, y1), (x1, y1)]


def _value(widget: DictionaryObject) -> str:
    """Return what a field shows; empty for a button, a secret or an empty field."""
    if int(number(widget.get("/F"))) & UNSHOWN:
        return ""
    kind, flags = _inherited(widget, "/FT"), int(number(_inherited(widget, "/Ff")))
    if kind == "/Btn" and not flags & PUSH_BUTTON:
        return UNTICKED if widget.get("/AS", "/Off") == "/Off" else TICKED
    if kind not in ("/Tx", "/Ch") or flags & PASSWORD:
        return ""
    value = _inherited(widget, "/V")
    values = value if isinstance(value, ArrayObject) else [value]
    return ", ".join(str(one).strip() for one in values if isinstance(one, str))


def _inherited(field: DictionaryObject, key: str) -> Any:  # noqa: ANN401
    """Return an entry of a field, or of the fields that it is part of."""
    for _ in range(_DEEPEST):
        if key in field:
            value = field[key]
            return value.get_object() if hasattr(value, "get_object") else value
        parent = field.get("/Parent")
        field = parent.get_object() if parent is not None else DictionaryObject()
        if not isinstance(field, DictionaryObject):
            break
    return None
