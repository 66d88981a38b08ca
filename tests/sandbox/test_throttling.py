"""Exchange's throttling: what the asker sees of it, and what is done all the same."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.asking import Ews, event
from timetable_sync.sandbox.client import SandboxRefused


@pytest.fixture(autouse=True)
def _nothing_left(ews: Ews) -> object:
    yield
    ews.sandbox.client.set_budgets(None)


def test_one_request_too_many_at_once_is_refused_without_a_hint_and_nothing_of_it_is_done(ews: Ews) -> None:
    ews.sandbox.client.set_budgets({"concurrent": 2, "whose": "application", "request_ms": 1500, "item_ms": 0})
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda number: ews.create(event(f"{number}")), range(5)))
    refused = [one for one in answers if one.status == 500]
    assert [one.fault for one in refused] == ["ErrorExceededConnectionCount"] * 3
    assert not any(one.all("//t:Value") for one in refused)
    assert len(ews.sandbox.client.events(ews.mailbox)) == 2
    found = ews.sandbox.client.budgets()
    assert (found["refused"], found["peak"], found["spent_ms"]) == ({"ErrorExceededConnectionCount": 3}, 2, 3000)


def test_a_mailbox_that_cost_too_much_is_shut_in_the_midst_of_a_batch_until_nothing_is_owed(ews: Ews) -> None:
    # In a second it gets back what 200 ms cost.
    ews.sandbox.client.set_budgets({"burst_ms": 100, "cutoff_ms": 100, "recharge_ms": 720_000, "request_ms": 50, "item_ms": 50})
    answer = ews.create(*(event(f"{number}") for number in range(5)))
    assert answer.codes == ["NoError"] * 3 + ["ErrorServerBusy"] * 2
    waits = answer.texts("//m:MessageXml/t:Value[@Name='BackOffMilliseconds']")
    assert waits == ["501", "501"]
    refused = ews.create(event("late"))
    assert (refused.status, refused.fault) == (500, "ErrorServerBusy")
    wait = int(refused.one("//t:MessageXml/t:Value[@Name='BackOffMilliseconds']").text or "")
    assert 0 < wait <= 501
    time.sleep(wait / 1000)
    assert ews.create(event("late")).codes == ["NoError"]
    assert sorted(str(one["subject"]) for one in ews.sandbox.client.events(ews.mailbox)) == ["0", "1", "2", "late"]


def test_one_mailbox_costs_another_nothing_and_without_a_policy_nothing_costs_anything(ews: Ews) -> None:
    client = ews.sandbox.client
    other = Ews(ews.sandbox, ews.token, "other@groups.example.ac.uk")
    client.add_mailbox("other@groups.example.ac.uk")
    client.set_budgets({"burst_ms": 10, "cutoff_ms": 0, "recharge_ms": 1, "request_ms": 20})
    assert ews.folder().status == 200
    assert ews.folder().fault == "ErrorServerBusy"
    assert other.folder().status == 200
    client.set_budgets(None)
    assert ews.folder().status == 200
    assert client.budgets() == {"refused": {}, "peak": 0, "spent_ms": 0}


def test_a_policy_that_is_none_is_refused(ews: Ews) -> None:
    with pytest.raises(SandboxRefused, match="a policy has no conncurrent"):
        ews.sandbox.client.set_budgets({"conncurrent": 3})
