"""What a database's SQL calls things where databases differ. Everything else in the presets is SQL that all of them understand."""

from dataclasses import dataclass

#: By SQLAlchemy's names of the kinds of database: how they are called, and a URL to start from.
DATABASES = {
    "mssql": ("SQL Server", "mssql+pymssql://timetable_reader@db.example.ac.uk/timetable"),
    "mysql": ("MySQL, MariaDB", "mysql+pymysql://timetable_reader@db.example.ac.uk/timetable"),
    "oracle": ("Oracle", "oracle+oracledb://timetable_reader@db.example.ac.uk/?service_name=timetable"),
    "postgresql": ("PostgreSQL", "postgresql+psycopg://timetable_reader@db.example.ac.uk/timetable"),
    "sqlite": ("SQLite", "sqlite:///timetable.db"),
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """``name`` is SQLAlchemy's. ``schema`` stands before every table, or is empty where the user's own is meant."""

    name: str
    schema: str

    def table(self, name: str) -> str:
        """The table, in its schema."""
        return f"{self.schema}.{name}" if self.schema else name

    def concat(self, *parts: str) -> str:
        """Texts one after another; of parts that may be NULL, databases make different things."""
        if self.name in ("mysql", "mariadb"):
            return f"CONCAT({', '.join(parts)})"
        return (" + " if self.name == "mssql" else " || ").join(parts)

    def is_true(self, flag: str) -> str:
        """A flag that is a number in some databases, and a BOOLEAN, which no number equals, in PostgreSQL."""
        return flag if self.name == "postgresql" else f"{flag} = 1"

    @staticmethod
    def text(value: str) -> str:
        """A text as a literal."""
        return "'" + value.replace("'", "''") + "'"

    @staticmethod
    def filled(column: str) -> str:
        """NULL for blanks, also for those that a CHAR column is padded with."""
        return f"NULLIF(LTRIM(RTRIM({column})), '')"
