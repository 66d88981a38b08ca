"""What a user types, against the sandbox over HTTP."""
