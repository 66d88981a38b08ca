"""Whether the configuration has one way in that is whole: an application with a certificate or a secret, or a service account. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from timetable_sync.settings.keys import KeyPath

Finding = tuple[KeyPath, str]


def way_in_faults(tables: Mapping[str, Any]) -> Iterator[Finding]:
    """What is missing or does not go together under ``[entra]``, ``[ews]`` and ``[network]``, as they were read."""
    entra, ews, network = (_table(tables, name) for name in ("entra", "ews", "network"))
    sign_in = ews.get("sign_in", "entra")
    if sign_in in ("basic", "ntlm"):
        for key in ("user", "password"):
            if key not in ews:
                yield ("ews", key), f'is missing: the service account that ews.sign_in = "{sign_in}" signs in as'
        if "endpoint" not in ews:
            yield (
                ("ews", "endpoint"),
                f'is missing: ews.sign_in = "{sign_in}" is for a server on premises, https://HOST/EWS/Exchange.asmx',
            )
    elif "entra" not in tables:
        yield (
            ("entra",),
            'is missing: add it with tenant, client and certificate; or, on premises, set ews.sign_in to "ntlm" or "basic"',
        )
    else:
        yield from _of_service_accounts_only(ews)
    if "entra" in tables and isinstance(tables["entra"], Mapping):
        yield from _proof(entra)
    if "proxy_password" in network and "proxy" not in network:
        yield ("network", "proxy_password"), "stands without network.proxy"


def _proof(entra: Mapping[str, Any]) -> Iterator[Finding]:
    if "certificate" not in entra and "secret" not in entra:
        yield ("entra", "certificate"), 'is missing; write it as in: certificate = { credential = "certificate.pem" }'
    if "certificate" in entra and "secret" in entra:
        yield ("entra", "secret"), "stands beside entra.certificate: the application signs in with one of them"


def _of_service_accounts_only(ews: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("user", "password"):
        if key in ews:
            yield ("ews", key), 'is for a service account: it goes with ews.sign_in = "ntlm" or "basic"'


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = tables.get(name)
    return found if isinstance(found, Mapping) else {}
