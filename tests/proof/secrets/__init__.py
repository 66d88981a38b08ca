"""Secrets: a canary in the place of each, and everything that a process leaves behind, shows or tells is searched for it."""
