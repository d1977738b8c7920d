"""What was used last is kept; sizes decide how much."""

from __future__ import annotations

import threading

from index.store.rows import Recent


def test_a_value_is_made_once_while_it_is_kept() -> None:
    kept = Recent[str](10, len)
    assert kept.get("a", lambda: "aaaa") == "aaaa"
    assert kept.get("a", lambda: "made again") == "aaaa"


def test_what_was_used_longest_ago_goes_first() -> None:
    kept = Recent[str](10, len)
    kept.get("a", lambda: "aaaa")
    kept.get("b", lambda: "bbbb")
    assert kept.get("a", lambda: "made again") == "aaaa"
    kept.get("c", lambda: "cccc")
    assert kept.get("a", lambda: "made again") == "aaaa"
    assert kept.get("b", lambda: "made again") == "made again"


def test_one_value_may_be_larger_than_all_that_is_kept() -> None:
    kept = Recent[str](3, len)
    assert kept.get("a", lambda: "aaaaaa") == "aaaaaa"
    assert kept.get("a", lambda: "made again") == "aaaaaa"


def test_threads_that_make_the_same_value_leave_the_sizes_right() -> None:
    kept = Recent[str](10, len)
    both = threading.Barrier(2)

    def make() -> str:
        both.wait(5)
        return "aaaaaaaa"

    threads = [threading.Thread(target=kept.get, args=("a", make)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.get("b", lambda: "bb")
    assert kept.get("a", lambda: "made again") == "aaaaaaaa"
