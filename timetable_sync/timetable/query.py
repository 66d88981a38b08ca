"""The SQL text: from the configuration, or from the file that it names. Never looks into it, and never changes what it says."""

from pathlib import Path

from timetable_sync.errors import UsageError

_FILE = "file:"


def query_text(query: str, base: Path | None, key: str = "timetable.query") -> str:
    """The SQL of ``query``, which stands at ``key``; a file it names is relative to ``base``. Raises UsageError.

    A semicolon at the end is left out, since a cursor is declared for the query where it is streamed.
    """
    if query.startswith(_FILE):
        file = (base or Path()) / Path(query.removeprefix(_FILE).strip()).expanduser()
        try:
            query = file.read_text("utf-8-sig")
        except OSError as error:
            raise UsageError(f"{key}: {file} cannot be read: {error.strerror}", "Check the path and who may read it.") from None
        except UnicodeDecodeError:
            raise UsageError(f"{key}: {file} is not UTF-8 text", "Save the query as UTF-8.") from None
        if not query.strip():
            raise UsageError(f"{key}: {file} is empty", "Write the query there.")
    text = query.strip().rstrip(";").rstrip()
    if not text:
        raise UsageError(f"{key} is empty", 'Write the query, or "file:" and the path of a file that holds it.')
    return text
