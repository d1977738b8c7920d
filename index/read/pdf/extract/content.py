"""Extracts the text of a PDF page with its places by walking pypdf's content streams.

pypdf gives the parsed operators and the fonts; the graphics state is followed
here (ISO 32000-2, 8.4 and 9.3 to 9.4), because every glyph's exact place is
needed to tell words, columns and tables apart. Runs in the child process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, NameObject, StreamObject

from index.read.pdf.extract.canvas import Box, around, white
from index.read.pdf.extract.fonts import Face, load_face, number
from index.read.pdf.extract.glyphs import RIGHT_TO_LEFT, UNREADABLE
from index.read.pdf.extract.pieces import ARTIFACT, HIDDEN, Collector, Style

Matrix = tuple[float, float, float, float, float, float]
UNIT: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
#: Forms and pictures that a page shows at most, and how deep forms contain each other.
MOST_FORMS = 5_000
DEEPEST_FORM = 12


@dataclass(slots=True)
class State:
    """The part of the graphics state that places text and shows it."""

    ctm: Matrix = UNIT
    font: Face | None = None
    size: float = 1.0
    spacing: float = 0.0
    word_spacing: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    render: float = 0.0
    clip: Box | None = None  #: on the upright page
    white: bool = False  #: the colour of fills
    tint: bool = False  #: whether the colour space counts ink: 0 is white
    opaque: bool = True


class Interpreter:
    """Walks the content of one page and hands every glyph to a ``Collector``."""

    def __init__(self, pdf: Any, collector: Collector, faces: dict[object, Face]) -> None:  # noqa: ANN401
        self.pdf = pdf
        self.collector = collector
        self.faces = faces  #: fonts already loaded, by object number, kept over the pages
        self.forms = 0

    def walk(
        self,
        content: Any,  # noqa: ANN401
        resources: Any,  # noqa: ANN401
        base: Matrix,
        depth: int = 0,
        clip: Box | None = None,
    ) -> None:
        """Carry out one content stream; ``base`` maps it to the upright page, ``clip`` shows."""
        stream = content if isinstance(content, ContentStream) else ContentStream(content, self.pdf, "bytes")
        resources = resources.get_object() if resources is not None else None
        if not isinstance(resources, DictionaryObject):
            resources = DictionaryObject()
        _Walk(self, resources, State(ctm=base, clip=clip), depth).carry_out(stream.operations)

    def face(self, resources: DictionaryObject, name: object) -> Face | None:
        """Return the font that ``resources`` calls ``name``, or None."""
        fonts = _entry(resources, "/Font")
        if name not in fonts:
            return None
        reference = fonts.raw_get(name)
        key = getattr(reference, "idnum", None) or id(reference)
        if key not in self.faces:
            resource = reference.get_object()
            if not isinstance(resource, DictionaryObject):
                return None
            self.faces[key] = load_face(resource)
        return self.faces[key]


class _Walk:
    """The state during one content stream."""

    def __init__(self, owner: Interpreter, resources: DictionaryObject, state: State, depth: int) -> None:
        self.owner = owner
        self.resources = resources
        self.depth = depth
        self.state = state
        self.path: list[tuple[float, float]] = []  #: corners of the current path, on the page
        self.stack: list[State] = []
        self.tm = self.line = UNIT
        self.marks: list[bool] = []  #: for each open marked content: is it an artifact
        self.actual: list[str] | None = None  #: replacement text still to be shown
        self.actual_depth = 0

    def carry_out(self, operations: list[tuple[Any, bytes]]) -> None:
        for operands, operator in operations:
            if handler := _HANDLERS.get(operator):
                handler(self, operands)
            elif name := _VALUES.get(operator):
                value = number(operands[0] if operands else 0)
                setattr(self.state, name, value / 100 if name == "scale" else value)

    # Operators. Operands of the wrong kind or number count as zero, as viewers do.

    def save(self, _: list[Any]) -> None:
        if len(self.stack) < 1_000:
            self.stack.append(replace(self.state))

    def restore(self, _: list[Any]) -> None:
        if self.stack:
            self.state = self.stack.pop()

    def concat(self, operands: list[Any]) -> None:
        self.state.ctm = _times(_matrix(operands), self.state.ctm)

    def begin(self, _: list[Any]) -> None:
        self.tm = self.line = UNIT

    def set_font(self, operands: list[Any]) -> None:
        if len(operands) < 2:
            return
        self.state.size = number(operands[1], self.state.size)
        try:
            self.state.font = self.owner.face(self.resources, operands[0])
        except (MemoryError, RecursionError):
            raise
        except Exception:
            self.state.font = None

    def move(self, operands: list[Any]) -> None:
        x, y = (number(value) for value in (*operands, 0, 0)[:2])
        self.line = self.tm = _times((1.0, 0.0, 0.0, 1.0, x, y), self.line)

    def move_leading(self, operands: list[Any]) -> None:
        self.state.leading = -number(operands[1] if len(operands) > 1 else 0)
        self.move(operands)

    def set_matrix(self, operands: list[Any]) -> None:
        self.line = self.tm = _matrix(operands)

    def next_line(self, _: list[Any]) -> None:
        self.move([0, -self.state.leading])

    def show(self, operands: list[Any]) -> None:
        if operands and isinstance(operands[-1], (bytes, str)):
            self._show(operands[-1])

    def show_many(self, operands: list[Any]) -> None:
        if not operands or not isinstance(operands[0], (list, tuple)):
            return
        for item in operands[0]:
            if isinstance(item, (bytes, str)) and not isinstance(item, NameObject):
                self._show(item)
            elif isinstance(item, (int, float)):
                self._advance(-number(item) / 1000 * self.state.size * self.state.scale)

    def quote(self, operands: list[Any]) -> None:
        self.next_line([])
        self.show(operands)

    def double_quote(self, operands: list[Any]) -> None:
        if len(operands) >= 3:
            self.state.word_spacing = number(operands[0])
            self.state.spacing = number(operands[1])
        self.quote(operands)

    def begin_mark(self, operands: list[Any]) -> None:
        tag = operands[0] if operands else ""
        properties: Any = operands[1] if len(operands) > 1 else None
        if isinstance(properties, NameObject):
            properties = _entry(self.resources, "/Properties").get(properties)
        properties = properties.get_object() if hasattr(properties, "get_object") else properties
        artifact = tag == "/Artifact" and isinstance(properties, dict)
        self.marks.append(artifact and properties.get("/Type") == "/Pagination")
        if isinstance(properties, dict) and "/ActualText" in properties and self.actual is None:
            text = properties["/ActualText"]
            self.actual = [_unicode(text)] if isinstance(text, (str, bytes)) else None
            self.actual_depth = len(self.marks)

    def end_mark(self, _: list[Any]) -> None:
        if len(self.marks) == self.actual_depth:
            self.actual, self.actual_depth = None, 0
        if self.marks:
            self.marks.pop()

    def form(self, operands: list[Any]) -> None:
        owner = self.owner
        table = _entry(self.resources, "/XObject")
        if not operands or operands[0] not in table:
            return
        form: Any = table[operands[0]].get_object()
        owner.forms += 1
        kind = form.get("/Subtype") if isinstance(form, StreamObject) else None
        if kind == "/Image":
            self.image([])
        if kind != "/Form" or owner.forms > MOST_FORMS or self.depth >= DEEPEST_FORM:
            return
        base = _times(_matrix(form.get("/Matrix") or UNIT), self.state.ctm)
        clip = self.state.clip
        box = form.get("/BBox")
        if isinstance(box, ArrayObject) and len(box) == 4:
            x0, y0, x1, y1 = map(number, box)
            clip = _cut(clip, [mapped(base, x, y) for x, y in ((x0, y0), (x1, y0), (x0, y1), (x1, y1))])
        owner.walk(form, form.get("/Resources") or self.resources, base, self.depth + 1, clip)

    def image(self, _: list[Any]) -> None:
        corners = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
        self.owner.collector.paint(around(mapped(self.state.ctm, x, y) for x, y in corners))

    def shade(self, _: list[Any]) -> None:
        page = self.owner.collector
        page.canvas.fill(self.state.clip or (0.0, 0.0, page.width, page.height), white=False)

    # Colours: only whether a fill is white.

    def colour(self, operands: list[Any]) -> None:
        components = [float(value) for value in operands if isinstance(value, (int, float))]
        if len(components) != len(operands):  # a pattern
            self.state.white = False
        elif self.state.tint:
            self.state.white = max(components, default=1.0) <= 0.03
        else:
            self.state.white = white(components)

    def device_colour(self, operands: list[Any]) -> None:
        self.state.tint = False
        self.colour(operands)

    def space(self, operands: list[Any]) -> None:
        name = operands[0] if operands else ""
        space = _entry(self.resources, "/ColorSpace").get(name, name)
        space = space.get_object() if hasattr(space, "get_object") else space
        kind = space[0] if isinstance(space, ArrayObject) and space else space
        self.state.tint = kind in ("/Separation", "/DeviceN")
        self.state.white = False  # the first colour of every space is black or full ink

    def graphics(self, operands: list[Any]) -> None:
        named = _entry(self.resources, "/ExtGState")
        values = named[operands[0]].get_object() if operands and operands[0] in named else None
        if isinstance(values, DictionaryObject) and "/ca" in values:
            self.state.opaque = number(values["/ca"], 1.0) > 0.02

    # Paths: what they clip and fill.

    def rectangle(self, operands: list[Any]) -> None:
        x, y, w, h = (number(value) for value in (*operands, 0, 0, 0, 0)[:4])
        self._corners((x, y), (x + w, y), (x, y + h), (x + w, y + h))

    def line_to(self, operands: list[Any]) -> None:
        values = [number(value) for value in operands]
        self._corners(*zip(values[::2], values[1::2], strict=False))

    def _corners(self, *points: tuple[float, float]) -> None:
        if len(self.path) < 10_000:
            self.path += [mapped(self.state.ctm, x, y) for x, y in points]

    def clip_to(self, _: list[Any]) -> None:
        if self.path:
            self.state.clip = _cut(self.state.clip, self.path)

    def end_path(self, _: list[Any]) -> None:
        self.path = []

    def fill(self, _: list[Any]) -> None:
        if self.path and self.state.opaque:
            box = _cut(self.state.clip, self.path)
            self.owner.collector.canvas.fill(box, white=self.state.white)
        self.path = []

    # Glyphs.

    def _advance(self, distance: float) -> None:
        a, b, c, d, e, f = self.tm
        self.tm = (a, b, c, d, e + distance * a, f + distance * b)

    def _unseen(self) -> bool:
        """Return whether text painted now cannot be seen: no paint, no opacity, or white on white."""
        state = self.state
        mode = int(state.render)
        if mode in (3, 7) or not state.opaque:
            return True
        if not state.white or mode not in (0, 4):
            return False
        # The middle of the first letter, roughly.
        middle = mapped(_times(self.tm, state.ctm), 0.25 * state.size, 0.25 * state.size)
        return self.owner.collector.canvas.white_at(*middle)

    def _show(self, data: bytes | str) -> None:
        state, face = self.state, self.state.font
        if isinstance(data, str):
            data = data.encode("latin-1", "replace")
        glyphs = face.decode(data) if face else [(UNREADABLE, 0.5, False)] * len(data)
        face = face or _MISSING
        flags = face.flags | (ARTIFACT if True in self.marks else 0)
        style = Style(face.name, flags | HIDDEN if self._unseen() else flags, face.space)
        for text, width, is_space in glyphs:
            if self.actual is not None:
                text = self.actual.pop() if self.actual else ""
            if len(text) > 1 and len(RIGHT_TO_LEFT.findall(text)) == len(text):
                text = text[::-1]  # a ligature, in the order in which it is seen, as all glyphs are
            wide = width * state.size * state.scale
            m = _times(self.tm, state.ctm)
            x, y = mapped(m, wide / 2, 0.0)  # the middle on the baseline, with room for rounding
            clip = state.clip
            if not clip or (clip[0] - 2 <= x <= clip[2] + 2 and clip[1] - 3 <= y <= clip[3] + 3):
                em = state.size * face.unit * 1000
                self.owner.collector.glyph(text, m, em, state.rise, wide, style)
            spacing = state.spacing + state.word_spacing if is_space else state.spacing
            self._advance((width * state.size + spacing) * state.scale)


def _entry(resources: DictionaryObject, name: str) -> DictionaryObject:
    """Return the dictionary that ``resources`` hold under ``name``; empty if there is none."""
    value = resources.get(name)
    value = value.get_object() if value is not None else None
    return value if isinstance(value, DictionaryObject) else DictionaryObject()


def _times(m: Matrix, n: Matrix) -> Matrix:
    """Return the product: first ``m``, then ``n``."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _matrix(operands: Any) -> Matrix:  # noqa: ANN401
    """Return six operands as a matrix; the unit matrix for anything else."""
    values = tuple(number(value) for value in operands)[:6]
    return values if len(values) == 6 else UNIT


def mapped(m: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return the point that a matrix maps ``(x, y)`` to."""
    return x * m[0] + y * m[2] + m[4], x * m[1] + y * m[3] + m[5]


def _cut(clip: Box | None, points: list[tuple[float, float]]) -> Box:
    """Return the part of ``clip`` inside the box around ``points``."""
    box = around(points)
    if clip is None:
        return box
    return max(clip[0], box[0]), max(clip[1], box[1]), min(clip[2], box[2]), min(clip[3], box[3])


def _unicode(text: str | bytes) -> str:
    if isinstance(text, str):
        return text
    codec = "utf-16-be" if text.startswith(b"\xfe\xff") else "latin-1"
    return text.decode(codec, "replace").lstrip("\ufeff")


_MISSING = Face("", 0)
_HANDLERS = {
    b"q": _Walk.save, b"Q": _Walk.restore, b"cm": _Walk.concat, b"BT": _Walk.begin, b"Tf": _Walk.set_font,
    b"Td": _Walk.move, b"TD": _Walk.move_leading, b"Tm": _Walk.set_matrix, b"T*": _Walk.next_line,
    b"Tj": _Walk.show, b"TJ": _Walk.show_many, b"'": _Walk.quote, b'"': _Walk.double_quote,
    b"BDC": _Walk.begin_mark, b"BMC": _Walk.begin_mark, b"EMC": _Walk.end_mark, b"Do": _Walk.form,
    b"re": _Walk.rectangle, b"m": _Walk.line_to, b"l": _Walk.line_to, b"c": _Walk.line_to,
    b"v": _Walk.line_to, b"y": _Walk.line_to, b"W": _Walk.clip_to, b"W*": _Walk.clip_to,
    **dict.fromkeys((b"n", b"S", b"s"), _Walk.end_path),
    **dict.fromkeys((b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"), _Walk.fill),
    **dict.fromkeys((b"g", b"rg", b"k"), _Walk.device_colour),
    **dict.fromkeys((b"sc", b"scn"), _Walk.colour),
    b"cs": _Walk.space, b"gs": _Walk.graphics, b"sh": _Walk.shade, b"INLINE IMAGE": _Walk.image,
}  # fmt: skip
#: Operators that set one value of the state; Tz gives its scale in percent.
_VALUES = {
    b"Tc": "spacing", b"Tw": "word_spacing", b"Tz": "scale", b"TL": "leading", b"Ts": "rise", b"Tr": "render",
}  # fmt: skip
