"""The roles that docs/security.md gives for the timetable's database read, and cannot write."""

import random
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from tests.databases import MARIADB, POSTGRESQL, database_of_our_own

SEED = random.SystemRandom().randrange(2**32)
GUIDE = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")


def role(kind: str) -> list[str]:
    found = re.search(rf"<!-- role: {kind} -->\n```sql\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return [statement for statement in map(str.strip, found[1].split(";")) if statement]


@pytest.mark.parametrize(
    ("kind", "server"),
    [
        pytest.param("postgresql", POSTGRESQL, marks=pytest.mark.postgresql),
        pytest.param("mariadb", MARIADB, marks=pytest.mark.mariadb),
    ],
)
def test_the_guides_role_reads_and_cannot_write(kind: str, server: str) -> None:
    name = f"timetable_reader_{SEED}"
    with database_of_our_own(server) as url:
        owner = create_engine(url, isolation_level="AUTOCOMMIT")
        reader = create_engine(make_url(url).set(username=name, password="choose-one"))
        try:
            with owner.connect() as connection:
                connection.execute(text("CREATE TABLE meeting (title varchar(20))"))
                for statement in role(kind):
                    connection.exec_driver_sql(statement.replace("timetable_reader", name))
            with reader.connect() as connection:
                assert connection.execute(text("SELECT count(*) FROM meeting")).scalar() == 0
                for harm in ("INSERT INTO meeting VALUES ('x')", "DELETE FROM meeting", "DROP TABLE meeting", "CREATE TABLE more (x int)"):
                    with pytest.raises(DBAPIError):
                        connection.execute(text(harm))
                    connection.rollback()
        finally:
            reader.dispose()
            with owner.connect() as connection:
                if kind == "postgresql":
                    connection.exec_driver_sql(f"DROP OWNED BY {name}")
                connection.exec_driver_sql(f"DROP USER {name}")
            owner.dispose()
