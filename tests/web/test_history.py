"""Conversations kept for a reload: per owner, the least recently used dropped first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from qa.conversation import Conversation
from qa.web.server import name_browser
from qa.web.state import Chat, History, Turn

if TYPE_CHECKING:
    from qa.answer import Answerer


def _asked(question: str) -> Chat:
    return Chat(turns=[Turn("1", question, None)])


def test_only_the_owner_finds_a_conversation() -> None:
    history = History()
    mine = _asked("mine")
    history.keep("me", mine)
    assert history.find("me", mine.key) is mine
    assert history.find("you", mine.key) is None
    assert history.find("", mine.key) is None
    assert history.of("you") == []


def test_a_follow_up_continues_the_answered_questions(answerer: Answerer) -> None:
    assert _asked("Failed?").conversation == Conversation()
    first, after_first = Conversation().ask(answerer, "What was the woman's LDH on admission?")
    second, after_second = after_first.ask(answerer, "And her procalcitonin?")
    turns = [
        Turn("1", first.question, first),
        Turn("2", "Failed?", None),
        Turn("3", second.question, second),
    ]
    assert Chat(turns=turns[:2]).conversation == after_first
    assert Chat(turns=turns).conversation == after_second


def test_nothing_is_kept_without_an_owner() -> None:
    history = History()
    nobody = _asked("whose?")
    history.keep("", nobody)
    assert history.find("", nobody.key) is None
    assert history.of("") == []


def test_the_least_recently_used_conversation_is_dropped() -> None:
    history = History(kept=2)
    first, second, third = _asked("1"), _asked("2"), _asked("3")
    history.keep("me", first)
    history.keep("me", second)
    history.find("me", first.key)
    history.keep("me", third)
    assert history.of("me") == [third, first]


def test_a_browser_gets_one_random_cookie_hidden_from_scripts() -> None:
    ((name, value),) = name_browser(b"other=1")
    assert name == b"set-cookie"
    assert b"HttpOnly" in value
    assert b"SameSite=Lax" in value
    assert b"Secure" not in value
    assert b"Secure" in name_browser(b"", secure=True)[0][1]
    token = re.match(rb"([^=]+=[^;]+)", value)
    assert token
    assert name_browser(b"a=b; " + token[1]) == []
    assert name_browser(b"")[0][1] != value


@pytest.mark.parametrize(
    "cookies", [b"loccit-browser=", b"loccit-browser=short", b"x-loccit-browser=" + b"a" * 40]
)
def test_a_guessable_cookie_is_replaced(cookies: bytes) -> None:
    assert name_browser(cookies)
