"""Carrying plans out: batches, isolation, retries, adoption, deadline."""
