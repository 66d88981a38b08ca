"""When the schedule of the configuration starts the next night. Pure."""

from datetime import datetime

from apscheduler.triggers.cron import CronTrigger

from timetable_sync.settings.sections.run import Schedule


def next_start(schedule: Schedule, after: datetime) -> datetime | None:
    """The first start after this moment (aware), in the schedule's zone; None for a schedule that never comes."""
    trigger = CronTrigger.from_crontab(schedule.cron, schedule.time_zone)  # type: ignore[no-untyped-call]  # APScheduler 3 carries no types
    found: datetime | None = trigger.get_next_fire_time(None, after)
    return found
