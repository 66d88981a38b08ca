"""The state database's revisions, as Alembic runs them. An installed package carries this folder as timetable_sync/migrations."""
