"""Histories in which addresses lead elsewhere than they did: aliases, renamed and recreated mailboxes, two addresses of one."""
