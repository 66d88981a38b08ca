"""The way to the services: TLS always verified, and the proxy."""
