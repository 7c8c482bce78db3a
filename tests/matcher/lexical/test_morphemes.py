"""The Korean analyser in a process of its own says what it says in this one, also after it died."""

import os
import signal
import threading

import psutil
import pytest

from matcher.lexical.morphemes import Apart, Here, apart
from matcher.lexical.terms import Terms

TEXT = '여러 줄에\n걸친 질문을 "따옴표"와 함께 물어봐도 되나요? 🙂 Kubernetes'


def test_it_says_the_same_in_a_process_of_its_own_and_begins_again_after_it_died() -> None:
    with apart() as there:
        assert there.of(TEXT) == Here().of(TEXT)
        assert Terms(there).of(TEXT) == Terms().of(TEXT)

        os.kill(there.pid, signal.SIGKILL)
        assert there.of(TEXT) == Here().of(TEXT)
        last = there.pid
    assert not psutil.pid_exists(last)


def test_a_text_that_it_refuses_is_refused_and_the_next_is_not() -> None:
    with apart() as there:
        for morphemes in (there, Here()):
            with pytest.raises(ValueError, match="codec"):
                morphemes.of("반쪽 \ud800")
        assert there.of(TEXT) == Here().of(TEXT)


def test_threads_that_ask_at_once_get_each_their_own_answer() -> None:
    texts = [f"{number}번째 질문이에요" for number in range(40)]
    found: dict[str, list[tuple[str, str]]] = {}
    with apart() as there:

        def ask(one: str) -> None:
            found[one] = there.of(one)

        threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {text: Here().of(text) for text in texts}


def test_it_ends_when_nobody_can_ask_any_more() -> None:
    there = Apart()
    there.of("한국어")
    assert there._process.stdin is not None
    there._process.stdin.close()  # as when the process that asks was killed
    assert there._process.wait(20) == 0
    there.close()
