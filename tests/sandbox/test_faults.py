"""Faults on demand: what the asker sees, and what was done all the same."""

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from lxml import etree

from tests.sandbox.asking import NS, Ews, envelope, event, set_field, token_request
from tests.sandbox_process import CertificateFiles, SandboxProcess
from timetable_sync.sandbox.client import SandboxRefused


def fault(ews: Ews, what: str, operation: str = "CreateItem", **details: Any) -> int:
    return ews.sandbox.client.set_fault({"what": what, "operation": operation, **details})


def stored(ews: Ews) -> list[str]:
    return [str(one["subject"]) for one in ews.sandbox.client.events(ews.mailbox)]


def test_busy_is_a_fault_with_a_time_to_wait(ews: Ews) -> None:
    fault(ews, "busy", backoff_ms=2500)
    answer = ews.create(event())
    assert (answer.status, answer.fault) == (500, "ErrorServerBusy")
    assert answer.one("//t:MessageXml/t:Value[@Name='BackOffMilliseconds']").text == "2500"
    assert stored(ews) == []
    assert ews.create(event()).codes == ["NoError"]


def test_busy_inside_a_good_answer_concerns_every_item(ews: Ews) -> None:
    fault(ews, "busy", inside=True, backoff_ms=100)
    answer = ews.create(event("a"), event("b"))
    assert (answer.status, answer.codes) == (200, ["ErrorServerBusy", "ErrorServerBusy"])
    assert answer.texts("//m:MessageXml/t:Value[@Name='BackOffMilliseconds']") == ["100", "100"]
    assert stored(ews) == []


@pytest.mark.parametrize("operation", ["GetFolder", "FindItem"])
def test_busy_inside_comes_in_every_operations_form(ews: Ews, operation: str) -> None:
    fault(ews, "busy", operation, inside=True)
    answer = ews.folder() if operation == "GetFolder" else ews.view("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    assert (answer.status, answer.codes) == (200, ["ErrorServerBusy"])


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
def test_a_failing_server_before_the_work(ews: Ews, status: int) -> None:
    fault(ews, "http", status=status, retry_after=7)
    answer = ews.create(event())
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Retry-After"] == "7"
    assert stored(ews) == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_server_after_the_work(ews: Ews, status: int) -> None:
    fault(ews, "http", status=status, when="after")
    assert ews.create(event("done")).status == status
    assert stored(ews) == ["done"]


def test_the_work_of_a_request_that_was_given_up_may_be_done_later(ews: Ews) -> None:
    fault(ews, "http", status=504, when="later", seconds=3600)
    assert ews.create(event("first")).status == 504
    fault(ews, "drop", when="later", seconds=3600)
    with pytest.raises(requests.ConnectionError):
        ews.create(event("second"))
    assert stored(ews) == []
    assert ews.sandbox.client.catch_up() == 2
    assert stored(ews) == ["first", "second"]
    assert ews.sandbox.client.catch_up() == 0


@pytest.mark.parametrize(("what", "operation"), [("busy", "CreateItem"), ("silence", "CreateItem"), ("http", "token"), ("drop", "graph")])
def test_what_is_never_done_later_is_refused(ews: Ews, what: str, operation: str) -> None:
    with pytest.raises(SandboxRefused, match="works later"):
        fault(ews, what, operation, when="later")


def test_without_a_time_it_is_done_only_when_it_is_told_to_be(ews: Ews) -> None:
    fault(ews, "http", status=504, when="later")
    assert ews.create(event("done")).status == 504
    assert stored(ews) == []
    assert ews.sandbox.client.catch_up() == 1
    assert stored(ews) == ["done"]


@pytest.mark.parametrize(("what", "counted"), [("silence", (1, 0)), ("slow", (0, 1))])
def test_without_a_time_an_answer_is_held_back_until_it_is_let_go(ews: Ews, what: str, counted: tuple[int, int]) -> None:
    before = ews.sandbox.client.held()
    fault(ews, what, when="after")
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(ews.create, event("done"))
        while ews.sandbox.client.held() == before:
            time.sleep(0.01)
        silent, dripping = ews.sandbox.client.held()
        assert (silent - before[0], dripping - before[1]) == counted
        assert not asked.done()
        assert stored(ews) == ["done"]
        ews.sandbox.client.let_go()
        with pytest.raises(requests.RequestException):
            asked.result()
    assert ews.create(event("next")).codes == ["NoError"]


def test_the_work_is_done_by_itself_when_its_time_has_come(ews: Ews) -> None:
    fault(ews, "http", status=504, when="later", seconds=0.05)
    ews.create(event("done"))
    tries = 0
    while not stored(ews) and tries < 200:
        tries += 1
        time.sleep(0.02)
    assert stored(ews) == ["done"]


def test_busy_after_the_work(ews: Ews) -> None:
    fault(ews, "busy", when="after")
    assert ews.create(event("done")).fault == "ErrorServerBusy"
    assert stored(ews) == ["done"]


def test_retry_after_may_be_a_date(ews: Ews) -> None:
    fault(ews, "http", status=503, retry_after=60, retry_after_date=True)
    wanted = parsedate_to_datetime(ews.create(event()).headers["Retry-After"]).timestamp()
    assert 0 < wanted - time.time() < 120


@pytest.mark.parametrize(("when", "subjects"), [("before", []), ("during", ["x"]), ("after", ["x"])])
def test_a_dropped_connection(ews: Ews, when: str, subjects: list[str]) -> None:
    fault(ews, "drop", when=when)
    with pytest.raises(requests.RequestException):
        ews.create(event("x"))
    assert stored(ews) == subjects
    assert ews.sandbox.client.log()[-1]["status"] == -1
    assert ews.create(event("y")).codes == ["NoError"]


def test_an_answer_that_is_no_xml(ews: Ews) -> None:
    fault(ews, "malformed", "FindItem")
    payload = (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ParentFolderIds>'
        '<t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>'
    )
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(ews.ask(payload).content)


def test_a_slow_answer_is_whole_all_the_same(ews: Ews) -> None:
    fault(ews, "slow", seconds=0.2)
    assert ews.create(event("x")).codes == ["NoError"]
    assert stored(ews) == ["x"]


def test_latency_comes_before_everything(ews: Ews) -> None:
    fault(ews, "latency", seconds=0.2)
    begin = time.monotonic()
    assert ews.create(event("x")).codes == ["NoError"]
    assert time.monotonic() - begin >= 0.2


def test_single_items_meet_an_error(ews: Ews) -> None:
    fault(ews, "item_error", code="ErrorQuotaExceeded", items=[1])
    assert ews.create(event("a"), event("b"), event("c")).codes == ["NoError", "ErrorQuotaExceeded", "NoError"]
    assert stored(ews) == ["a", "c"]
    fault(ews, "item_error", code="ErrorMailboxMoveInProgress")
    assert ews.create(event("d"), event("e")).codes == ["ErrorMailboxMoveInProgress"] * 2
    assert stored(ews) == ["a", "c"]


def test_the_whole_request_meets_a_fault(ews: Ews) -> None:
    fault(ews, "fault", code="ErrorInternalServerTransientError")
    assert ews.create(event()).fault == "ErrorInternalServerTransientError"
    assert stored(ews) == []


def test_items_go_missing_from_an_answer(ews: Ews) -> None:
    fault(ews, "missing_items", items=[1])
    assert len(ews.create(event("a"), event("b"), event("c")).codes) == 2
    assert stored(ews) == ["a", "b", "c"]
    fault(ews, "missing_items", "FindItem", items=[0, 2])
    view = ews.view("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    assert len(view.all("//t:ItemId")) == 1
    assert view.one("//m:RootFolder").get("TotalItemsInView") == "3"


def test_a_token_that_expired_early(ews: Ews) -> None:
    fault(ews, "expired_token", "*")
    answer = ews.create(event())
    assert answer.status == 401
    assert "WWW-Authenticate" in answer.headers
    assert ews.create(event()).status == 200


def test_an_answer_ends_in_its_midst_though_http_calls_it_whole(ews: Ews) -> None:
    fault(ews, "truncated")
    url, token = f"{ews.sandbox.url}/EWS/Exchange.asmx", f"Bearer {ews.token}"
    body = envelope(
        '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>'
        + event("x")
        + "</t:CalendarItem></m:Items></m:CreateItem>",
        mailbox=ews.mailbox,
    )
    headers = {"Content-Type": "text/xml", "Authorization": token, "X-AnchorMailbox": ews.mailbox}
    answer = requests.post(url, data=body, headers=headers, timeout=20)
    assert answer.status_code == 200
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(answer.content)
    assert stored(ews) == ["x"]


@pytest.mark.parametrize(("when", "subjects"), [("before", []), ("after", ["x"])])
def test_a_connection_that_stands_silent(ews: Ews, when: str, subjects: list[str]) -> None:
    fault(ews, "silence", when=when, seconds=0.2)
    with pytest.raises(requests.ConnectionError):
        ews.create(event("x"))
    assert stored(ews) == subjects


@pytest.mark.parametrize(("when", "subjects"), [("before", ["a"]), ("after", ["a", "b"])])
def test_the_answer_that_was_given_to_another_request(ews: Ews, when: str, subjects: list[str]) -> None:
    (first,) = ews.made(event("a"))
    fault(ews, "other_answer", when=when, of="CreateItem")
    answer = ews.create(event("b"))
    assert (answer.codes, answer.one("//t:ItemId").get("Id")) == (["NoError"], first[0])
    assert stored(ews) == subjects


def test_the_latest_answer_whatever_it_was_to(ews: Ews) -> None:
    ews.folder()
    fault(ews, "other_answer")
    assert ews.create(event("x")).all("//m:GetFolderResponseMessage")
    assert stored(ews) == []


def test_where_no_answer_was_given_yet_it_is_an_empty_listing(ews: Ews) -> None:
    ews.create(event("x"))
    fault(ews, "other_answer", "FindItem", of="GetRooms")
    view = ews.view("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    assert (view.one("//m:RootFolder").get("TotalItemsInView"), view.codes) == ("0", ["NoError"])


def test_a_requests_own_id_comes_back_and_another_answers_does_not(ews: Ews) -> None:
    def asked(name: str) -> str:
        payload = envelope(
            "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>"
            '<t:DistinguishedFolderId Id="calendar"/></m:FolderIds></m:GetFolder>',
            mailbox=ews.mailbox,
        )
        answer = ews.raw(payload, headers={"client-request-id": name, "return-client-request-id": "true"})
        return str(answer.headers.get("client-request-id"))

    assert asked("one") == "one"
    fault(ews, "other_answer", "GetFolder")
    assert asked("two") == "one"
    assert asked("three") == "three"


@pytest.mark.parametrize("operation", ["CreateItem", "UpdateItem", "DeleteItem"])
def test_items_are_written_and_an_error_is_told(ews: Ews, operation: str) -> None:
    fault(ews, "item_error", operation, code="ErrorTimeoutExpired", when="after", items=[0])
    made = [one.get("Id") for one in ews.create(event("a"), event("b")).all("//t:ItemId")]
    if operation == "CreateItem":
        assert (len(made), stored(ews)) == (1, ["a", "b"])
        return
    if operation == "UpdateItem":
        answer = ews.update(made[0], None, set_field("item:Subject", "<t:Subject>c</t:Subject>"), resolution="AlwaysOverwrite")
    else:
        answer = ews.delete(made[0])
    assert answer.codes == ["ErrorTimeoutExpired"]
    assert stored(ews) == (["c", "b"] if operation == "UpdateItem" else ["b"])


def test_the_whole_request_is_carried_out_and_a_fault_is_told(ews: Ews) -> None:
    fault(ews, "fault", code="ErrorInternalServerError", when="after", backoff_ms=30)
    answer = ews.create(event("x"))
    assert (answer.status, answer.fault) == (500, "ErrorInternalServerError")
    assert answer.one("//t:MessageXml/t:Value[@Name='BackOffMilliseconds']").text == "30"
    assert stored(ews) == ["x"]


def test_a_certificate_is_revoked_in_the_middle(ews: Ews, sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    assert ews.folder().status == 200
    fault(ews, "revoked")
    assert ews.create(event("x")).status == 401
    assert stored(ews) == []
    assert ews.folder().status == 401
    refused = token_request(sandbox, certificate)
    assert (refused.status_code, "AADSTS700027" in refused.text) == (401, True)


@pytest.mark.parametrize("what", ["truncated", "other_answer", "malformed"])
def test_the_token_endpoint_gives_an_answer_that_is_none(sandbox: SandboxProcess, certificate: CertificateFiles, what: str) -> None:
    sandbox.client.set_fault({"what": what, "operation": "token"})
    assert '"access_token": "ey' not in token_request(sandbox, certificate).text[-200:]
    assert "access_token" in token_request(sandbox, certificate).json()


# -- when a fault strikes


def test_a_fault_strikes_from_the_nth_match_on_and_so_often(ews: Ews) -> None:
    fault(ews, "http", status=503, nth=2, count=2)
    assert [ews.create(event()).status for _ in range(5)] == [200, 503, 503, 200, 200]
    assert [(one["seen"], one["struck"]) for one in ews.sandbox.client.faults()] == [(5, 2)]


def test_a_fault_for_ever_ends_when_it_is_cleared(ews: Ews) -> None:
    fault(ews, "http", status=503, count=0)
    assert {ews.create(event()).status for _ in range(4)} == {503}
    ews.sandbox.client.clear_faults()
    assert ews.create(event()).status == 200


def test_a_fault_by_chance_falls_the_same_way_every_time(ews: Ews) -> None:
    runs = []
    for _ in range(2):
        ews.sandbox.client.clear_faults()
        fault(ews, "http", status=503, count=0, probability=0.5, seed=7)
        runs.append([ews.create(event()).status for _ in range(12)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


def test_a_fault_concerns_the_mailboxes_and_operations_it_names(ews: Ews) -> None:
    ews.sandbox.client.add_mailbox("maths@example.ac.uk")
    other = Ews(ews.sandbox, ews.token, "maths@example.ac.uk")
    fault(ews, "http", "*Item", status=403, mailbox="MATHS@*", count=0)
    assert other.create(event()).status == 403
    assert other.folder().status == 200
    assert ews.create(event()).status == 200


def test_faults_meet_each_other_in_the_order_set(ews: Ews) -> None:
    fault(ews, "http", status=503)
    fault(ews, "http", status=429)
    assert [ews.create(event()).status for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"what": "gremlins"}, "what is one of"),
        ({"what": "http", "stattus": 1}, "no stattus"),
        ({"what": "drop", "when": "late"}, "when is"),
    ],
)
def test_a_fault_that_is_none_is_refused(ews: Ews, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(SandboxRefused, match=says):
        ews.sandbox.client.set_fault(wrong)


# -- the token endpoint


@pytest.mark.parametrize("what", [{"what": "http", "status": 503}, {"what": "http", "status": 503, "when": "after"}])
def test_the_token_endpoint_can_be_down(sandbox: SandboxProcess, certificate: CertificateFiles, what: dict[str, Any]) -> None:
    sandbox.client.set_fault({"operation": "token", **what})
    assert token_request(sandbox, certificate).status_code == 503
    assert token_request(sandbox, certificate).status_code == 200
    assert sandbox.client.requests() == {"token": 2}


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_the_token_endpoint_can_drop_its_connection(sandbox: SandboxProcess, certificate: CertificateFiles, when: str) -> None:
    sandbox.client.set_fault({"what": "drop", "operation": "token", "when": when})
    with pytest.raises(requests.RequestException):
        token_request(sandbox, certificate)


def test_a_fault_of_all_operations_leaves_the_token_endpoint_alone(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    sandbox.client.set_fault({"what": "http", "status": 500, "count": 0})
    assert token_request(sandbox, certificate).status_code == 200


def test_every_form_of_failure_is_still_answered_in_the_schemas_form(ews: Ews) -> None:
    fault(ews, "item_error", "*", code="ErrorServerBusy", backoff_ms=5, count=0)
    ids = '<t:ItemId Id="AAMkA"/>'
    bodies = (
        f"<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds>{ids}</m:ItemIds></m:GetItem>",
        f'<m:DeleteItem DeleteType="HardDelete"><m:ItemIds>{ids}</m:ItemIds></m:DeleteItem>',
        f'<m:UpdateItem ConflictResolution="AutoResolve"><m:ItemChanges><t:ItemChange>{ids}<t:Updates><t:DeleteItemField>'
        '<t:FieldURI FieldURI="item:Subject"/></t:DeleteItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>',
    )
    for body in bodies:
        answer = ews.ask(body)
        assert answer.codes == ["ErrorServerBusy"]
        assert answer.xml.xpath("//@ResponseClass", namespaces=NS) == ["Error"]
