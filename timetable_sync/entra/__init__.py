"""Certificate, assertion and token."""
