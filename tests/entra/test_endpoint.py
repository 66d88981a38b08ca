"""Where tokens are asked for, and in which words."""

from collections.abc import Callable

import pytest

from tests.entra.making import CLIENT, TENANT
from timetable_sync.config.sections.entra import Entra
from timetable_sync.entra.token_response import token_form, token_url
from timetable_sync.errors import UsageError

Build = Callable[..., Entra]


SIGNED = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": "signed"}


def test_both_versions_have_their_own_address(entra: Build) -> None:
    assert token_url(entra()) == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    assert token_url(entra(version="v1")) == f"https://login.microsoftonline.com/{TENANT}/oauth2/token"


def test_a_national_cloud_keeps_its_address_with_or_without_a_slash(entra: Build) -> None:
    assert token_url(entra(authority="https://login.microsoftonline.us/")).startswith("https://login.microsoftonline.us/8e2f")


def test_a_tenant_cannot_lead_to_another_path(entra: Build) -> None:
    assert "/../" not in token_url(entra().model_copy(update={"tenant": "../../elsewhere"}))


def test_v2_asks_for_a_scope_and_v1_for_a_resource(entra: Build) -> None:
    common = {"grant_type": "client_credentials", "client_id": CLIENT, **SIGNED}
    assert token_form(entra(), SIGNED) == common | {"scope": "https://outlook.office365.com/.default"}
    assert token_form(entra(version="v1"), SIGNED) == common | {"resource": "https://outlook.office365.com"}


@pytest.mark.parametrize("authority", ["login.microsoftonline.com", "ftp://login.example", "", "https://"])
def test_what_is_no_address_is_refused(entra: Build, authority: str) -> None:
    with pytest.raises(UsageError, match=r"entra\.authority"):
        token_url(entra().model_copy(update={"authority": authority}))


def test_an_unencrypted_address_is_refused_but_for_this_machine(entra: Build) -> None:
    with pytest.raises(UsageError, match="not encrypted"):
        token_url(entra().model_copy(update={"authority": "http://login.example"}))
    for here in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"):
        assert token_url(entra(authority=here)).startswith(here)
