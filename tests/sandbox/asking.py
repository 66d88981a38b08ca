"""Asks the sandbox by hand-written requests over real HTTP; every exchange is held against the schemas where they are at hand."""

import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree

from tests.databases import shared_folder
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess

TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
NS = {"s": "http://schemas.xmlsoap.org/soap/envelope/", "t": TYPES, "m": MESSAGES, "e": MESSAGES.replace("messages", "errors")}
MARKER = 'PropertySetId="4648e09c-9ef0-5b0e-89ba-1b82c0b91623" PropertyName="TimetableSync" PropertyType="String"'
SCOPE = "https://outlook.office365.com/.default"


def base64url(raw: bytes) -> str:
    return jwt.utils.base64url_encode(raw).decode()


def assertion(files: CertificateFiles, url: str, *, algorithm: str = "PS256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A client assertion as it should be, but for what is given; a claim of None is left out."""
    certificate = load_pem_x509_certificate(files.cert_pem.read_bytes())
    if header is None:
        if algorithm == "PS256":
            header = {"x5t#S256": base64url(certificate.fingerprint(hashes.SHA256()))}
        else:
            header = {"x5t": base64url(certificate.fingerprint(hashes.SHA1()))}  # noqa: S303 - the thumbprint's definition
    now = int(time.time())
    good = {"aud": url, "iss": CLIENT_ID, "sub": CLIENT_ID, "jti": str(uuid.uuid4()), "nbf": now, "iat": now, "exp": now + 600}
    payload = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(payload, files.key_pem.read_bytes(), algorithm=algorithm, headers=header)


def token_request(
    sandbox: SandboxProcess, files: CertificateFiles, *, version: int = 2, tenant: str = TENANT, algorithm: str = "PS256", **form: Any
) -> requests.Response:
    """Ask for a token; form fields given as None are left out."""
    url = f"{sandbox.url}/{tenant}/oauth2/{'v2.0/' if version == 2 else ''}token"
    fields = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        **({"scope": SCOPE} if version == 2 else {"resource": "https://outlook.office365.com/"}),
        **form,
    }
    if "client_assertion" not in fields and "client_secret" not in fields:
        fields["client_assertion"] = assertion(files, url, algorithm=algorithm)
    return requests.post(url, data={name: value for name, value in fields.items() if value is not None}, timeout=20)


def token(sandbox: SandboxProcess, files: CertificateFiles) -> str:
    """A good token."""
    answer = token_request(sandbox, files)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@cache
def schemas() -> dict[str, etree.XMLSchema]:
    """Microsoft's schemas, online and on premises, where the shared data is at hand; else none."""
    found = sorted((shared_folder() / "ews-schema").glob("*/all.xsd"))
    return {one.parent.name.split("-")[0]: etree.XMLSchema(etree.parse(one)) for one in found}


def envelope(body: str, *, mailbox: str | None, header: str = "") -> str:
    """A request's envelope. Without ``mailbox`` nobody is impersonated."""
    who = (
        ""
        if mailbox is None
        else "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>"
        f"{mailbox}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{NS["s"]}" xmlns:t="{TYPES}" xmlns:m="{MESSAGES}"><s:Header>'
        f'<t:RequestServerVersion Version="Exchange2016"/>{who}{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    )


@dataclass
class Answer:
    """An answer, looked into."""

    status: int
    headers: Any
    content: bytes

    @property
    def xml(self) -> etree._Element:
        return etree.fromstring(self.content)

    def all(self, path: str) -> list[Any]:
        found = self.xml.xpath(path, namespaces=NS)
        assert isinstance(found, list)
        return found

    def one(self, path: str) -> Any:
        found = self.all(path)
        assert len(found) == 1, f"{path}: {len(found)} in {self.content[:2000]!r}"
        return found[0]

    def texts(self, path: str) -> list[str]:
        return [str(one.text or "") for one in self.all(path)]

    @property
    def codes(self) -> list[str]:
        return self.texts("//m:ResponseCode")

    @property
    def fault(self) -> str:
        return str(self.one("//s:Fault/detail/e:ResponseCode").text)


@dataclass
class Ews:
    """Asks for one mailbox."""

    sandbox: SandboxProcess
    token: str
    mailbox: str = "comp101@groups.example.ac.uk"
    session: requests.Session = field(default_factory=requests.Session)

    def raw(self, payload: str | bytes, *, headers: dict[str, str | None] | None = None) -> Answer:
        sent: dict[str, str | None] = {
            "Content-Type": "text/xml; charset=utf-8",
            "Authorization": f"Bearer {self.token}",
            "X-AnchorMailbox": self.mailbox,
            **(headers or {}),
        }
        data = payload.encode() if isinstance(payload, str) else payload
        answer = self.session.post(
            f"{self.sandbox.url}/EWS/Exchange.asmx", data=data, headers={k: v for k, v in sent.items() if v is not None}, timeout=60
        )
        if answer.content and answer.headers["Content-Type"].startswith("text/xml"):
            for name, schema in schemas().items():
                assert schema.validate(etree.fromstring(answer.content)), f"{name}: {schema.error_log}\n{answer.text[:3000]}"
        return Answer(answer.status_code, answer.headers, answer.content)

    def ask(self, body: str, *, header: str = "", valid: bool = True) -> Answer:
        """Ask; the request must be one that the schemas allow, unless it is said not to be."""
        payload = envelope(body, mailbox=self.mailbox, header=header)
        for name, schema in schemas().items():
            assert schema.validate(etree.fromstring(payload.encode())) == valid, f"{name}: {schema.error_log}"
        return self.raw(payload)

    # -- the common questions

    def create(self, *items: str, send: str = ' SendMeetingInvitations="SendToNone"', header: str = "") -> Answer:
        """Create items; each is the inside of a CalendarItem."""
        inner = "".join(f"<t:CalendarItem>{one}</t:CalendarItem>" for one in items)
        return self.ask(
            f'<m:CreateItem{send}><m:SavedItemFolderId><t:DistinguishedFolderId Id="calendar"/></m:SavedItemFolderId>'
            f"<m:Items>{inner}</m:Items></m:CreateItem>",
            header=header,
        )

    def made(self, *items: str) -> list[tuple[str, str]]:
        """Id and change key of items that are created."""
        answer = self.create(*items)
        assert set(answer.codes) == {"NoError"}, answer.content
        return [(one.get("Id"), one.get("ChangeKey")) for one in answer.all("//t:ItemId")]

    def get(self, *ids: str, shape: str = "<t:BaseShape>AllProperties</t:BaseShape>", header: str = "") -> Answer:
        inner = "".join(f'<t:ItemId Id="{one}"/>' for one in ids)
        return self.ask(f"<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds>{inner}</m:ItemIds></m:GetItem>", header=header)

    def find(self, view: str, *, shape: str = "<t:BaseShape>IdOnly</t:BaseShape>", rest: str = "", header: str = "") -> Answer:
        return self.ask(
            f'<m:FindItem Traversal="Shallow"><m:ItemShape>{shape}</m:ItemShape>{view}{rest}<m:ParentFolderIds>'
            '<t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>',
            header=header,
        )

    def view(self, start: str, end: str, **more: Any) -> Answer:
        """A calendar view."""
        most = f' MaxEntriesReturned="{more.pop("most")}"' if "most" in more else ""
        return self.find(f'<m:CalendarView StartDate="{start}" EndDate="{end}"{most}/>', **more)

    def update(
        self,
        item_id: str,
        key: str | None,
        updates: str,
        *,
        resolution: str = "AutoResolve",
        send: str = ' SendMeetingInvitationsOrCancellations="SendToNone"',
        header: str = "",
    ) -> Answer:
        named = f' ChangeKey="{key}"' if key is not None else ""
        return self.ask(
            f'<m:UpdateItem ConflictResolution="{resolution}"{send}><m:ItemChanges><t:ItemChange><t:ItemId Id="{item_id}"{named}/>'
            f"<t:Updates>{updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
            header=header,
        )

    def delete(self, *ids: str, how: str = "MoveToDeletedItems", send: str = ' SendMeetingCancellations="SendToNone"') -> Answer:
        inner = "".join(f'<t:ItemId Id="{one}"/>' for one in ids)
        return self.ask(f'<m:DeleteItem DeleteType="{how}"{send}><m:ItemIds>{inner}</m:ItemIds></m:DeleteItem>')

    def folder(self, more: str = "", *, shape: str = "Default", header: str = "") -> Answer:
        extra = f"<t:AdditionalProperties>{more}</t:AdditionalProperties>" if more else ""
        return self.ask(
            f"<m:GetFolder><m:FolderShape><t:BaseShape>{shape}</t:BaseShape>{extra}</m:FolderShape><m:FolderIds>"
            '<t:DistinguishedFolderId Id="calendar"/></m:FolderIds></m:GetFolder>',
            header=header,
        )


def event(
    subject: str = "Lecture", start: str = "2026-10-05T09:00:00Z", end: str = "2026-10-05T10:00:00Z", *, early: str = "", late: str = ""
) -> str:
    """The inside of a CalendarItem; ``early`` stands before its start, ``late`` after its end."""
    return f"<t:Subject>{subject}</t:Subject>{early}<t:Start>{start}</t:Start><t:End>{end}</t:End>{late}"


def marked(value: str) -> str:
    """Our marker."""
    return f"<t:ExtendedProperty><t:ExtendedFieldURI {MARKER}/><t:Value>{value}</t:Value></t:ExtendedProperty>"


def set_field(uri: str, inner: str) -> str:
    """A change of one field."""
    return f'<t:SetItemField><t:FieldURI FieldURI="{uri}"/><t:CalendarItem>{inner}</t:CalendarItem></t:SetItemField>'


#: Everything that a snapshot asks for, marker included.
WITH_MARKER = (
    "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
    '<t:FieldURI FieldURI="item:Subject"/><t:FieldURI FieldURI="calendar:Start"/><t:FieldURI FieldURI="calendar:End"/>'
    f'<t:FieldURI FieldURI="calendar:Location"/><t:FieldURI FieldURI="item:Categories"/><t:ExtendedFieldURI {MARKER}/>'
    "</t:AdditionalProperties>"
)
