"""The daemon: schedule, signals, systemd."""
