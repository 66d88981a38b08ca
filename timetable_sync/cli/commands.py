"""What commands there are. Their help's first sentences stand here too, so that the list of them is shown without loading any."""

from collections.abc import Mapping
from typing import ClassVar

import typer

from timetable_sync.cli.lazy_group import Announced, GroupByNeed


class Commands(GroupByNeed):
    """All that ``timetable-sync`` can be asked for."""

    announced: ClassVar[Mapping[str, Announced]] = {
        "run": Announced("timetable_sync.cli.run:run", "One night, now: make the calendars equal to the timetable."),
        "daemon": Announced(
            "timetable_sync.cli.daemon:daemon",
            "Run a night whenever [schedule] says so, until told to end; a missed night is made up for once.",
        ),
        "next": Announced("timetable_sync.cli.next:next_starts", "When the daemon will start the next nights, by [schedule]."),
        "status": Announced(
            "timetable_sync.cli.status:status",
            "Was last night fine? The last runs, the next start, what is held, who is at work, the certificate.",
        ),
        "history": Announced(
            "timetable_sync.cli.history:history",
            "The runs, newest first; or one of them, with its calendars and every change that it tried.",
        ),
        "explain": Announced(
            "timetable_sync.cli.explain:explain",
            "Every change ever made to an event: from what to what, when and why, and the rows that it comes from now.",
        ),
        "held": Announced(
            "timetable_sync.cli.held:held",
            "What guards hold back since the last run, with the events concerned, and what to type to let it through once.",
        ),
        "doctor": Announced(
            "timetable_sync.cli.doctor:doctor",
            "Look at everything that a night needs, from the inside out, and say what to do about what is wrong.",
        ),
        "token": Announced("timetable_sync.cli.token:token", "Get a token from Entra ID as the nightly run does, and show what it says."),
        "purge": Announced(
            "timetable_sync.cli.purge:purge", "Move everything that was ever written to some calendars to their Deleted Items."
        ),
        "forget": Announced(
            "timetable_sync.cli.forget:forget",
            "Strike out all that is on record of calendars whose mailboxes are gone for good, with their history and their part in kept "
            "reports.",
        ),
        "demo": Announced(
            "timetable_sync.cli.demo:demo",
            "Everything once, on this machine, with nothing else needed: a made-up college, a local Exchange, three nights.",
        ),
        "timetable": Announced("timetable_sync.cli.timetable:app", "The timetable as a night would see it."),
        "alert": Announced("timetable_sync.cli.alert:app", "Alerts: see whether they arrive."),
        "preset": Announced("timetable_sync.cli.preset:app", "Ready-made queries for timetabling products."),
        "certificate": Announced(
            "timetable_sync.cli.commands:certificate", "The application's certificate: make it, show it, register it, change it."
        ),
        "config": Announced("timetable_sync.cli.config:app", "The configuration: make one, check it, see what is in force."),
        "state": Announced("timetable_sync.cli.state:app", "The state database: ledger, history and lease."),
        "sandbox": Announced("timetable_sync.cli.sandbox:app", "A local Entra ID and Exchange to try things on."),
    }


class CertificateCommands(GroupByNeed):
    """All of ``timetable-sync certificate``; only one of them asks anything of Entra ID."""

    announced: ClassVar[Mapping[str, Announced]] = {
        "new": Announced("timetable_sync.cli.certificate:new", "Make a key and its certificate, in a folder of their own."),
        "show": Announced(
            "timetable_sync.cli.certificate:show",
            "Whom it names, how long it is valid, and its thumbprints, as the portal and the manifest write them.",
        ),
        "manifest": Announced(
            "timetable_sync.cli.certificate_manifest:manifest",
            "What an app registration's manifest has to say of a certificate: its entry in keyCredentials.",
        ),
        "check": Announced(
            "timetable_sync.cli.certificate_manifest:check",
            "Whether a manifest has the certificate, its dates match, and which of its keys have expired.",
        ),
        "roll": Announced(
            "timetable_sync.cli.certificate_rotate:roll",
            "Change the certificate without a missed night: make the next one, register it, make it the current one, retire the old one.",
        ),
    }


certificate = typer.Typer(
    cls=CertificateCommands, no_args_is_help=True, help="The application's certificate: make it, show it, register it, change it."
)
