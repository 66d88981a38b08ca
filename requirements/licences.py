"""The licences of what a night is made of, as its packages state them, judged by a list of those that go together with Apache-2.0.

Ends with 1 for a licence that is not on the list, or that nobody states. Looks at the packages of runtime.txt and of the drivers and
extras of pyproject.toml that are installed.
"""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

#: Free to use and to pass on beside an Apache-2.0 program. LGPL: used as a library, unchanged, and exchangeable.
ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-3.0-only", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Unlicense"),
    *("UPL-1.0", "LGPL-2.1-or-later"),
}
#: What packages wrote before there were expressions (PEP 639), and what it means.
MEANT = {
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "gnu lesser general public license": "LGPL-2.1-or-later",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "gnu library or lesser general public license (lgpl)": "LGPL-2.1-or-later",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}
#: Of what the extras bring: oracledb, pymssql, apprise and its own.
EXTRAS = ("oracledb", "pymssql", "apprise", "markdown", "pyyaml", "click")


def main() -> int:
    """Prints a line for each package."""
    text = (Path(__file__).parent / "runtime.txt").read_text("ascii")
    names = sorted({*re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE), *EXTRAS})
    wrong = 0
    for name in names:
        try:
            stated = licence(distribution(name))
        except PackageNotFoundError:
            print(f"{name:20} not installed here")
            continue
        right = allowed(stated)
        wrong += not right
        print(f"{name:20} {stated or 'states none'}{'' if right else '   NOT ALLOWED'}")
    print(f"{len(names)} packages, {wrong or 'none'} with a licence that is not allowed")
    return 1 if wrong else 0


def licence(package: Distribution) -> str:
    """As an expression where it states one, else what its classifiers or its free text mean; empty for none."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or [] if line.startswith("License :: ")]
    # Some put the whole licence there; its first line is its name.
    said = [*classifiers, *str(metadata.get("License") or "").strip().splitlines()[:1]]
    known = [MEANT.get(one.lower(), one) for one in said if one and one != "OSI Approved"]
    return next((one for one in known if one in ALLOWED), known[0][:40] if known else "")


def allowed(stated: str) -> bool:
    """Of "A AND B" both have to be, of "A OR B" one."""
    return bool(stated) and all(any(one.strip(" ()") in ALLOWED for one in part.split(" OR ")) for part in stated.split(" AND "))


if __name__ == "__main__":
    sys.exit(main())
