"""What many nights of one process need not do anew. Each night has an engine and templates of its own; here they are kept.

An engine compiles each statement once, a template is compiled from its text: to do both again would be half of a night's time, and
tells nothing new.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any
from unittest.mock import patch

from jinja2 import Environment
from sqlalchemy.engine import URL, Engine

from timetable_sync.state import engine as state_connection


class Prepared:
    """Kept for as long as this lives."""

    def __init__(self) -> None:
        self._engines: dict[tuple[URL, bool], Engine] = {}
        self._templates: dict[tuple[str, bool], CodeType] = {}

    @contextmanager
    def once(self) -> Iterator[None]:
        """Within this, what was made before is used again."""
        make_engine, compile_template = state_connection._sqlite_engine, Environment.compile

        def engine(url: URL, *, read_only: bool) -> Engine:
            if (url, read_only) not in self._engines:
                self._engines[url, read_only] = make_engine(url, read_only=read_only)
            return self._engines[url, read_only]

        def compiled(environment: Environment, source: str, *more: Any, **named: Any) -> CodeType:
            of = source, bool(environment.autoescape)
            if of not in self._templates:
                self._templates[of] = compile_template(environment, source, *more, **named)
            return self._templates[of]

        with patch.object(state_connection, "_sqlite_engine", engine), patch.object(Environment, "compile", compiled):
            yield
