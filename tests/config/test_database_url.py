"""Database URLs: known kinds only, no passwords, and nothing of them in a message."""

import pytest

from timetable_sync.config.database_url import database_url, masked, state_url

SECRET = "hunter2"


@pytest.mark.parametrize(
    "right",
    [
        "postgresql+psycopg://reader@db.example.ac.uk/timetable",
        "mysql+pymysql://reader@db.example.ac.uk:3306/timetable?charset=utf8mb4",
        "sqlite:///timetable.db",
        "sqlite:///file:timetable.db?mode=ro&uri=true",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3D18%3BSERVER%3Ddb",
        "oracle+oracledb://reader@db.example.ac.uk/?service_name=timetable",
        "postgresql+psycopg://reader@db/timetable?passfile=/etc/timetable-sync/pgpass&sslmode=verify-full",
    ],
)
def test_a_url_without_a_password_is_taken(right: str) -> None:
    assert database_url(right) == right


@pytest.mark.parametrize(
    "wrong",
    [
        f"postgresql+psycopg://reader:{SECRET}@db/timetable",
        f"postgresql+psycopg://reader@db/timetable?password={SECRET}",
        f"mysql+pymysql://reader@db/timetable?passwd={SECRET}",
        f"mssql+pyodbc:///?odbc_connect=DRIVER%3D18%3BUID%3Dreader%3BPWD%3D{SECRET}",
        f"mssql+pyodbc:///?odbc_connect=DRIVER%3D18;uid=reader; Pwd ={SECRET}",
        f"postgresql+psycopg://reader@db/timetable?sslpassword={SECRET}",
        "postgresql+psycopg://reader:@db/timetable",
    ],
)
def test_a_password_in_it_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(ValueError, match="holds a password; take it out, and give it by reference") as caught:
        database_url(wrong)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("wrong", ["", "sqlite", "://", f"postgresql://u:{SECRET}@h:port/d", "postgresql://[::1/x", f"reader:{SECRET}@db"])
def test_what_is_no_url_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(ValueError, match="must be a database URL such as") as caught:
        database_url(wrong)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("postgres://reader@db/x", "postgresql+psycopg"), ("sqlite3:///x.db", "sqlite"), ("sqlserver://db/x", "mssql+pymssql")],
)
def test_a_kind_by_another_name_is_told_its_right_one(wrong: str, right: str) -> None:
    with pytest.raises(ValueError, match="not known here") as caught:
        database_url(wrong)
    assert f'did you mean "{right}://' in str(caught.value)


def test_a_driver_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="not known here"):
        database_url("postgresql+nosuchthing://db/x")


def test_the_state_is_kept_in_sqlite_or_postgresql() -> None:
    assert state_url("sqlite:////var/lib/timetable-sync/state.db")
    assert state_url("postgresql+psycopg://sync@db/state")
    with pytest.raises(ValueError, match="must be SQLite"):
        state_url("mysql+pymysql://sync@db/state")


@pytest.mark.parametrize("wrong", ["sqlite://", "sqlite:///:memory:"])
def test_and_not_in_memory(wrong: str) -> None:
    with pytest.raises(ValueError, match="must name a file"):
        state_url(wrong)


def test_what_is_shown_holds_no_password() -> None:
    shown = masked(f"postgresql+psycopg://reader:{SECRET}@db/timetable?password={SECRET}&sslmode=require")
    assert SECRET not in shown
    assert "reader:***@db/timetable" in shown
    assert "sslmode=require" in shown
    assert masked(f"not a url {SECRET}") == "(not a database URL)"
    assert masked("sqlite:////srv/timetable.db") == "sqlite:////srv/timetable.db"
