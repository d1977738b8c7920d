"""The terminal of ``loccit eval new``: asks for a question, and for the sentences that answer it."""

from __future__ import annotations

from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable, Sequence
from itertools import count
from textwrap import fill, wrap

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document as Typed
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, VSplit, Window

from evals.collect.candidates import Sentence
from evals.collect.marking import ABSENT, Decision, Marking
from qa.show.terminal import visible

#: Lines of the sentence in full, of the list at least, and of all else.
_WHOLE, _LEAST, _REST = 7, 6, 5
_DIM, _HEADING = "fg:ansibrightblack", "bold"
_NO_BREAK = "\N{NO-BREAK SPACE}"
#: The least needed last: a narrow terminal shows the first ones.
_KEYS = (
    *("↑↓ move", "Enter save", "type to search the papers", "n Enter: not in the papers"),
    *("q Enter: end", "Tab mark several", "Esc skip"),
)
_ASK_KEYS = ("Type a question, then Enter", "q Enter: end", "Tab takes the suggestion", "↑↓ others")
#: Seconds to wait after Esc for the rest of an arrow key.
_ESCAPE = 0.05
#: Seconds without a typed key after which a search begins.
_PAUSE = 0.2


def ask_question(title: str, suggested: Sequence[str]) -> str | None:
    """Return the question typed, or one of the suggested ones if it is taken with Tab; None to end.

    Suggestions are shown one at a time; the arrow keys show others.
    """
    keys = KeyBindings()
    at = [0]

    def shown() -> str:
        return visible(suggested[at[0] % len(suggested)]) if suggested else ""

    @keys.add("tab")
    def _(event: KeyPressEvent) -> None:
        if not event.current_buffer.text:
            event.current_buffer.document = Typed(shown())

    @keys.add("up")
    @keys.add("down")
    def _(event: KeyPressEvent) -> None:
        at[0] += 1 if event.key_sequence[0].key == "down" else -1

    session: PromptSession[str] = PromptSession(
        f"{title}\n> ",
        key_bindings=keys,
        placeholder=lambda: [(_DIM, shown())],
        bottom_toolbar=lambda: wrapped(_ASK_KEYS, _room()[1]),
    )
    try:
        typed = session.prompt().strip()
    except EOFError:
        return None
    return None if typed in ("q", "Q") else typed


def mark(question: str, marking: Marking) -> Decision:
    """Let the user mark what answers ``question``; the marks are in ``marking``."""
    app: Application[Decision] = Application(
        Layout(_body(question, marking)), key_bindings=_keys(marking), erase_when_done=True
    )
    app.ttimeoutlen = _ESCAPE
    return app.run()


def _body(question: str, marking: Marking) -> HSplit:
    typed = Buffer(multiline=False, on_text_changed=_typing(marking))
    box = VSplit([Window(FormattedTextControl("Search: "), width=8), Window(BufferControl(typed), height=1)])
    return HSplit(
        [
            _text(lambda: [("bold", visible(question))], wrap=True),
            _text(lambda: listed(marking, *_room())),
            _text(lambda: _whole(marking.highlighted)),
            box,
            _text(lambda: _hint(marking, _room()[1])),
        ]
    )


def _typing(marking: Marking) -> Callable[[Buffer], None]:
    """Return what takes the text typed, and searches for it once typing pauses."""
    due: list[TimerHandle] = []

    def typed(buffer: Buffer) -> None:
        app = get_app()

        def search() -> None:
            marking.look()
            app.invalidate()

        marking.type(buffer.text)
        while due:
            due.pop().cancel()
        due.append(get_running_loop().call_later(_PAUSE, search))

    return typed


def _room() -> tuple[int, int]:
    """Return the lines of the list, and the columns of the terminal: text fills one less, and needs one."""
    size = get_app().output.get_size()
    return max(size.rows - _WHOLE - _REST, _LEAST), max(size.columns, 2)


def _text(of: Callable[[], StyleAndTextTuples], *, wrap: bool = False) -> Window:
    return Window(FormattedTextControl(of), wrap_lines=wrap, dont_extend_height=True)


def _keys(marking: Marking) -> KeyBindings:
    keys = KeyBindings()

    def act(key: str, does: Callable[[], Decision | None]) -> None:
        @keys.add(key, eager=True)
        def _(event: KeyPressEvent) -> None:
            if (decision := does()) is not None:
                event.app.exit(result=decision)
            elif event.current_buffer.text != marking.typed:
                event.current_buffer.reset()

    act("up", lambda: marking.move(-1))
    act("down", lambda: marking.move(1))
    act("pageup", lambda: marking.move(-_LEAST))
    act("pagedown", lambda: marking.move(_LEAST))
    act("tab", marking.toggle)
    act("enter", marking.enter)
    act("escape", marking.escape)

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt)

    @keys.add("c-d")
    def _(event: KeyPressEvent) -> None:
        event.app.exit(result=Decision.END)

    return keys


def listed(marking: Marking, room: int, width: int) -> StyleAndTextTuples:
    """Return ``room`` lines around the highlight, one for each paper and one for each of its sentences."""
    lines: list[tuple[str, str]] = []
    where = 0
    for number, one in zip(count(), marking.rows):
        if number == 0 or one.document.id != marking.rows[number - 1].document.id:
            lines.append((_HEADING, one.document.name))
        if number == marking.at:
            where = len(lines)
        style = "reverse" if number == marking.at else ""
        lines.append((style, f"{'✓' if one in marking.marked else ' '} {one.text}"))
    if not lines:
        lines.append(("", "No sentence has these words."))
    return [(style, f"{_cut(visible(text), width)}\n") for style, text in _window(lines, where, room)]


def _window(lines: list[tuple[str, str]], where: int, room: int) -> list[tuple[str, str]]:
    """Return ``room`` lines around the one at ``where``, with how many sentences are above and below."""
    first = min(max(where - room // 2, 0), max(len(lines) - room, 0))
    seen = lines[first : first + room]
    # A count takes the place of a line and counts it; the highlighted line is in the middle then.
    if first > 0:
        seen[0] = _DIM, f"↑ {_sentences(lines[: first + 1])} more above"
    if first + room < len(lines):
        seen[-1] = _DIM, f"↓ {_sentences(lines[first + room - 1 :])} more below"
    return seen


def _sentences(lines: Sequence[tuple[str, str]]) -> int:
    return sum(style != _HEADING for style, _ in lines)


def _cut(text: str, width: int) -> str:
    return text if len(text) < width else f"{text[: width - 2]}…"


def _whole(one: Sentence | None) -> StyleAndTextTuples:
    """Return the highlighted sentence in full, with its place and what stands around it."""
    if one is None:
        return []
    width = _room()[1] - 1
    before, after = one.around
    heading = f"{'─' * 20} {one.document.source} · {one.place}"
    parts = ((_DIM, heading), (_DIM, f"… {before}"), ("", one.text), (_DIM, f"{after} …"))
    return [(style, f"{fill(visible(text), width)}\n") for style, text in parts]


def _hint(marking: Marking, width: int) -> StyleAndTextTuples:
    """Return what the keys do now, and why the last one did nothing."""
    if marking.command:
        absent = marking.typed.strip() == ABSENT
        does = "the papers do not answer this question" if absent else "end the session"
        return [(_DIM, fill(f"Enter: {does}. Type on to search for a word.", width - 1))]
    marks = (f"{len(marking.marked)} marked: Enter saves",) if marking.marked else ()
    said: StyleAndTextTuples = [("fg:ansiyellow", f"{marking.message}\n")] if marking.message else []
    return [*said, (_DIM, wrapped((*marks, *_KEYS), width))]


def wrapped(hints: Sequence[str], width: int) -> str:
    """Return ``hints`` in up to three lines shorter than ``width``, none broken; the last may go."""
    whole = f"{_NO_BREAK}· ".join(one.replace(" ", _NO_BREAK) for one in hints)
    lines = wrap(whole, max(width - 1, 1), max_lines=3, placeholder="", break_long_words=False)
    return "\n".join(lines).replace(_NO_BREAK, " ").removesuffix(" ·")
