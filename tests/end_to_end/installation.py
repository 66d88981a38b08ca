"""One installation of timetable-sync beside a sandbox: a configuration of the documentation, made to fit by the environment."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.sandbox_process import CLIENT_ID, TENANT, SandboxProcess, make_certificate, ready_app

ROOT = Path(__file__).resolve().parents[2]


#: Operations that change a mailbox, or send something.
WRITING = frozenset({"CreateItem", "UpdateItem", "DeleteItem", "SendItem", "MoveItem"})


class Installation:
    """``folder`` takes certificate and state; ``configuration`` is used as it is, but for what lies elsewhere here.

    ``state_url`` is where the state is, if not in ``folder``.
    """

    def __init__(self, folder: Path, sandbox: SandboxProcess, configuration: Path, timetable_url: str, state_url: str = "") -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.configuration = configuration
        files = make_certificate(folder)
        ready_app(sandbox.client, files)
        self.state = folder / "state.db"
        self.environment = {
            "TIMETABLE_SYNC_TIMETABLE__URL": timetable_url,
            "TIMETABLE_SYNC_STATE__URL": state_url or f"sqlite:///{self.state}",
            "TIMETABLE_SYNC_ENTRA__TENANT": TENANT,
            "TIMETABLE_SYNC_ENTRA__CLIENT": CLIENT_ID,
            "TIMETABLE_SYNC_ENTRA__CERTIFICATE": f'{{ file = "{files.cert_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__KEY": f'{{ file = "{files.key_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__AUTHORITY": sandbox.url,
            "TIMETABLE_SYNC_EWS__ENDPOINT": f"{sandbox.url}/EWS/Exchange.asmx",
        }

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """``timetable-sync run`` as it is typed, to its end."""
        with self.start(*arguments, environment=environment) as process:
            out, err = process.communicate(timeout=900)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command as it is typed, to its end; ``words`` begin with its name."""
        verb, *rest = words
        with self.start(*rest, "--config", str(self.configuration), configured=False, verb=verb) as process:
            out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @contextmanager
    def start(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        configured: bool = True,
        program: Sequence[str] = ("-m", "timetable_sync"),
        verb: str = "run",
        stdin: int | None = None,
    ) -> Iterator[subprocess.Popen[str]]:
        """``timetable-sync run`` begun; ended when the test fails meanwhile.

        Without ``configured``, no configuration is named; ``program`` is what Python is to run,
        ``verb`` the command.
        """
        named = ["--config", str(self.configuration)] if configured else []
        command = [sys.executable, *program, verb, *named, *arguments]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
        with subprocess.Popen(
            command,
            env={**inherited, "PYTHONPATH": str(ROOT), **self.environment, **(environment or {})},
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise

    def written(self) -> set[str]:
        """Which operations that write the sandbox was asked for since its requests were last counted from zero."""
        return set(self.sandbox.client.requests()) & WRITING
