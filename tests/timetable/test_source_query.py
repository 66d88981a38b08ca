"""The SQL, from the configuration or a file."""

from pathlib import Path

import pytest

from timetable_sync.errors import UsageError
from timetable_sync.timetable.source import query_text


def test_a_query_is_taken_as_it_stands_but_for_a_semicolon_at_its_end() -> None:
    assert query_text("  SELECT 'a;b' -- ; :x %\n;\n", None) == "SELECT 'a;b' -- ; :x %"


def test_a_file_is_relative_to_the_configurations_folder(tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "timetable.sql").write_bytes(b"\xef\xbb\xbfSELECT 'caf\xc3\xa9';\n")
    assert query_text("file:sql/timetable.sql", tmp_path) == "SELECT 'café'"
    assert query_text(f"file: {tmp_path}/sql/timetable.sql", Path("/elsewhere")) == "SELECT 'café'"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"  \n", "is empty"), (b"SELECT '\xe9'", "is not UTF-8"), (b";", "is empty")]
)
def test_a_file_that_cannot_be_used_is_a_usage_error_that_names_it(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "timetable.sql"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=said) as caught:
        query_text("file:timetable.sql", tmp_path)
    assert said != "is empty" or content == b";" or str(file) in caught.value.message
