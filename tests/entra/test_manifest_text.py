"""A certificate is put into a downloaded manifest once, right, and without touching what else stands there."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.entra.making import Made
from timetable_sync.entra.certificate_facts import CertificateFacts, facts_of
from timetable_sync.entra.manifest import ManifestForm, entry_of
from timetable_sync.entra.manifest_text import read_manifest, with_certificate
from timetable_sync.errors import UsageError

#: As the portal has them: a key whose value is not told, comes with others that nobody here knows.
PORTAL = """{
\t"id": "b0b5a6b5-0000-4000-8000-000000000001",
\t"name": "Timetable",
\t"accessTokenAcceptedVersion": null,
\t"ratio": 1.50,
\t"keyCredentials": [
\t\t{
\t\t\t"customKeyIdentifier": "AAECAwQFBgcICQoLDA0ODxAREhM=",
\t\t\t"endDate": "2027-01-01T00:00:00Z",
\t\t\t"keyId": "8e2f8a54-0000-4000-8000-00000000000a",
\t\t\t"startDate": "2026-01-01T00:00:00Z",
\t\t\t"type": "AsymmetricX509Cert",
\t\t\t"usage": "Verify",
\t\t\t"value": null,
\t\t\t"something new": {"of": ["1", 2.0e1]}
\t\t}
\t],
\t"caf\\u00e9": "\\/"
}
"""
GRAPH = '{"id": "b0b5a6b5-0000-4000-8000-000000000001", "displayName": "Timetable", "keyCredentials": [], "web": {"redirectUris": []}}'


@pytest.fixture(scope="module")
def certificate(made: Made) -> CertificateFacts:
    from cryptography.hazmat.primitives.serialization import Encoding

    return facts_of(made.x509.public_bytes(Encoding.DER))


def put(text: str, certificate: CertificateFacts, form: ManifestForm | None = None) -> str:
    return with_certificate(read_manifest(text, "manifest.json", form), certificate)


def entries(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text.removeprefix("\ufeff"))["keyCredentials"]
    return found


def test_everything_else_stays_character_by_character(certificate: CertificateFacts) -> None:
    after = put(PORTAL, certificate)
    at = PORTAL.index("\n\t],")
    assert after.startswith(PORTAL[:at] + ",\n\t\t{\n\t\t\t")
    assert after.endswith("\n\t\t}" + PORTAL[at:])
    assert entries(after) == [*entries(PORTAL), entry_of(certificate, ManifestForm.PORTAL)]


def test_a_second_time_changes_nothing(certificate: CertificateFacts) -> None:
    for text in (PORTAL, GRAPH, "{}", '{"keyCredentials": null}'):
        once = put(text, certificate)
        assert put(once, certificate) == once


def test_graphs_words_are_used_in_a_manifest_of_graphs(certificate: CertificateFacts) -> None:
    after = put(GRAPH, certificate)
    assert entries(after) == [entry_of(certificate, ManifestForm.GRAPH)]
    assert "\n" not in after
    assert after.endswith(', "web": {"redirectUris": []}}')


@pytest.mark.parametrize(
    "text", ["{}", '{"keyCredentials": null}', '{"a": 1}', "{\n}", '{\r\n  "a": 1\r\n}\r\n', '\ufeff{"a": [1]}', '{"keyCredentials": [ ]}']
)
def test_a_manifest_without_keys_gets_its_first(certificate: CertificateFacts, text: str) -> None:
    after = put(text, certificate)
    assert entries(after) == [entry_of(certificate, ManifestForm.PORTAL)]
    others = {name: value for name, value in json.loads(after.removeprefix("\ufeff")).items() if name != "keyCredentials"}
    assert others == {name: value for name, value in json.loads(text.removeprefix("\ufeff")).items() if name != "keyCredentials"}
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    assert ("\r\n" in after) == ("\r\n" in text)
    assert "\n" not in after.replace("\r\n", "") or "\r\n" not in text


def test_an_entry_that_was_downloaded_without_its_value_is_left_as_it_is(certificate: CertificateFacts) -> None:
    entry = entry_of(certificate, ManifestForm.PORTAL, "8e2f8a54-0000-4000-8000-00000000000b") | {"value": None, "displayName": "mine"}
    entry["endDate"] = entry["endDate"].replace("Z", ".0000000+00:00")
    text = json.dumps({"keyCredentials": [entry]}, indent=4)
    assert put(text, certificate) == text


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("startDate", "2026-11-23T02:00:01Z"),
        ("endDate", "2027-11-23T02:00:01Z"),
        ("endDate", None),
        ("customKeyIdentifier", "HEX"),
        ("value", "ARMOUR"),
        ("usage", "Sign"),
    ],
)
def test_our_own_entry_that_is_a_little_wrong_is_put_right_under_its_key_id(
    certificate: CertificateFacts, name: str, wrong: str | None
) -> None:
    good = entry_of(certificate, ManifestForm.PORTAL, "8e2f8a54-0000-4000-8000-00000000000b")
    bad = {"HEX": certificate.sha1.hex().upper(), "ARMOUR": f"-----BEGIN CERTIFICATE-----\n{good['value']}\n-----END CERTIFICATE-----"}
    spoilt = good | {name: bad.get(wrong or "", wrong), "displayName": "mine", "more": [1]}
    other = entries(PORTAL)[0]
    after = put(json.dumps({"keyCredentials": [other, spoilt, other]}), certificate)
    assert entries(after) == [other, good | {"displayName": "mine", "more": [1]}, other]


def test_a_thumbprint_is_known_in_every_spelling(certificate: CertificateFacts) -> None:
    from base64 import b64encode

    spelt = [certificate.sha1.hex().upper(), certificate.sha1.hex(), b64encode(certificate.sha1).decode()]
    spelt.append(b64encode(certificate.sha1.hex().upper().encode()).decode())
    for text in spelt:
        manifest = read_manifest(json.dumps({"keyCredentials": [{"customKeyIdentifier": text, "keyId": "k", "value": None}]}), "m")
        found = manifest.find(certificate)
        assert found is not None
        assert found.key_id == "k"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not begin with {"),
        ("[]", "does not begin with {"),
        ('{"a": 1,}', "a key is missing"),
        ('{"a" 1}', "a colon is missing"),
        ('{"a": tru}', "not JSON"),
        ('{"a": 1} {}', "something stands after it"),
        ('{"a": 1', "a comma is missing"),
        ('{"keyCredentials": {}}', "keyCredentials is no list"),
        ('{"keyCredentials": [1]}', "is no object"),
        ('{"keyCredentials": [], "keyCredentials": []}', "stands in it twice"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_manifest_is_refused_in_a_line(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_manifest(text, "manifest.json")
    assert says in caught.value.message
    assert caught.value.message.startswith("manifest.json")
    assert "\n" not in caught.value.message


def test_another_form_than_was_asked_for_is_refused(certificate: CertificateFacts) -> None:
    with pytest.raises(UsageError, match="in the form of portal, not of graph"):
        put(PORTAL, certificate, ManifestForm.GRAPH)
    assert entries(put("{}", certificate, ManifestForm.GRAPH)) == [entry_of(certificate, ManifestForm.GRAPH)]


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
#: Names of Graph's form alone would make it one of that form.
_TAKEN = {"keyCredentials", "displayName", "web", "spa", "api", "publicClient"}
_others = st.dictionaries(st.text().filter(lambda name: name not in _TAKEN), _values, max_size=5)
_keys = st.lists(st.dictionaries(st.sampled_from(["keyId", "value", "displayName", "x"]), st.text() | st.none(), max_size=4), max_size=3)


@given(before=_others, after=_others, keys=_keys, indent=st.sampled_from([None, 1, 2, 4, "\t"]), ascii_only=st.booleans())
def test_of_any_manifest_only_the_one_entry_is_new(
    made: Made, before: dict[str, Any], after: dict[str, Any], keys: list[dict[str, Any]], indent: Any, ascii_only: bool
) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate = facts_of(made.x509.public_bytes(Encoding.DER))
    manifest = {**before, "keyCredentials": keys, **after}
    text = json.dumps(manifest, indent=indent, ensure_ascii=ascii_only)
    changed = put(text, certificate)
    assert list(json.loads(changed).items()) == list(
        {**manifest, "keyCredentials": [*keys, entry_of(certificate, ManifestForm.PORTAL)]}.items()
    )
    # What is not the new entry is the old text.
    head = next((at for at, (one, other) in enumerate(zip(text, changed, strict=False)) if one != other), len(text))
    assert changed.endswith(text[head:].lstrip())
    assert put(changed, certificate) == changed


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "soon"])
def test_an_entry_with_a_moment_that_makes_no_sense_is_kept_as_it_is(moment: str) -> None:
    read = read_manifest(json.dumps({"keyCredentials": [{"startDate": moment, "endDate": moment, "value": "AAAA"}]}), "manifest.json")

    ((_, found),) = read.entries
    assert (found.starts, found.ends) == (None, None)
