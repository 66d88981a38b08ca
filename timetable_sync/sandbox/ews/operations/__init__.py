"""What EWS can be asked to do, one operation a module. No transport, no authentication here."""
