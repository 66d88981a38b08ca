"""Which window a night has. Pure: the moment comes in as an argument."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from timetable_sync.config.sections.safety import WindowSpan
from timetable_sync.errors import UsageError
from timetable_sync.model.window import Window


def window_of(now: datetime, span: WindowSpan, time_zone: str) -> Window:
    """From ``now`` (aware) less the configured past, to the end of the last day of the configured future in ``time_zone`` (IANA)."""
    zone = ZoneInfo(time_zone)
    try:
        last_day = (now.astimezone(zone) + span.future).date()
        end = datetime.combine(last_day + timedelta(days=1), datetime.min.time(), zone)
        return Window((now - span.past).astimezone(UTC), end.astimezone(UTC))
    except OverflowError:
        raise UsageError("the window reaches beyond any calendar", "Make window.future and window.past smaller.") from None
