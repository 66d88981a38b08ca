"""How a run tells whoever watches how far it is. Says nothing by itself."""

from typing import Final, Protocol

#: The part of a run in which its queries are answered.
READING_THE_TIMETABLE: Final = "reading the timetable"


class Progress(Protocol):
    """Told by a run where it is. All methods may be called from several threads."""

    def phase(self, name: str, total: int | None) -> None:
        """A part of the night begins; ``total`` is how many steps it has, None where nobody knows yet."""
        ...

    def step(self, count: int = 1) -> None:
        """So many steps more are done."""
        ...

    def waiting(self, seconds: float, why: str) -> None:
        """The service asked us to wait, or we do before we try again."""
        ...


class Silent:
    """Nobody watches."""

    def phase(self, name: str, total: int | None) -> None:
        """Nothing to say."""

    def step(self, count: int = 1) -> None:
        """Nothing to say."""

    def waiting(self, seconds: float, why: str) -> None:
        """Nothing to say."""
