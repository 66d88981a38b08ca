"""What a calendar service's door needs of whoever fetches tokens. Stores no token and fetches none."""

from typing import Protocol


class TokenSource(Protocol):
    """Gives bearer tokens. Safe to use from several threads."""

    def token(self) -> str:
        """A token that is good now. Raises :class:`~timetable_sync.errors.TimetableSyncError` where none is to be had."""
        ...

    def invalidate(self, refused: str) -> None:
        """The service refused this token: the next :meth:`token` is another one, unless it has been renewed meanwhile."""
        ...
