"""Who asks for the same at the same time shares one answer."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pktvisor.api.shared import SharedAnswers


class Maker:
    """Makes answers when it is let go; says how many it has made of what."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.made: list[str] = []

    def __call__(self, key: str) -> str:
        assert self.let_go.wait(10)
        self.made.append(key)
        if key == "bad":
            raise LookupError(key)
        return f"{key} {len(self.made)}"


async def asked(answers: SharedAnswers[str, str], *keys: str) -> list[asyncio.Task[str]]:
    tasks = [asyncio.ensure_future(answers.get(key)) for key in keys]
    await asyncio.sleep(0)  # until all have asked
    return tasks


def test_forty_that_ask_at_once_cost_one_answer_and_the_next_gets_a_new_one() -> None:
    maker = Maker()

    async def ask() -> tuple[set[str], str]:
        answers = SharedAnswers(maker)
        tasks = await asked(answers, *["a"] * 40)
        maker.let_go.set()
        return set(await asyncio.gather(*tasks)), await answers.get("a")

    assert asyncio.run(ask()) == ({"a 1"}, "a 2")


def test_answers_to_different_questions_are_not_mixed_up() -> None:
    maker = Maker()
    maker.let_go.set()

    async def ask() -> list[str]:
        return await asyncio.gather(*await asked(SharedAnswers(maker), "a", "b"))

    assert {answer[0] for answer in asyncio.run(ask())} == {"a", "b"}


def test_one_who_leaves_takes_the_answer_from_nobody() -> None:
    maker = Maker()

    async def ask() -> str:
        first, second = await asked(SharedAnswers(maker), "a", "a")
        first.cancel()
        maker.let_go.set()
        return await second

    assert asyncio.run(ask()) == "a 1"


def test_all_who_asked_hear_of_a_failure_and_it_is_not_kept() -> None:
    maker = Maker()
    maker.let_go.set()

    async def ask() -> None:
        answers = SharedAnswers(maker)
        for task in await asked(answers, "bad", "bad"):
            with pytest.raises(LookupError):
                await task
        with pytest.raises(LookupError):
            await answers.get("bad")

    asyncio.run(ask())
    assert maker.made == ["bad", "bad"]
