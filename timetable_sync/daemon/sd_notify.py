"""What a service tells systemd: one datagram of NAME=value lines to the socket in ``NOTIFY_SOCKET``.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html. Without that variable nothing is told, and nothing fails.
"""

import os
import socket
import time
from collections.abc import Mapping
from datetime import timedelta

import structlog

log = structlog.stdlib.get_logger(__name__)

#: Variables that are for the service itself, and for none of its children.
VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier:
    """``environ`` says where to, and by when the watchdog wants to be told that we live."""

    def __init__(self, environ: Mapping[str, str], *, pid: int | None = None) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._status = ""
        self._complained = False
        usec = environ.get("WATCHDOG_USEC", "")
        for_us = environ.get("WATCHDOG_PID", "") in ("", str(os.getpid() if pid is None else pid))
        #: Told less often than this, the watchdog takes us for dead; None where there is none.
        self.watchdog = timedelta(microseconds=int(usec)) if usec.isdigit() and int(usec) > 0 and for_us else None

    def ready(self, status: str) -> None:
        """All that is needed stands; or, after :meth:`reloading`, stands again."""
        self._status = status
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def reloading(self) -> None:
        """A new configuration is being read; :meth:`ready` says that this is over."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str) -> None:
        """We were asked to end, and do."""
        self._status = status
        self._send(f"STOPPING=1\nSTATUS={_line(status)}")

    def alive(self) -> None:
        """To be called by what has to turn, and from nowhere else."""
        self._send("WATCHDOG=1")

    def status(self, status: str) -> None:
        """For ``systemctl status``; told when it is another than before."""
        if status != self._status:
            self._status = status
            self._send(f"STATUS={_line(status)}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A name that begins with @ is one of Linux's abstract ones, which begin with a NUL: unix(7).
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
                connection.settimeout(5)
                connection.sendto(message.encode("utf-8", "replace"), address)
        except OSError as error:
            if not self._complained:
                log.warning("systemd cannot be told how we are", error=error.strerror or str(error))
            self._complained = True


def _line(text: str) -> str:
    return " ".join(text.split())
