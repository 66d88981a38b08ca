"""No secret leaves: not to the log at its loudest, a report, the summary, the state database, or the list of processes."""

import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from sqlalchemy import create_engine, inspect, make_url, text

from tests.databases import POSTGRESQL, database_of_our_own
from tests.end_to_end.installation import Installation
from tests.sandbox_process import make_certificate, ready_app

NOW = ("--now", "2026-10-13T02:00")
PASSPHRASE, DATABASE_WORD, STATE_WORD = "canary-of-the-key", "canary-of-the-timetable", "canary-of-the-state"

#: Whatever begins so is a JSON Web Token: the assertion that we send, or the access token that comes back.
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.")
#: Every logger at DEBUG, and every line also by the plainest handler there is, past our own: what is never said needs no redaction.
LOUD = """
import logging, sys
from timetable_sync import logs
PLAIN = sys.argv.pop(1)
configure = logs.configure
def loud(*arguments, **more):
    configure(*arguments, **more)
    plain = logging.FileHandler(PLAIN, encoding="utf-8")
    plain.setFormatter(logging.Formatter("%(name)s %(message)s"))
    for name in (None, *logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(plain)
    logging.getLogger("exchangelib.util").debug("exchangelib is heard")
logs.configure = loud
from timetable_sync.cli.app import main
sys.exit(main())
"""


@pytest.fixture
def guarded(installation: Installation) -> Iterator[Installation]:
    """With an encrypted key, and a timetable and a state behind passwords."""
    folder = installation.folder
    files = make_certificate(folder / "locked", passphrase=PASSPHRASE)
    ready_app(installation.sandbox.client, files)
    with database_of_our_own(POSTGRESQL) as timetable, database_of_our_own(POSTGRESQL) as state:
        copy_timetable(folder / "timetable.db", timetable)
        (folder / "passphrase").touch(mode=0o600)
        (folder / "passphrase").write_text(PASSPHRASE + "\n", "utf-8")
        installation.environment |= {
            "TIMETABLE_SYNC_TIMETABLE__URL": timetable,
            "TIMETABLE_SYNC_TIMETABLE__PASSWORD": '{ env = "TIMETABLE_WORD" }',
            "TIMETABLE_SYNC_STATE__URL": state,
            "TIMETABLE_SYNC_STATE__PASSWORD": '{ env = "STATE_WORD" }',
            "TIMETABLE_SYNC_ENTRA__CERTIFICATE": f'{{ file = "{files.cert_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__KEY": f'{{ file = "{files.key_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__PASSPHRASE": f'{{ file = "{folder / "passphrase"}" }}',
            "TIMETABLE_SYNC_REPORT__DIRECTORY": str(folder / "reports"),
            "TIMETABLE_WORD": DATABASE_WORD,
            "STATE_WORD": STATE_WORD,
        }
        yield installation


def copy_timetable(source: Path, url: str) -> None:
    with sqlite3.connect(source) as database:
        rows = database.execute("SELECT activity, module, starts, ends, title FROM meeting").fetchall()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE meeting (activity text, module text, starts text, ends text, title text)"))
        statement = text("INSERT INTO meeting VALUES (:activity, :module, :starts, :ends, :title)")
        connection.execute(statement, [dict(zip(("activity", "module", "starts", "ends", "title"), row, strict=True)) for row in rows])
    engine.dispose()


def everything_in(url: str) -> str:
    """Every cell of every table of a database, as text."""
    engine = create_engine(url)
    found = []
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            found += [repr(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{table}"'))]
    engine.dispose()
    return "\n".join(found)


def secrets_of(installation: Installation) -> list[str]:
    """The passwords, and the key itself as its lines stand in a file, locked and open."""
    locked = (installation.folder / "locked" / "timetable-sync-key.pem").read_bytes()
    key = load_pem_private_key(locked, PASSPHRASE.encode())
    opened = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    lines = [line.decode() for pem in (locked, opened) for line in pem.splitlines() if not line.startswith(b"-----")]
    return [PASSPHRASE, DATABASE_WORD, STATE_WORD, *(line for line in lines if len(line) > 20)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outcome", "form"),
    [
        ("well", "text"),
        ("well", "json"),
        ("entra refuses", "text"),
        ("exchange refuses the token", "text"),
        ("exchange is down", "json"),
        ("timetable is down", "text"),
    ],
)
def test_no_secret_and_no_token_reaches_logs_reports_state_or_screen_at_debug(guarded: Installation, outcome: str, form: str) -> None:
    client, folder = guarded.sandbox.client, guarded.folder
    environment: dict[str, str] = {}
    if outcome == "entra refuses":
        ready_app(client, make_certificate(folder / "another"))
    elif outcome == "exchange refuses the token":
        client.set_fault({"what": "expired_token", "operation": "*", "count": 0})
    elif outcome == "exchange is down":
        client.set_fault({"what": "drop", "operation": "*", "count": 0})
        environment["TIMETABLE_SYNC_RUN__DEADLINE"] = "8 seconds"
    elif outcome == "timetable is down":
        environment["TIMETABLE_SYNC_TIMETABLE__URL"] = str(make_url(guarded.environment["TIMETABLE_SYNC_TIMETABLE__URL"]).set(port=1))
    reports = [folder / f"plan.{ending}" for ending in ("html", "json", "md", "txt")]
    plain = folder / "plain.log"
    wanted = [argument for report in reports for argument in ("--report", str(report))]
    program = folder / "loud.py"
    program.write_text(LOUD, "utf-8")
    with guarded.start(*NOW, "-vvv", "--log-format", form, *wanted, environment=environment, program=(str(program), str(plain))) as process:
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode() if sys.platform == "linux" else ""
        out, err = process.communicate(timeout=120)
    client.clear_faults()

    assert (
        process.returncode
        == {"well": 0, "entra refuses": 3, "exchange refuses the token": 3, "exchange is down": 1, "timetable is down": 4}[outcome]
    ), err[-2_000:]
    # It was loud: the libraries' own DEBUG lines are there, by way of our handler and past it.
    loud = plain.read_text("utf-8")
    for heard in ("exchangelib is heard", "sqlalchemy.pool", *(["urllib3.connectionpool"] if outcome != "timetable is down" else [])):
        assert heard in err
        assert heard in loud
    if outcome == "well":
        assert len(client.events("comp101@groups.example.ac.uk")) == 3
    said = {
        "the log": err,
        "standard output": out,
        "the list of processes": arguments,
        "the state database": everything_in(guarded.environment["TIMETABLE_SYNC_STATE__URL"]),
        **{path.name: path.read_text("utf-8") for path in [*reports, *(folder / "reports").iterdir()] if path.exists()},
        "what was logged, past our redaction": loud,
    }
    assert len(said) >= 10
    for where, content in said.items():
        for secret in secrets_of(guarded):
            assert secret not in content, where
        assert not TOKEN.search(content), where
    if form == "json":
        assert all(json.loads(line)["level"] for line in err.splitlines() if line.startswith("{"))
