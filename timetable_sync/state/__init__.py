"""Ledger, history and lease on SQLAlchemy."""
