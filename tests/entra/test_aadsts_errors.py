"""What a refusal means: one line each, what to do, and nothing that a server could smuggle in."""

from datetime import timedelta

import pytest

from timetable_sync.entra.aadsts_errors import Circumstances, explained, refusal

HERE = Circumstances("the-tenant", "the-client", "https://login.example", "https://mail.example/.default", "3FA1", timedelta(minutes=-11))

# Every number that FIELD-NOTES names, as the service answers it: number, ``error``, a word of its meaning, a word of the advice.
TABLE = [
    (700027, "invalid_client", "no key with thumbprint 3FA1", "Certificates & secrets"),
    (700024, "invalid_client", "11 minutes behind", "NTP"),
    (700016, "unauthorized_client", "no application the-client in tenant the-tenant", "entra.client"),
    (700011, "unauthorized_client", "the-client is not, or no longer, in tenant the-tenant", "entra.tenant"),
    (90002, "invalid_request", "no tenant the-tenant at https://login.example", "national clouds"),
    (90038, "invalid_request", "another national cloud", "entra.authority"),
    (70011, "invalid_scope", "https://mail.example/.default", "/.default"),
    (500011, "invalid_resource", "not in tenant the-tenant", "Exchange Online"),
    (650057, "invalid_resource", "no permission", "full_access_as_app"),
    (7000215, "invalid_client", "secret is wrong", "not its id"),
    (7000222, "invalid_client", "secret has expired", "certificate"),
    (7000218, "invalid_client", "neither assertion nor secret", "proxy"),
    (700025, "invalid_client", "public client", "Allow public client flows"),
]


def answer(code: int, error: str, description: str = "") -> dict[str, object]:
    return {
        "error": error,
        "error_description": description or f"AADSTS{code}: words that may change.\r\nTrace ID: 1",
        "error_codes": [code],
    }


@pytest.mark.parametrize(("code", "error", "meaning", "advice"), TABLE)
def test_each_known_number_has_its_own_meaning_and_advice(code: int, error: str, meaning: str, advice: str) -> None:
    refused = refusal(answer(code, error), 401, HERE)
    assert refused.exit_code == 3
    assert f"AADSTS{code}" in refused.message
    assert meaning in refused.message
    assert advice in refused.advice
    assert "\n" not in refused.message + refused.advice
    assert explained(code)


def test_no_two_of_them_say_the_same() -> None:
    said = [refusal(answer(code, error), 401, HERE).message.partition(": ")[2] for code, error, _, _ in TABLE]
    assert len(set(said)) == len(said)


def test_the_number_is_found_in_the_text_where_there_is_no_list() -> None:
    assert "NTP" in refusal({"error": "invalid_client", "error_description": "AADSTS700024: late"}, 401, HERE).advice


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_scope", "invalid_resource", "invalid_request"])
def test_an_unknown_number_is_explained_by_the_error_field(error: str) -> None:
    refused = refusal(answer(999999999, error), 400, HERE)
    assert "AADSTS999999999" in refused.message
    assert refused.advice
    assert "{" not in refused.message + refused.advice


def test_without_number_and_known_error_the_service_is_quoted() -> None:
    refused = refusal({"error": "odd", "error_description": "Something {tenant} happened.\r\nTrace ID: 7"}, 400, HERE)
    assert refused.message.endswith("(odd): Something {tenant} happened.")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"error": 7},
        {"error": "x", "error_codes": ["a"]},
        {"error": "x", "error_codes": [True]},
        {"error": "x", "error_description": ["a"]},
    ],
)
def test_strange_answers_are_refusals_like_any_other(body: dict[str, object]) -> None:
    assert refusal(body, 418, HERE).message.startswith("Entra ID refused")


def test_what_looks_like_a_token_is_not_quoted() -> None:
    secret = "eyJhbGciOiJQUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
    refused = refusal({"error": "odd", "error_description": f"bad assertion {secret} was sent\x1b[31m"}, 400, HERE)
    assert "eyJ" not in refused.message
    assert "c2lnbmF0dXJl" not in refused.message
    assert "\x1b" not in refused.message


def test_700027_says_which_of_its_reasons_it_is() -> None:
    expired = "AADSTS700027: Client assertion failed signature validation. [Reason - The key used is expired., Thumbprint of key: 'X']"
    missing = "AADSTS700027: Client assertion failed signature validation. [Reason - The key was not found., Thumbprint of key: 'X']"
    assert "has expired" in refusal(answer(700027, "invalid_client", expired), 401, HERE).message
    assert refusal(answer(700027, "invalid_client", missing), 401, HERE).message.endswith("is registered for this application")


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (timedelta(seconds=90), "90 seconds ahead of"),
        (timedelta(hours=-1), "60 minutes behind"),
        (timedelta(seconds=3), "agrees with"),
        (None, "may be wrong"),
    ],
)
def test_the_clock_is_compared_with_the_servers(skew: timedelta | None, words: str) -> None:
    here = Circumstances("t", "c", "a", "s", "F", skew)
    assert words in refusal(answer(700024, "invalid_client"), 401, here).message
