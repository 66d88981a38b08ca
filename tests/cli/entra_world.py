"""A configuration that signs in to a sandbox, for commands that do: written in a folder, to be spoilt by tests."""

from pathlib import Path

from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, SandboxProcess

_CONFIGURATION = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "2026/27"
query = "SELECT * FROM meeting"

[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"

[calendars]
address = "{{{{ calendar | lower }}}}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]

[entra]
tenant = "{tenant}"
client = "{client}"
{proof}
authority = "{authority}"
{more}

[ews]
endpoint = "{endpoint}"

[state]
url = "sqlite:///state.db"
"""


def certificate_lines(files: CertificateFiles) -> str:
    """The lines of ``[entra]`` that name a certificate and its key."""
    return f'certificate = {{ file = "{files.cert_pem}" }}\nkey = {{ file = "{files.key_pem}" }}'


def configuration(
    sandbox: SandboxProcess, proof: str, *, tenant: str = TENANT, client: str = CLIENT_ID, more: str = "", authority: str = ""
) -> str:
    """The text of a configuration; ``proof`` is what ``[entra]`` signs in with, ``more`` what else stands there."""
    return _CONFIGURATION.format(
        tenant=tenant,
        client=client,
        proof=proof,
        authority=authority or sandbox.url,
        more=more,
        endpoint=f"{sandbox.url}/EWS/Exchange.asmx",
    )


def write_configuration(folder: Path, text: str) -> None:
    """As the file that commands find in ``folder``."""
    (folder / "timetable-sync.toml").write_text(text, "utf-8")
