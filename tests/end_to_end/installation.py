"""One installation of timetable-sync beside a sandbox: a configuration of the documentation, made to fit by the environment."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.sandbox_process import CLIENT_ID, TENANT, SandboxProcess, make_certificate, ready_app

ROOT = Path(__file__).resolve().parents[2]


class Installation:
    """``folder`` takes certificate and state; ``configuration`` is used as it is, but for what lies elsewhere here."""

    def __init__(self, folder: Path, sandbox: SandboxProcess, configuration: Path, timetable_url: str) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.configuration = configuration
        files = make_certificate(folder)
        ready_app(sandbox.client, files)
        self.state = folder / "state.db"
        self.environment = {
            "TIMETABLE_SYNC_TIMETABLE__URL": timetable_url,
            "TIMETABLE_SYNC_STATE__URL": f"sqlite:///{self.state}",
            "TIMETABLE_SYNC_ENTRA__TENANT": TENANT,
            "TIMETABLE_SYNC_ENTRA__CLIENT": CLIENT_ID,
            "TIMETABLE_SYNC_ENTRA__CERTIFICATE": f'{{ file = "{files.cert_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__KEY": f'{{ file = "{files.key_pem}" }}',
            "TIMETABLE_SYNC_ENTRA__AUTHORITY": sandbox.url,
            "TIMETABLE_SYNC_EWS__ENDPOINT": f"{sandbox.url}/EWS/Exchange.asmx",
        }

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """``timetable-sync run`` as it is typed."""
        command = [sys.executable, "-m", "timetable_sync", "run", "--config", str(self.configuration), *arguments]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
        return subprocess.run(
            command,
            env={**inherited, **self.environment, **(environment or {})},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
