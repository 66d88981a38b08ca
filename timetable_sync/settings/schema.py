"""The whole configuration: a table of each kind, as ``sections/`` has them. The example and the reference are made from here."""

from timetable_sync.settings.sections.calendars import Calendars
from timetable_sync.settings.sections.entra import Entra
from timetable_sync.settings.sections.event import EventLook
from timetable_sync.settings.sections.ews import Ews
from timetable_sync.settings.sections.keeping import History, Report, StateDatabase
from timetable_sync.settings.sections.run import Run, Schedule
from timetable_sync.settings.sections.safety import Drift, Guards, WindowSpan
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
    entra: Entra
    ews: Ews = Ews()
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
