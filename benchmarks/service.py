"""The answering process as who measures sees it: started, told, counted, ended."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]


class Service:
    """A context manager. ``url`` is where it listens."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.exchange"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._process.stdout is None or not (port := self._process.stdout.readline().strip()):
            raise RuntimeError("the answering process did not start")
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate()

    def tell(self, **order: Any) -> Mapping[str, Any]:
        """What was counted since it was last told ``anew``; see ``exchange/control.py`` for what it can be told."""
        body, kind = json.dumps(order).encode(), {"Content-Type": "application/json"}
        request = Request(f"{self.url}/control", body, kind)  # noqa: S310 - to our own process
        with urlopen(request, timeout=1_800) as answer:  # noqa: S310 - our own process, on this machine
            found: dict[str, Any] = json.load(answer)
        return found
