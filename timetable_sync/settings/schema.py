"""The whole configuration: a table of each kind, as ``sections/`` has them. The example and the reference are made from here."""

from typing import Any

from pydantic import model_validator

from timetable_sync.errors import UsageError
from timetable_sync.settings.clouds import cloud_named
from timetable_sync.settings.sections.calendars import Calendars
from timetable_sync.settings.sections.entra import Entra
from timetable_sync.settings.sections.event import EventLook
from timetable_sync.settings.sections.ews import Ews
from timetable_sync.settings.sections.keeping import History, Report, StateDatabase
from timetable_sync.settings.sections.network import Network
from timetable_sync.settings.sections.run import Run
from timetable_sync.settings.sections.safety import Drift, Guards, WindowSpan
from timetable_sync.settings.sections.schedule import Schedule
from timetable_sync.settings.sections.telling import Alerts, Apprise, Mail, Metrics, Pings, Webhook
from timetable_sync.settings.sections.timetable import Timetable
from timetable_sync.settings.sections.values import Section


class Settings(Section):
    """The whole configuration."""

    timetable: Timetable
    calendars: Calendars
    event: EventLook = EventLook()
    window: WindowSpan = WindowSpan()
    drift: Drift = Drift()
    guards: Guards = Guards()
    entra: Entra | None = None
    ews: Ews = Ews()
    network: Network = Network()
    run: Run = Run()
    schedule: Schedule = Schedule()
    state: StateDatabase = StateDatabase()
    history: History = History()
    report: Report = Report()
    alerts: Alerts = Alerts()
    mail: Mail = Mail()
    webhook: Webhook = Webhook()
    apprise: Apprise = Apprise()
    pings: Pings = Pings()
    metrics: Metrics = Metrics()

    @model_validator(mode="before")
    @classmethod
    def _endpoint_of_the_cloud(cls, value: Any) -> Any:
        """``ews.endpoint`` is as ``entra.cloud`` has it, where it is not set."""
        if not isinstance(value, dict):
            return value
        entra, ews = value.get("entra"), value.get("ews", {})
        if not isinstance(entra, dict) or "cloud" not in entra or not isinstance(ews, dict) or "endpoint" in ews:
            return value
        return {**value, "ews": {**ews, "endpoint": cloud_named(entra["cloud"]).endpoint}}

    @property
    def application(self) -> Entra:
        """The application that signs in to Entra ID. Raises UsageError where none is configured."""
        if self.entra is None:
            raise UsageError(
                "there is no [entra] in the configuration, so there is nothing to sign in to Entra ID with",
                'Add [entra] with tenant, client and certificate; on premises, set ews.sign_in to "ntlm" or "basic".',
            )
        return self.entra
