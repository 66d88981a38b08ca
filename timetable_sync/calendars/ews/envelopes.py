"""SOAP's envelope around a request: for which version, as whom, in which zone times without one are. Pure.

To the letter what exchangelib puts around it, which a test holds; but put into words once for each mailbox, as that took longer than all
the rest of a small request.
https://learn.microsoft.com/exchange/client-developer/exchange-web-services/impersonation-and-ews-in-exchange
"""

from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from timetable_sync.calendars.ews.names import MESSAGES, SOAP, TYPES

_TAIL = b"</s:Body></s:Envelope>"


def enveloped(payload: etree._Element | bytes, version: str, address: str) -> bytes:
    """The request's body, as the mailbox of ``address``. A ``payload`` of bytes writes EWS's names with the prefixes ``m`` and ``t``."""
    return _head(version, address) + (payload if isinstance(payload, bytes) else etree.tostring(payload, encoding="utf-8")) + _TAIL


@lru_cache(maxsize=256)
def _head(version: str, address: str) -> bytes:
    # SmtpAddress, as Microsoft's own client sends it: it also finds a mailbox by an address that is not its primary one.
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"><s:Header>'
        f"<t:RequestServerVersion Version={quoteattr(version)}/>"
        f"<t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>{escape(address)}</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
        '<t:TimeZoneContext><t:TimeZoneDefinition Id="UTC"/></t:TimeZoneContext></s:Header><s:Body>'
    ).encode()
