"""Processes that try cases side by side, each on scenes of its own; and a case by its name. What came of a case is for others to count."""

import atexit
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from tests.proof.faults import by_proxy, cases, databases
from tests.proof.faults.cases import Request
from tests.proof.faults.kinds import KINDS
from tests.proof.faults.scene import Scene
from tests.proof.figures import Finding, Tried, Wrong
from tests.sandbox_process import SandboxProcess

DIRECT, PROXY, DATABASE = "direct", "by a proxy", "database"

_KINDS = [*KINDS, *by_proxy.OWN]


class Scenes:
    """One process's scenes, each made when it is first asked for; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened = ExitStack()
        self._scenes: dict[str, tuple[Scene, list[Request]]] = {}

    def of(self, way: str) -> tuple[Scene, list[Request]]:
        """The scene of this way to the services, and the requests of its night."""
        if way not in self._scenes:
            folder = Path(self._opened.enter_context(TemporaryDirectory(dir=self._folder)))
            sandbox = self._opened.enter_context(SandboxProcess())
            if way == PROXY:
                scene = self._opened.enter_context(by_proxy.scene_by_proxy(folder, sandbox))
                self._scenes[way] = scene, scene.requests()
            else:
                direct = Scene(folder, sandbox)
                self._scenes[way] = direct, cases.requests_of(direct)
        return self._scenes[way]

    def case(self, name: str) -> Tried:
        """The case of this name, from the evening before to the clean night after it. Raises ValueError where there is none."""
        way, _, rest = name.partition("; ")
        if way == DATABASE:
            row, moment = row_of(rest)
            return self._row(row, [moment])[1][0]
        if way not in (DIRECT, PROXY):
            raise ValueError(f"no case is called {name!r}")
        scene, requests = self.of(way)
        return _called(way, cases.tried(scene, cases.named(rest, requests, _KINDS)))

    def row(self, row: databases.Row, seed: str, share: float) -> tuple[int, list[Tried]]:
        """A fault of a database: at how many moments it may strike, and what came of this share of them, chosen by chance.

        Raises what pytest raises where there is no such server.
        """
        dice = Random(seed)  # noqa: S311 - chance for tests
        return self._row(row, lambda known: sorted(dice.sample(known, max(1, round(len(known) * share)))))

    def _row(self, row: databases.Row, chosen: Sequence[int] | Callable[[list[int]], list[int]]) -> tuple[int, list[Tried]]:
        with (
            TemporaryDirectory(dir=self._folder) as folder,
            SandboxProcess() as sandbox,
            databases.scene_with(Path(folder), sandbox, row) as scene,
        ):
            known = databases.moments(scene, row)
            moments = chosen(known) if callable(chosen) else chosen
            return len(known), [_called(DATABASE, databases.tried(scene, row, moment)) for moment in moments]

    def close(self) -> None:
        """No more of them."""
        self._opened.close()


def row_of(name: str) -> tuple[databases.Row, int]:
    """A fault of a database and the statement at which it strikes. Raises ValueError where there is none of this name."""
    called, _, moment = name.rpartition("; statement ")
    found = [row for row in databases.EXPECTED if str(row) == called]
    if not found or not moment.isdigit():
        raise ValueError(f"no case is called {name!r}")
    return found[0], int(moment)


def _called(way: str, tried: Tried) -> Tried:
    return Tried(f"{way}; {tried.name}", tried.ended, tried.found, tried.said)


#: What a process works with.
_own: list[Scenes] = []


def _begin(folder: str) -> None:
    _own.append(Scenes(Path(folder)))
    atexit.register(_own[0].close)


def _requests(way: str) -> list[Request]:
    return _own[0].of(way)[1]


def _case(name: str) -> Tried:
    try:
        return _own[0].case(name)
    except Exception as error:  # whatever breaks is wrong too, and stops no other case
        return Tried(name, "nothing", (Finding(Wrong.NOT_TRIED, f"{type(error).__name__}: {error}"),))


def _row(row: databases.Row, seed: str, share: float) -> tuple[int, list[Tried]] | str:
    try:
        return _own[0].row(row, seed, share)
    except (Exception, pytest.skip.Exception, pytest.fail.Exception) as missing:
        return f"{type(missing).__name__}: {missing}"


class Workers:
    """The processes."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def requests(self, way: str) -> list[Request]:
        """The requests of a night that goes well."""
        return self._pool.submit(_requests, way).result()

    def try_all(self, names: Sequence[str]) -> Iterator[Tried]:
        """Each of these cases, as they come to their ends."""
        for done in as_completed([self._pool.submit(_case, name) for name in names]):
            yield done.result()

    def try_rows(self, rows: Sequence[databases.Row], seed: int, share: float) -> Iterator[tuple[databases.Row, int, list[Tried], str]]:
        """Each row: at how many moments it may strike, what came of a share of them, and why it could not be tried, if so."""
        jobs = {self._pool.submit(_row, row, f"{seed} {row}", share): row for row in rows}
        for done in as_completed(jobs):
            found = done.result()
            yield (jobs[done], 0, [], found) if isinstance(found, str) else (jobs[done], *found, "")


@contextmanager
def workers(jobs: int) -> Iterator[Workers]:
    """So many."""
    with (
        TemporaryDirectory(prefix="faults-") as folder,
        ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin, (folder,)) as pool,
    ):
        try:
            yield Workers(pool)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
