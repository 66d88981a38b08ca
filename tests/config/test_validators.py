"""Single values are judged, and what is refused is refused for a reason that a person understands."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from timetable_sync.config import validators

Check = Callable[[str], object]


def said(check: Check, text: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        check(text)
    return str(caught.value)


def test_a_zone_is_one_of_ianas() -> None:
    assert validators.zone_name("Europe/London") == "Europe/London"
    assert said(validators.zone_name, "europe/lodnon") == 'must be an IANA time zone; did you mean "Europe/London"?'
    assert said(validators.zone_name, "") == 'must be an IANA time zone, such as "Europe/London"'


@pytest.mark.parametrize("wrong", ["../etc/passwd", "/etc/localtime", "Europe", "GMT Standard Time", "a\0b", "x" * 5000])
def test_what_is_no_zone_is_refused(wrong: str) -> None:
    assert said(validators.zone_name, wrong).startswith("must be an IANA time zone")


@pytest.mark.parametrize(
    "right", ["0 2 * * *", "*/15 * * * *", "0 2 1 * *", "0 2 * * mon-fri", "0 2 * jan,feb sun", "*/5 * * * * *", "30 0 2 * * mon"]
)
def test_a_cron_expression_has_five_fields_or_six_with_the_second_before_them(right: str) -> None:
    assert validators.cron(right) == right


@pytest.mark.parametrize("wrong", ["", "@daily", "0 2 * *", "0 2 * * * * *", "61 2 * * *", "*/0 * * * *", "a b c d e"])
def test_another_is_refused_with_an_example(wrong: str) -> None:
    assert 'such as "0 2 * * *"' in said(validators.cron, wrong)


@pytest.mark.parametrize("wrong", ["0 2 * * 1-5", "0 2 * * 0", "0 2 * * */2"])
def test_weekdays_by_number_are_refused_as_they_mean_different_days_to_cron_and_apscheduler(wrong: str) -> None:
    assert "mon-fri" in said(validators.cron, wrong)


def test_a_day_and_a_weekday_together_are_refused_as_cron_means_either_and_apscheduler_both() -> None:
    assert "must not name both" in said(validators.cron, "0 2 1 * mon")


@pytest.mark.parametrize(
    "right",
    [
        "https://outlook.office365.com/EWS/Exchange.asmx",
        "https://exchange.example.ac.uk:8443/EWS/Exchange.asmx",
        "http://127.0.0.1:8080/EWS/Exchange.asmx",
        "http://127.9.9.9",
        "http://localhost:8080",
        "http://[::1]:8080/EWS",
        "http://exchange.localhost",
    ],
)
def test_services_are_reached_by_https_or_on_this_machine(right: str) -> None:
    assert validators.service_url(right) == right


_HERE = "localhost LOCALHOST. a.b.localhost 127.0.0.1 127.255.255.254 127.1 0x7f000001 2130706433 0177.0.0.1"
_HERE += " ::1 0:0:0:0:0:0:0:1 ::1%lo ::ffff:127.0.0.1 ::ffff:7f00:1 ::FFFF:127.9.9.9"


@pytest.mark.parametrize("host", _HERE.split())
def test_this_very_machine_is_known_in_every_way_it_is_written(host: str) -> None:
    assert validators.is_loopback(host)


_ELSEWHERE = "localhost.example.org notlocalhost 127.0.0.1.example.org 128.0.0.1 10.0.0.1 1270.0.0.1 169.254.1.1 127.0.0.1/8"
_ELSEWHERE += " ::2 ::ffff:10.0.0.1 fe80::1"


@pytest.mark.parametrize("host", ["", *_ELSEWHERE.split()])
def test_no_other_machine_is_taken_for_this_one(host: str) -> None:
    assert not validators.is_loopback(host)


def test_an_address_loses_its_last_slash_as_paths_are_put_after_it() -> None:
    assert validators.service_url("https://login.microsoftonline.com/") == "https://login.microsoftonline.com"


@pytest.mark.parametrize(
    "wrong",
    [
        "http://exchange.example.ac.uk/EWS",
        "http://127.0.0.1.example.org/",
        "http://localhost.example.org",
        "http://10.0.0.1",
        "http://[::2]/",
    ],
)
def test_http_to_anywhere_else_is_refused(wrong: str) -> None:
    assert "must begin with https://" in said(validators.service_url, wrong)


@pytest.mark.parametrize(
    "wrong",
    ["", "outlook.office365.com", "ftp://host", "https://", "https://host:port/", "https://[::1", "https://ho st/", "https://host/?a=b"],
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    assert "must be an address" in said(validators.service_url, wrong)


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    assert said(validators.service_url, "https://reader:hunter2@exchange.example.ac.uk/EWS") == "must not hold a name or password"


def test_an_anchor_is_the_mailbox_or_one_address() -> None:
    assert validators.anchor("mailbox") == "mailbox"
    assert validators.anchor("anchor@example.ac.uk") == "anchor@example.ac.uk"
    assert said(validators.anchor, "mailbx").endswith('; did you mean "mailbox"?')


@pytest.mark.parametrize("wrong", ["", "a@", "@b", "a b@c", "a@b@c", "Mailbox!"])
def test_another_anchor_is_refused(wrong: str) -> None:
    assert said(validators.anchor, wrong).startswith('must be "mailbox" or a mail address')


@pytest.mark.parametrize("right", ["*@groups.example.ac.uk", "comp*@example.ac.uk", "one@example.ac.uk", "*@*.example.ac.uk"])
def test_a_pattern_of_allowed_addresses_names_a_domain(right: str) -> None:
    assert validators.allow_pattern(right) == right


@pytest.mark.parametrize("wrong", ["", "*", "*@*", "*@", "*@*.*", "groups.example.ac.uk", "@?"])
def test_one_that_allows_all_the_world_is_refused(wrong: str) -> None:
    assert "with a domain in it" in said(validators.allow_pattern, wrong)


def test_a_template_must_parse() -> None:
    assert validators.template("{{ rooms | join(', ') }}")
    assert said(validators.template, "{{ title }") == "is not a template that can be used: unexpected '}'"
    assert said(validators.template, "{% if x %}").startswith("is not a template that can be used: unexpected end of template")


def test_a_template_nested_too_deeply_is_no_traceback() -> None:
    assert "nested too deeply" in said(validators.template, "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}")


def test_a_scope_ends_in_default_as_the_flow_asks_for() -> None:
    assert validators.scope("https://outlook.office365.us/.default")
    assert "/.default" in said(validators.scope, "https://outlook.office365.com/")


@pytest.mark.parametrize("wrong", ["", "a/b", "a b", "../x", "tenant?x"])
def test_a_tenant_is_one_step_of_an_address(wrong: str) -> None:
    assert "must be an id" in said(validators.directory_name, wrong)


def test_a_query_is_sql_or_a_file() -> None:
    assert validators.query("SELECT 1") == "SELECT 1"
    assert validators.query("file:timetable.sql") == "file:timetable.sql"
    assert said(validators.query, "timetable.sql").endswith('did you mean "file:timetable.sql"?')
    assert said(validators.query, "file: ") == "must be a path"
    assert said(validators.query, " \n") == "must not be empty"


@pytest.mark.parametrize("wrong", ["", " ", "a\0b", "~/key.pem"])
def test_what_cannot_be_a_path_is_refused(wrong: str) -> None:
    assert said(validators.local_path, wrong).startswith("must be a")


@pytest.mark.parametrize("wrong", ["", "a b", "é", "x" * 31, "a/b"])
def test_a_sources_name_is_short_and_plain(wrong: str) -> None:
    assert said(validators.plain_name, wrong).startswith("must be 1 to 30")


def test_a_period_leaves_room_in_the_key() -> None:
    assert validators.period("2026/27") == "2026/27"
    assert "30 characters" in said(validators.period, "x" * 31)


def test_time_is_longer_than_nothing_and_not_endless() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        validators.longer_than_nothing(timedelta(0))
    with pytest.raises(ValueError, match='at most "10 days"'):
        validators.at_most(10)(timedelta(days=11))
    assert validators.at_most(10)(timedelta(days=10)) == timedelta(days=10)


def test_the_nearest_choice_is_found_whatever_its_case() -> None:
    assert validators.nearest("PS265", ["PS256", "RS256"]) == '; did you mean "PS256"?'
    assert validators.nearest("zebra", ["PS256"]) == ""
