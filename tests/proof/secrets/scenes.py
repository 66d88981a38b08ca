"""An installation with a canary in every secret's place, and the ways in which a process of it can go: well, wrong, and not foreseen."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

from aiosmtpd.smtp import AuthResult
from sqlalchemy import create_engine, inspect, text

from tests.alerts.listeners import Listener, MailServer, listener, mail_server
from tests.databases import POSTGRESQL, database_of_our_own
from tests.plain_configuration import REPLACED
from tests.proof.secrets.canaries import Canaries
from tests.proof.secrets.watch import Seen, watching
from tests.sandbox_process import CLIENT_ID, TENANT, SandboxProcess, make_certificate, ready_app

ROOT = Path(__file__).parents[3]
_NOW = ("--now", "2026-10-13T02:00")

_CONFIGURATION = """
[alerts]
digest = "nightly"
[schedule]
cron = "*/2 * * * * *"
"""

#: Core dumps are wanted, as far as this process may want them; every logger is as loud as it can be.
_BEGIN = """
import logging, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
from timetable_sync import logs
configure = logs.configure
def loud(*arguments, **more):
    configure(*arguments, **more)
    for name in (None, *logging.root.manager.loggerDict):
        logging.getLogger(name).setLevel(logging.DEBUG)
if LOUD:
    logs.configure = loud
"""
_END = "\nfrom timetable_sync.cli.app import main\nmain()\n"


@dataclass(frozen=True)
class Scene:
    """``words`` are typed; ``crash`` is Python that plants a mistake; ``prepare`` changes the world and gives what the environment adds.

    ``code`` is how it must end. ``verb`` is the command.
    """

    name: str
    code: int
    verb: tuple[str, ...] = ("run", *_NOW)
    crash: str = ""
    prepare: Callable[["World"], Mapping[str, str]] = lambda world: {}
    ends: bool = True


@dataclass
class Left:
    """What a process left, showed or told, by place; its exit code, and whether the kernel dumped its memory."""

    code: int
    places: dict[str, bytes] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    dumped: bool = False


class World:
    """``folder`` is the installation's own; the services are shared by all scenes."""

    def __init__(self, folder: Path, chance: Random, stack: ExitStack) -> None:
        self.folder, self.canaries = folder, Canaries.by(chance)
        self.sandbox = stack.enter_context(SandboxProcess())
        self.timetable = stack.enter_context(database_of_our_own(POSTGRESQL))
        self.state = stack.enter_context(database_of_our_own(POSTGRESQL))
        self.mail: MailServer = stack.enter_context(mail_server(authenticator=self._let_in, auth_require_tls=False))
        self.web: Listener = stack.enter_context(listener())
        self.proxy = stack.enter_context(_proxy_that_wants_a_name())
        self.refuses_mail = False
        folder.mkdir(parents=True, exist_ok=True)
        self._write()

    def _let_in(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """As a mail server that repeats what it was told would."""
        said = f"535 5.7.8 not {data.login.decode()} {data.password.decode()}"
        return AuthResult(success=False, handled=False, message=said) if self.refuses_mail else AuthResult(success=True)

    def secret(self, name: str, content: str) -> str:
        """A file that holds it, and the reference to that."""
        path = self.folder / "secrets" / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(content + "\n", "utf-8")
        return f'{{ file = "{path}" }}'

    def _write(self) -> None:
        word, folder = self.canaries, self.folder
        (folder / "timetable-sync.toml").write_text(REPLACED + _CONFIGURATION, "utf-8")
        self.files = make_certificate(folder / "locked", passphrase=word["entra.passphrase"])
        word.know_key("entra.key", self.files.key_pem.read_bytes(), word["entra.passphrase"])
        rows = [
            (f"A-{module}", module, f"2026-10-{day} 09:00", f"2026-10-{day} 10:00") for module in ("COMP101", "MATH101") for day in (14, 21)
        ]
        engine = create_engine(self.timetable)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE meeting (activity text, module text, starts text, ends text, title text)"))
            for row in rows:
                connection.execute(text("INSERT INTO meeting VALUES (:a, :m, :s, :e, 'Logic')"), dict(zip("amse", row, strict=True)))
        engine.dispose()
        hook = f"{self.web.address}/hook/{word['webhook.secret_address']}?key={word['webhook.secret_address']}"
        self.environment = {
            "TIMETABLE_SYNC_TIMETABLE__URL": self.timetable,
            "TIMETABLE_SYNC_TIMETABLE__PASSWORD": '{ env = "TIMETABLE_WORD" }',
            "TIMETABLE_SYNC_STATE__URL": self.state,
            "TIMETABLE_SYNC_STATE__PASSWORD": '{ env = "STATE_WORD" }',
            "TIMETABLE_SYNC_ENTRA__TENANT": TENANT,
            "TIMETABLE_SYNC_ENTRA__CLIENT": CLIENT_ID,
            "TIMETABLE_SYNC_ENTRA__CERTIFICATE": f'{{ file = "{self.files.cert_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__KEY": f'{{ file = "{self.files.key_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__PASSPHRASE": self.secret("passphrase", word["entra.passphrase"]),
            "TIMETABLE_SYNC_ENTRA__AUTHORITY": self.sandbox.url,
            "TIMETABLE_SYNC_EWS__ENDPOINT": f"{self.sandbox.url}/EWS/Exchange.asmx",
            "TIMETABLE_SYNC_REPORT__DIRECTORY": str(folder / "reports"),
            "TIMETABLE_SYNC_METRICS__TEXTFILE": str(folder / "metrics.prom"),
            "TIMETABLE_SYNC_MAIL__SERVER": "127.0.0.1",
            "TIMETABLE_SYNC_MAIL__PORT": str(self.mail.port),
            "TIMETABLE_SYNC_MAIL__SECURITY": "none",
            "TIMETABLE_SYNC_MAIL__SENDER": "timetable-sync@example.ac.uk",
            "TIMETABLE_SYNC_MAIL__TO": '["team@example.ac.uk"]',
            "TIMETABLE_SYNC_MAIL__USER": "timetable-sync",
            "TIMETABLE_SYNC_MAIL__PASSWORD": self.secret("mail", word["mail.password"]),
            "TIMETABLE_SYNC_WEBHOOK__SECRET_ADDRESS": self.secret("webhook", hook),
            "TIMETABLE_SYNC_WEBHOOK__TOKEN": self.secret("token", word["webhook.token"]),
            "TIMETABLE_SYNC_APPRISE__URLS": self.secret(
                "apprise", f"json://user:{word['apprise.urls']}@127.0.0.1:{self.web.port}/{word['apprise.urls']}"
            ),
            "TIMETABLE_SYNC_PINGS__SECRET_ADDRESS": self.secret("ping", f"{self.web.address}/ping/{word['pings.secret_address']}"),
            "TIMETABLE_WORD": word["timetable.password"],
            "STATE_WORD": word["state.password"],
        }

    def reset(self) -> None:
        """As it was before the last scene."""
        client = self.sandbox.client
        client.clear_faults()
        client.offer_sign_ins("bearer")
        secrets = {self.canaries["entra.secret"]: 4e9}
        client.register_app(self.files.manifest_dict, tenant=TENANT, client_id=CLIENT_ID, secrets=secrets)
        for address in ("comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"):
            client.remove_mailbox(address)
            client.add_mailbox(address)
        self.refuses_mail, self.web.status = False, 200
        self.mail.letters.clear()
        self.web.posts.clear()

    def play(self, scene: Scene, verbosity: int, form: str) -> Left:
        """Carry it out, and gather all that it left."""
        self.reset()
        place = self.folder / "play"
        temporary = place / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")},
            "PYTHONPATH": str(ROOT),
            **self.environment,
            "TMPDIR": str(temporary),
            "PROOF_SECRETS": json.dumps({**self.canaries.words, "entra.key": self.files.key_pem.read_text("ascii")}) if scene.crash else "",
            **scene.prepare(self),
        }
        # What a mistake is to say comes by standard input, so that it is nowhere else.
        told = environment.pop("PROOF_SECRETS").encode()
        words = [*scene.verb, "--config", str(self.folder / "timetable-sync.toml")]
        reports = [place / f"report.{ending}" for ending in ("html", "json", "md", "txt")]
        if scene.verb[0] == "run":
            words += [word for report in reports for word in ("--report", str(report))]
        if scene.verb[0] in ("run", "daemon"):
            words += ["-" + "v" * verbosity] * bool(verbosity) + ["--log-format", form]
        program = f"LOUD = {verbosity > 2}\n" + _BEGIN + scene.crash + _END
        out, err = place / "stdout", place / "stderr"
        with out.open("wb") as shown, err.open("wb") as logged:
            command = [sys.executable, "-c", program, *words]
            process = subprocess.Popen(command, env=environment, cwd=place, stdin=subprocess.PIPE, stdout=shown, stderr=logged)
            with watching(process.pid, temporary) as seen:
                if process.stdin is not None:
                    process.stdin.write(told)
                    process.stdin.close()
                if not scene.ends:
                    self._one_night(process, err)
                _, status = os.waitpid(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
        return Left(process.returncode, self._gathered(place, seen), seen, dumped=os.WCOREDUMP(status))

    def _one_night(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        """The daemon has had one, or has ended; then it is asked to end."""
        for _ in range(1_200):
            if process.poll() is not None or b"the night is over" in log.read_bytes() or b"the night ended" in log.read_bytes():
                break
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        process.terminate()

    def _gathered(self, place: Path, seen: Seen) -> dict[str, bytes]:
        """What lies around now, and is gone for the next scene."""
        found = {**seen.words, **seen.files, "the state's tables": _everything_in(self.state).encode()}
        for folder in (place, self.folder / "reports"):
            for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
                if path.is_file():
                    found[path.name] = path.read_bytes()
                    path.unlink()
        metrics = self.folder / "metrics.prom"
        if metrics.exists():
            found["the metrics"] = metrics.read_bytes()
        found |= {f"mail {number}": letter.as_bytes() for number, letter in enumerate(self.mail.letters)}
        # The way to a listener is where an address belongs; what it is told must not hold it.
        found |= {f"what {path.split('/')[1]} was told, {number}": body for number, (path, _, body) in enumerate(self.web.posts)}
        return found


@contextmanager
def world(folder: Path, chance: Random) -> Iterator[World]:
    """All of it, ended at the end."""
    with ExitStack() as stack:
        yield World(folder, chance, stack)


def _everything_in(url: str) -> str:
    """Every cell of every table of a database, as text."""
    engine, found = create_engine(url), []
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            found += [repr(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{table}"'))]
    engine.dispose()
    return "\n".join(found)


@contextmanager
def _proxy_that_wants_a_name() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            self.send_response(407, f"not {self.headers.get('Proxy-Authorization', 'anybody')}")
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


# -- what goes wrong


def _another_certificate(world: World) -> Mapping[str, str]:
    ready_app(world.sandbox.client, make_certificate(world.folder / "another"))
    return {}


def _a_fault(what: str, **more: str) -> Callable[[World], Mapping[str, str]]:
    def prepare(world: World) -> Mapping[str, str]:
        world.sandbox.client.set_fault({"what": what, "operation": "*", "count": 0})
        return more

    return prepare


def _at_no_port(key: str, url: Callable[[World], str]) -> Callable[[World], Mapping[str, str]]:
    return lambda world: {key: url(world).replace(":5432", ":1")}


def _by_secret(world: World, secret: str) -> Mapping[str, str]:
    nothing = {f"TIMETABLE_SYNC_ENTRA__{name}": "" for name in ("CERTIFICATE", "KEY", "PASSPHRASE")}
    return {**nothing, "TIMETABLE_SYNC_ENTRA__SECRET": world.secret("secret", secret)}


def _by_account(kind: str, *, right: bool) -> Callable[[World], Mapping[str, str]]:
    def prepare(world: World) -> Mapping[str, str]:
        client, word = world.sandbox.client, world.canaries["ews.password"]
        client.offer_sign_ins("basic", "ntlm")
        client.add_service_account("EXAMPLE\\svc", "svc@example.ac.uk", word if right else word + "?")
        return {
            "TIMETABLE_SYNC_EWS__SIGN_IN": kind,
            "TIMETABLE_SYNC_EWS__USER": "EXAMPLE\\svc",
            "TIMETABLE_SYNC_EWS__PASSWORD": world.secret("exchange", word),
        }

    return prepare


def _through_the_proxy(world: World) -> Mapping[str, str]:
    return {
        "TIMETABLE_SYNC_NETWORK__PROXY": f"http://proxy-user@{world.proxy}",
        "TIMETABLE_SYNC_NETWORK__PROXY_PASSWORD": world.secret("proxy", world.canaries["network.proxy_password"]),
        "TIMETABLE_SYNC_ENTRA__AUTHORITY": "https://login.example.test",
        "TIMETABLE_SYNC_EWS__ENDPOINT": "https://exchange.example.test/EWS/Exchange.asmx",
        "TIMETABLE_SYNC_RUN__DEADLINE": "3 seconds",
        "NO_PROXY": "",
        "no_proxy": "",
    }


def _nobody_takes_it(world: World) -> Mapping[str, str]:
    world.refuses_mail, world.web.status = True, 500
    return {}


def _with_sqlite(world: World) -> Mapping[str, str]:
    file = world.folder / "play" / "state.db"
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    sqlite3.connect(file).close()
    return {"TIMETABLE_SYNC_STATE__URL": f"sqlite:///{file}", "TIMETABLE_SYNC_STATE__PASSWORD": ""}


#: The mistake says every secret that was read by then, as it is and in the forms that libraries have it in.
_SAYING = """
import base64, json, urllib.parse
SECRETS = json.loads(sys.stdin.buffer.read())
def forms(word):
    yield from (word, repr(word), urllib.parse.quote(word), word.encode().hex(), json.dumps(word))
    yield base64.b64encode(("user:" + word).encode()).decode()
def all_of(*names):
    words = [SECRETS[name] for name in names]
    coded = [form for word in words if "BEGIN" not in word for form in forms(word)]
    return " ".join(coded + [word for word in words if "BEGIN" in word])
READ = ("timetable.password", "state.password", "entra.passphrase", "entra.key")
"""
_IN_THE_MIDDLE = """
from timetable_sync.calendars.ews.transport import ExchangeProtocol
def post(self, operation, body, headers, *, where, writing):
    token = self._sign_in.auth()
    MISTAKE
ExchangeProtocol.post = post
"""
_WHILE_TELLING = """
import smtplib
def send_message(self, *_, **__):
    raise RuntimeError(all_of(*READ, "mail.password"))
smtplib.SMTP.send_message = send_message
"""


def _planted(mistake: str) -> str:
    return _SAYING + _IN_THE_MIDDLE.replace("MISTAKE", mistake)


SCENES = (
    Scene("a night that goes well", 0),
    Scene("a night that goes well, with SQLite", 0, prepare=_with_sqlite),
    Scene("a dry run", 0, ("run", *_NOW, "--dry-run")),
    Scene("Entra ID refuses the certificate", 3, prepare=_another_certificate),
    Scene("Exchange refuses the token", 3, prepare=_a_fault("expired_token")),
    Scene("Exchange is down", 1, prepare=_a_fault("drop", TIMETABLE_SYNC_RUN__DEADLINE="3 seconds")),
    Scene("the timetable is down", 4, prepare=_at_no_port("TIMETABLE_SYNC_TIMETABLE__URL", lambda world: world.timetable)),
    Scene("the state is down", 2, prepare=_at_no_port("TIMETABLE_SYNC_STATE__URL", lambda world: world.state)),
    Scene("the passphrase is wrong", 3, prepare=lambda world: {
        "TIMETABLE_SYNC_ENTRA__PASSPHRASE": world.secret("wrong", world.canaries["entra.secret"])
    }),
    Scene("a client secret, too weak for Exchange", 3, prepare=lambda world: _by_secret(world, world.canaries["entra.secret"])),
    Scene("a client secret that is refused", 3, prepare=lambda world: _by_secret(world, world.canaries["webhook.token"])),
    Scene("Basic", 0, prepare=_by_account("basic", right=True)),
    Scene("Basic, refused", 3, prepare=_by_account("basic", right=False)),
    Scene("NTLM", 0, prepare=_by_account("ntlm", right=True)),
    Scene("NTLM, refused", 3, prepare=_by_account("ntlm", right=False)),
    Scene("a proxy that refuses its user", 1, prepare=_through_the_proxy),
    Scene("mail server, webhook, watchdog and Apprise refuse", 0, prepare=_nobody_takes_it),
    Scene("a mistake while Exchange is asked", 1, crash=_planted("raise RuntimeError(all_of(*READ))")),
    # Without the timetable's password: the first stamps are asked for before it is read.
    Scene("a mistake in a thread", 1, crash=_planted(
        "import threading; t = threading.Thread(target=lambda: int(all_of(*READ[1:]))); t.start(); t.join(); raise MemoryError")),
    Scene("a mistake while people are told", 0, crash=_SAYING + _WHILE_TELLING),
    Scene("a process that aborts", -6, crash=_planted("import os; os.abort()")),
    Scene("a daemon and its night", 0, ("daemon",), ends=False),
    Scene("config show", 0, ("config", "show")),
    Scene("config show, as JSON", 0, ("config", "show", "--format", "json")),
    Scene("config check", 0, ("config", "check")),
    Scene("token", 0, ("token",)),
    Scene("token, as JSON", 0, ("token", "--format", "json")),
    Scene("doctor", 0, ("doctor",)),
    Scene("doctor, as JSON", 0, ("doctor", "--format", "json")),
    Scene("status", 0, ("status",)),
    Scene("history", 0, ("history",)),
    Scene("alert test", 0, ("alert", "test")),
    Scene("alert test, refused", 1, ("alert", "test"), prepare=_nobody_takes_it),
)  # fmt: skip
