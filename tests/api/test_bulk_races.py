"""Two systems that store the same rows at once: each waits for the other, and no update of either is lost."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from assets.models import Placement
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
ROWS, ROUNDS = 40, 4


def test_two_calls_on_the_same_rows_neither_lose_an_update_nor_block_each_other(publiacqua, call):
    asset = factories.asset(publiacqua, "publiacqua-pali")
    for number in range(0, ROWS, 2):
        factories.placement(asset, f"P{number}", address="", district="")
    together = Barrier(2)

    def store(field: str, numbers, token: str) -> list[tuple[int, object]]:
        answers = []
        try:
            for turn in range(1, ROUNDS + 1):
                rows = [{"asset": asset.code, "code": f"P{number}", field: str(turn)} for number in numbers]
                together.wait(timeout=20)
                answer = call(token).post("/api/v1/placements/bulk", {"rows": rows})
                answers.append((answer.status_code, answer.json()))
        finally:
            connection.close()
        return answers

    tokens = [factories.credential(publiacqua, "write") for _system in range(2)]
    with ThreadPoolExecutor(2) as systems:
        one = systems.submit(store, "address", range(ROWS), tokens[0])
        other = systems.submit(store, "district", range(ROWS - 1, -1, -1), tokens[1])
        answers = one.result() + other.result()
    assert {status for status, _body in answers} == {200}, answers
    stored = list(Placement.objects.values_list("address", "district"))
    assert stored == [(str(ROUNDS), str(ROUNDS))] * ROWS
    created = sum(body["counts"]["created"] for _status, body in answers)
    assert created == ROWS // 2
