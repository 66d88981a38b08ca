"""What no single key can tell: names that must fit together, files that must be there, and one way in that is whole."""

from pathlib import Path

import pytest

from tests.config.configuration import SHORTEST, complaint, read, refusal, with_line, written
from timetable_sync.config.clouds import CLOUDS, CloudName
from timetable_sync.config.column_names import ALWAYS_THERE
from timetable_sync.config.load import load
from timetable_sync.errors import UsageError


def test_a_query_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = SHORTEST.replace("SELECT * FROM lesson", "file:sql/timetable.sql")
    said = complaint(tmp_path, text)
    assert said == "timetable-sync.toml:4: timetable.query names sql/timetable.sql, which cannot be read: No such file or directory"
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "timetable.sql").write_text("SELECT 1", "utf-8")
    assert read(tmp_path, text).settings.timetable.query == f"file:{tmp_path}/sql/timetable.sql"


def test_a_blank_after_file_is_no_part_of_the_path(tmp_path: Path) -> None:
    (tmp_path / "timetable.sql").touch()
    text = SHORTEST.replace("SELECT * FROM lesson", "file: timetable.sql")
    assert read(tmp_path, text).settings.timetable.query == f"file:{tmp_path}/timetable.sql"


def test_a_folder_is_no_query(tmp_path: Path) -> None:
    assert "cannot be read: Is a directory" in complaint(tmp_path, SHORTEST.replace("SELECT * FROM lesson", "file:."))


def test_files_need_not_be_there_where_nobody_looks_for_them(tmp_path: Path) -> None:
    text = SHORTEST.replace("SELECT * FROM lesson", "file:timetable.sql")
    assert load(written(tmp_path, text), {}, files=False).settings.timetable.query.endswith("/timetable.sql")


@pytest.mark.parametrize("section", ["entra", "ews"])
def test_a_ca_bundle_that_is_not_there_is_named(tmp_path: Path, section: str) -> None:
    assert f"{section}.ca_bundle names ca.pem, which cannot be read" in complaint(tmp_path, with_line(section, 'ca_bundle = "ca.pem"'))


def test_a_report_folder_may_be_made_later_but_is_no_file(tmp_path: Path) -> None:
    text = with_line("report", 'directory = "reports"')
    assert read(tmp_path, text).settings.report.directory == tmp_path / "reports"
    (tmp_path / "reports").touch()
    assert "report.directory names reports, which is a file and no folder" in complaint(tmp_path, text)


def test_a_rule_looks_at_columns_that_there_are(tmp_path: Path) -> None:
    rule = "[[event.rules]]\nwhen = { %s = 'Exam' }\n"
    assert read(tmp_path, SHORTEST + rule % "title").settings.event.rules
    for name in ALWAYS_THERE:
        assert read(tmp_path, SHORTEST + rule % name).settings.event.rules
    said = complaint(tmp_path, SHORTEST + rule % "type")
    assert said.endswith("event.rules[1].when.type is not one of the timetable's columns; add it under [timetable.columns]")
    assert complaint(tmp_path, SHORTEST + rule % "tilte").endswith('; did you mean "title"?')


@pytest.mark.parametrize(
    ("key", "only"),
    [
        ("values = ['X']", "cancelled or all_day"),
        ("action = 'mark'", "cancelled"),
        ("unit = 'hours'", "duration, start or end"),
        ("overnight = 'any'", "end"),
        ("monday = 0", "weekday"),
    ],
)
def test_keys_that_mean_nothing_for_a_column_are_refused(tmp_path: Path, key: str, only: str) -> None:
    said = complaint(tmp_path, SHORTEST.replace('title = "module_title"', f"title = {{ column = 'a', {key} }}"))
    assert said.endswith(f"timetable.columns.title.{key.partition(' ')[0]} means something for the column {only} alone")


def test_cross_checks_are_told_beside_mistakes_of_single_keys(tmp_path: Path) -> None:
    text = (
        SHORTEST.replace('end = "ends_at"\n', "")
        .replace('title = "module_title"', "title = 5")
        .replace("SELECT * FROM lesson", "file:x.sql")
    )
    said = refusal(tmp_path, text).message
    assert "timetable.columns lacks end (or duration)" in said
    assert "timetable.columns.title must be" in said
    assert "timetable.query names" in said


def test_the_same_is_never_told_twice(tmp_path: Path) -> None:
    assert "lacks end" in complaint(tmp_path, SHORTEST.replace('end = "ends_at"\n', ""))


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
