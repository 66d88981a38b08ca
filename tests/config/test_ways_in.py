"""One way in that is whole: an application with certificate or secret, in a cloud by name; or a service account on premises."""

from pathlib import Path

import pytest

from tests.config.configuration import SHORTEST, complaint, read, refusal
from timetable_sync.config.clouds import CLOUDS, CloudName
from timetable_sync.errors import UsageError

BEFORE, ENTRA = SHORTEST.partition("[entra]\n")[0], SHORTEST.partition("[entra]\n")[2]
ON_PREMISES = BEFORE + (
    '[ews]\nendpoint = "https://mail.example.ac.uk/EWS/Exchange.asmx"\nsign_in = "ntlm"\n'
    'user = "EXAMPLE\\\\svc"\npassword = { env = "P" }\n'
)


def test_on_premises_needs_no_application(tmp_path: Path) -> None:
    settings = read(tmp_path, ON_PREMISES).settings
    assert settings.entra is None
    with pytest.raises(UsageError, match=r"there is no \[entra\]"):
        _ = settings.application


def test_without_either_both_ways_are_named(tmp_path: Path) -> None:
    said = complaint(tmp_path, BEFORE)
    assert "entra is missing: add it with tenant, client and certificate; or, on premises, set ews.sign_in" in said


@pytest.mark.parametrize("key", ["user", "password", "endpoint"])
def test_a_service_account_is_named_whole(tmp_path: Path, key: str) -> None:
    text = "\n".join(line for line in ON_PREMISES.splitlines() if not line.startswith(key))
    assert f"ews.{key} is missing" in complaint(tmp_path, text)


def test_a_service_account_without_its_sign_in_is_a_mistake(tmp_path: Path) -> None:
    assert "ews.user is for a service account" in complaint(tmp_path, SHORTEST + '[ews]\nuser = "EXAMPLE\\\\svc"\n')


def test_an_application_has_a_certificate_or_a_secret_and_not_both(tmp_path: Path) -> None:
    bare = SHORTEST.replace('certificate = { credential = "certificate.pem" }\n', "")
    assert "entra.certificate is missing" in complaint(tmp_path, bare)
    assert read(tmp_path, bare + 'secret = { env = "S" }\n').settings.application.certificate is None
    assert "entra.secret stands beside entra.certificate" in complaint(tmp_path, SHORTEST + 'secret = { env = "S" }\n')


@pytest.mark.parametrize(
    ("cloud", "login", "exchange", "graph"),
    [
        ("global", "login.microsoftonline.com", "outlook.office365.com", "graph.microsoft.com"),
        ("usgov", "login.microsoftonline.us", "outlook.office365.us", "graph.microsoft.us"),
        ("usgov-dod", "login.microsoftonline.us", "outlook-dod.office365.us", "dod-graph.microsoft.us"),
        ("china", "login.partner.microsoftonline.cn", "partner.outlook.cn", "microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_a_cloud_gives_all_addresses(tmp_path: Path, cloud: CloudName, login: str, exchange: str, graph: str) -> None:
    settings = read(tmp_path, f'{SHORTEST}cloud = "{cloud}"\n').settings
    entra = settings.application
    assert (entra.authority, entra.scope) == (f"https://{login}", f"https://{exchange}/.default")
    assert settings.ews.endpoint == f"https://{exchange}/EWS/Exchange.asmx"
    assert CLOUDS[cloud].graph == f"https://{graph}"


def test_an_explicit_address_wins_over_the_clouds(tmp_path: Path) -> None:
    text = f'{SHORTEST}cloud = "china"\nauthority = "https://login.chinacloudapi.cn"\n[ews]\nendpoint = "https://mail.example.cn/x"\n'
    settings = read(tmp_path, text).settings
    assert settings.application.authority == "https://login.chinacloudapi.cn"
    assert settings.application.scope == "https://partner.outlook.cn/.default"
    assert settings.ews.endpoint == "https://mail.example.cn/x"


def test_the_environment_can_name_the_cloud(tmp_path: Path) -> None:
    assert "partner" in read(tmp_path, environ={"TIMETABLE_SYNC_ENTRA__CLOUD": "china"}).settings.ews.endpoint


def test_an_unknown_cloud_is_named_with_the_nearest(tmp_path: Path) -> None:
    assert 'did you mean "usgov"' in refusal(tmp_path, f'{SHORTEST}cloud = "us-gov"\n').message


def test_a_password_in_the_proxys_address_is_refused_and_not_quoted(tmp_path: Path) -> None:
    said = complaint(tmp_path, SHORTEST + '[network]\nproxy = "http://me:canary@proxy.example:3128"\n')
    assert "network.proxy holds a password; take it out" in said
    assert "canary" not in said


@pytest.mark.parametrize("proxy", ["proxy.example:3128", "socks5://proxy.example:1080", "http://", "http://proxy.example/path"])
def test_what_is_no_proxy_is_refused(tmp_path: Path, proxy: str) -> None:
    assert "network.proxy must be an address such as" in complaint(tmp_path, f'{SHORTEST}[network]\nproxy = "{proxy}"\n')


def test_a_proxys_password_without_a_proxy_is_a_mistake(tmp_path: Path) -> None:
    assert "network.proxy_password stands without network.proxy" in complaint(
        tmp_path, SHORTEST + '[network]\nproxy_password = { env = "P" }\n'
    )
