"""Fuzzing: whatever bytes the readers get, they give a value or a clear error of ours, and nothing else ever leaves them."""
