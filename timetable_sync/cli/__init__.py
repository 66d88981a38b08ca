"""Thin: parse, call, exit code. The one place where an exception becomes advice."""
