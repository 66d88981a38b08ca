"""Who may ask for what: token, impersonation, anchor, mailbox; and requests that are none."""

import pytest
import requests

from tests.sandbox.asking import NS, Ews, envelope, token
from tests.sandbox.samples import BODIES
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess

GET_FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>"
    '<t:DistinguishedFolderId Id="calendar"/></m:FolderIds></m:GetFolder>'
)


@pytest.mark.parametrize("authorization", [None, "", "Basic dXNlcjpwYXNz", "Bearer", "Bearer abc", "Bearer a.b.c"])
def test_a_request_without_a_good_token_gets_401(ews: Ews, authorization: str | None) -> None:
    answer = ews.raw(envelope(GET_FOLDER, mailbox=ews.mailbox), headers={"Authorization": authorization})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer client_id=")


def test_a_token_signed_by_someone_else_gets_401(ews: Ews) -> None:
    head, payload, signature = ews.token.split(".")
    forged = f"{head}.{payload}.{signature[:-8]}{'A' * 8}"
    assert ews.raw(envelope(GET_FOLDER, mailbox=ews.mailbox), headers={"Authorization": f"Bearer {forged}"}).status == 401


def test_a_token_expires_on_the_sandboxs_clock(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    sandbox.client.add_mailbox("a@example.ac.uk")
    sandbox.client.token_lifetime(60)
    ews = Ews(sandbox, token(sandbox, certificate), "a@example.ac.uk")
    assert ews.folder().status == 200
    sandbox.client.advance_clock(61)
    answer = ews.folder()
    assert answer.status == 401
    assert "expired" in answer.headers["x-ms-diagnostics"]
    assert Ews(sandbox, token(sandbox, certificate), "a@example.ac.uk").folder().status == 200


def test_every_token_can_be_refused_at_once(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    sandbox.client.add_mailbox("a@example.ac.uk")
    ews = Ews(sandbox, token(sandbox, certificate), "a@example.ac.uk")
    assert ews.folder().status == 200
    sandbox.client.refuse_tokens()
    assert ews.folder().status == 401
    assert Ews(sandbox, token(sandbox, certificate), "a@example.ac.uk").folder().status == 200


def test_a_request_for_nobody_is_refused(ews: Ews) -> None:
    answer = ews.raw(envelope(GET_FOLDER, mailbox=None))
    assert answer.status == 500
    assert answer.fault == "ErrorImpersonationRequired"


def test_a_request_without_an_anchor_is_refused(ews: Ews) -> None:
    answer = ews.raw(envelope(GET_FOLDER, mailbox=ews.mailbox), headers={"X-AnchorMailbox": None})
    assert answer.status == 500
    assert answer.fault == "ErrorInvalidRequest"
    assert "X-AnchorMailbox" in answer.one("//s:Fault/faultstring").text


def test_the_anchor_may_be_another_mailbox_but_must_be_one(ews: Ews) -> None:
    ews.sandbox.client.add_mailbox("anchor@example.ac.uk", "user")
    payload = envelope(GET_FOLDER, mailbox=ews.mailbox)
    assert ews.raw(payload, headers={"X-AnchorMailbox": "Anchor@example.ac.uk"}).status == 200
    assert ews.raw(payload, headers={"X-AnchorMailbox": "nobody@example.ac.uk"}).fault == "ErrorNonExistentMailbox"


def test_a_mailbox_that_is_not_there_is_named_as_such(ews: Ews) -> None:
    answer = ews.raw(envelope(GET_FOLDER, mailbox="nobody@example.ac.uk"))
    assert answer.status == 500
    assert answer.fault == "ErrorNonExistentMailbox"


@pytest.mark.parametrize("kind", ["PrimarySmtpAddress", "SmtpAddress", "PrincipalName"])
def test_a_mailbox_can_be_named_in_every_way_the_schema_allows(ews: Ews, kind: str) -> None:
    payload = envelope(GET_FOLDER, mailbox=ews.mailbox.upper()).replace("PrimarySmtpAddress", kind)
    assert ews.raw(payload).codes == ["NoError"]


def test_a_mailbox_can_be_named_by_its_security_identifier(ews: Ews) -> None:
    (sid,) = [one["sid"] for one in ews.sandbox.client.mailboxes()]
    payload = envelope(GET_FOLDER, mailbox=sid).replace("PrimarySmtpAddress", "SID")
    assert ews.raw(payload).codes == ["NoError"]
    assert ews.raw(payload.replace(sid, "S-1-5-21-0")).fault == "ErrorNonExistentMailbox"


def test_an_application_without_consent_may_not_impersonate(sandbox: SandboxProcess, certificate: CertificateFiles) -> None:
    sandbox.client.add_mailbox("a@example.ac.uk")
    sandbox.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, roles=())
    assert Ews(sandbox, token(sandbox, certificate), "a@example.ac.uk").folder().fault == "ErrorImpersonateUserDenied"


def test_an_application_scoped_by_exchanges_own_roles_may_use_those_mailboxes_only(
    sandbox: SandboxProcess, certificate: CertificateFiles
) -> None:
    sandbox.client.add_mailboxes(["comp@groups.example.ac.uk", "vice.chancellor@example.ac.uk"])
    sandbox.client.register_app(certificate.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, roles=(), scopes=["*@groups.example.ac.uk"])
    scoped = token(sandbox, certificate)
    assert Ews(sandbox, scoped, "comp@groups.example.ac.uk").folder().codes == ["NoError"]
    assert Ews(sandbox, scoped, "vice.chancellor@example.ac.uk").folder().fault == "ErrorImpersonateUserDenied"


def test_a_calendar_of_someone_elses_is_not_opened(ews: Ews) -> None:
    ews.sandbox.client.add_mailbox("other@example.ac.uk")
    for address, code in (("other@example.ac.uk", "ErrorAccessDenied"), ("nobody@example.ac.uk", "ErrorNonExistentMailbox")):
        named = f'<t:DistinguishedFolderId Id="calendar"><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>'
        body = GET_FOLDER.replace('<t:DistinguishedFolderId Id="calendar"/>', f"{named}</t:DistinguishedFolderId>")
        assert ews.ask(body).codes == [code]


def test_a_request_that_the_schema_does_not_allow_is_a_fault_with_its_place(ews: Ews) -> None:
    body = (
        BODIES["CreateItem"].replace("<t:Subject>Lecture</t:Subject>", "").replace("<t:Location>", "<t:Subject>x</t:Subject><t:Location>")
    )
    answer = ews.ask(body, valid=False)
    assert answer.status == 500
    assert answer.fault == "ErrorSchemaValidation"
    assert answer.one("//s:Fault/faultcode").text == "a:ErrorSchemaValidation"
    assert answer.one("//s:Fault/faultstring").text.startswith("The request failed schema validation: The element 'CalendarItem' in")
    detail = {name: answer.one(f"//s:Fault/detail/t:MessageXml/t:{name}").text for name in ("LineNumber", "LinePosition", "Violation")}
    assert "has invalid child element 'Subject'" in detail["Violation"]
    assert detail["LineNumber"] == "1"
    assert int(detail["LinePosition"]) > 100
    assert ews.sandbox.client.events(ews.mailbox) == []


@pytest.mark.parametrize("payload", [b"", b"<a", b"\x00", b'{"a": 1}'])
def test_what_is_no_xml_is_an_invalid_request(ews: Ews, payload: bytes) -> None:
    answer = ews.raw(payload)
    assert (answer.status, answer.fault) == (500, "ErrorInvalidRequest")


def test_a_request_of_another_media_type_is_refused(ews: Ews) -> None:
    answer = ews.raw(envelope(GET_FOLDER, mailbox=ews.mailbox), headers={"Content-Type": "application/json"})
    assert answer.status == 415


def test_a_bad_token_is_said_before_a_bad_request(ews: Ews) -> None:
    assert ews.raw(b"<a", headers={"Authorization": "Bearer x"}).status == 401


def test_ews_takes_posts_only(ews: Ews) -> None:
    assert requests.get(f"{ews.sandbox.url}/EWS/Exchange.asmx", timeout=20).status_code == 405


def test_a_long_answer_is_compressed_for_those_who_take_it(ews: Ews) -> None:
    ews.made(*(f"<t:Subject>{n}</t:Subject><t:Start>2026-10-05T09:00:00Z</t:Start><t:End>2026-10-05T10:00:00Z</t:End>" for n in range(20)))
    payload = envelope(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape><m:ParentFolderIds>'
        '<t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>',
        mailbox=ews.mailbox,
    )
    packed, plain = ews.raw(payload), ews.raw(payload, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content


@pytest.mark.parametrize("name", ["SyncFolderItems", "SyncFolderHierarchy"])
def test_synchronising_a_group_is_not_supported(ews: Ews, name: str) -> None:
    answer = ews.ask(BODIES[name].replace("a@b.c", ews.mailbox))
    assert answer.codes == ["ErrorInvalidOperation"]
    assert "group" in answer.one("//m:MessageText").text


def test_convert_id_gives_back_an_id_and_the_servers_version(ews: Ews) -> None:
    ((item_id, _),) = ews.made("<t:Start>2026-10-05T09:00:00Z</t:Start><t:End>2026-10-05T10:00:00Z</t:End>")
    body = f'<m:ConvertId DestinationFormat="EwsId"><m:SourceIds><t:AlternateId Format="EwsId" Id="{item_id}" Mailbox="{ews.mailbox}"/>'
    answer = ews.ask(f"{body}</m:SourceIds></m:ConvertId>")
    assert answer.one("//m:AlternateId").get("Id") == item_id
    assert answer.xml.xpath("//s:Header/t:ServerVersionInfo/@MajorVersion", namespaces=NS) == ["15"]
    assert ews.ask(f"{body.replace(item_id, 'DUMMY')}</m:SourceIds></m:ConvertId>").codes == ["ErrorInvalidIdMalformed"]


def test_a_zone_that_is_not_known_is_refused(ews: Ews) -> None:
    header = '<t:TimeZoneContext><t:TimeZoneDefinition Id="Europe/London"/></t:TimeZoneContext>'
    assert ews.folder(header=header).fault == "ErrorTimeZone"


def test_requests_are_counted_by_operation_and_logged(ews: Ews) -> None:
    ews.folder()
    ews.folder()
    ews.raw(b"<a")
    assert ews.sandbox.client.requests() == {"GetFolder": 2, "invalid": 1}
    log = ews.sandbox.client.log()
    assert [(one["operation"], one["mailbox"], one["status"]) for one in log] == [
        ("GetFolder", ews.mailbox, 200),
        ("GetFolder", ews.mailbox, 200),
        ("invalid", "", 500),
    ]
    assert log[0]["anchor"] == ews.mailbox
    ews.sandbox.client.reset_requests()
    assert ews.sandbox.client.requests() == {}
