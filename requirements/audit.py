"""Are there known weaknesses in what we install? Asks pip-audit, and says plainly how much of it could be asked at all.

Ends with 1 for a known weakness. A service that cannot be reached is said in capitals, and is no failure: it is no all-clear either. With
``AUDIT=must`` in the environment it is a failure.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

FILES = ("runtime.txt", "build.txt", "dev.txt")


def main() -> int:
    """Audits every file; what is in several is asked for once."""
    folder = Path(__file__).parent
    pins = dict.fromkeys(pin for name in FILES for pin in _pins(folder / name))
    unknown, weak = list[str](), list[str]()
    judged = _judged(folder)
    for pin in pins:
        name = pin.partition("==")[0]
        if name not in judged:
            unknown.append(name)
        weak += judged.get(name, [])
    for line in sorted(set(weak)):
        print(line)
    looked_up = len(pins) - len(unknown)
    said = f": {len(set(weak)) or 'no'} known weaknesses" if looked_up else ""
    print(f"{looked_up} of {len(pins)} packages were looked up{said}")
    if unknown:
        some = ", ".join(unknown)[:100]
        print(f"NOT AUDITED: {len(unknown)} packages, as the service for known weaknesses does not answer for them here: {some} ...")
    return 1 if weak or (unknown and os.environ.get("AUDIT") == "must") else 0


def _pins(path: Path) -> list[str]:
    return [line.split()[0] for line in path.read_text("ascii").splitlines() if line and not line.startswith((" ", "#"))]


def _judged(folder: Path) -> dict[str, list[str]]:
    """By package, its known weaknesses; those that could not be asked for are left out."""
    found: dict[str, list[str]] = {}
    for name in FILES:
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(folder / name), "--disable-pip", "--require-hashes"]
        command += ["--format", "json", "--progress-spinner", "off"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        try:
            told = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            print(f"NOT AUDITED: {name}: pip-audit says: {(done.stderr.strip().splitlines() or ['nothing'])[-1][:200]}")
            continue
        for one in told:
            if "skip_reason" not in one:
                found[one["name"]] = [f"{one['name']} {one['version']}: {weakness['id']}" for weakness in one["vulns"]]
    return found


if __name__ == "__main__":
    sys.exit(main())
