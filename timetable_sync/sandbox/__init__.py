"""A local Entra ID and Exchange to try things on and to test against: as strict as the real ones, never kinder."""
