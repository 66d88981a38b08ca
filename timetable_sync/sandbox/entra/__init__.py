"""The sandbox's Entra ID."""
