"""The schema of the whole configuration: its tables, as ``sections/`` has them, and the same as a tree of keys to be walked by path.

The example and the reference are made from here. The tree knows the types, never a value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, model_validator
from pydantic.fields import FieldInfo

from timetable_sync.config.clouds import cloud_named
from timetable_sync.config.sections.alerts import Alerts, Apprise, Mail, Metrics, Pings, Webhook
from timetable_sync.config.sections.calendars import Calendars
from timetable_sync.config.sections.entra import Entra
from timetable_sync.config.sections.event import EventLook
from timetable_sync.config.sections.ews import Ews
from timetable_sync.config.sections.records import History, Report, StateDatabase
from timetable_sync.config.sections.run import Network, Run, Schedule
from timetable_sync.config.sections.safety import Drift, Guards, WindowSpan
from timetable_sync.config.sections.table import Section
from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.errors import UsageError


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


#: A place in the configuration: names of keys, and numbers (from 0) in lists of tables.
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Key:
    """What may stand at one place.

    ``annotation`` is its type, with the checks that belong to it; ``field`` is None inside lists and free tables.
    """

    annotation: Any
    field: FieldInfo | None = None

    @cached_property
    def bare(self) -> Any:
        """The type without its checks, and without None."""
        return _bare(self.annotation)

    @cached_property
    def model(self) -> type[BaseModel] | None:
        """The table of fixed keys that stands here, if one does."""
        bare = self.bare
        return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values that are allowed, where they can be counted."""
        bare = self.bare
        return get_args(bare) if get_origin(bare) is Literal else ()

    def child(self, part: str | int) -> "Key | None":
        """What may stand below, by a key's name or a place in a list; None where nothing may."""
        if self.model is not None:
            return _field(self.model, part) if isinstance(part, str) else None
        if self.free and isinstance(part, str):
            return Key(get_args(self.bare)[1])
        if self.listed and isinstance(part, int):
            return Key(get_args(self.bare)[0])
        return None

    @property
    def free(self) -> bool:
        """Whether it is a table of free names."""
        return get_origin(self.bare) is dict

    @property
    def listed(self) -> bool:
        """Whether it is a list."""
        return get_origin(self.bare) is list

    def names(self) -> list[str]:
        """The keys that may stand below, where they are fixed."""
        return [] if self.model is None else list(self.model.model_fields)


ROOT = Key(Settings)


def key_at(path: Sequence[str | int]) -> Key | None:
    """What may stand at ``path``, or None where nothing may."""
    key: Key | None = ROOT
    for part in path:
        if key is None:
            return None
        key = key.child(part)
    return key


def holds(node: Any, part: str | int) -> bool:
    """Whether a table or list, as it was read, has something at ``part``."""
    if isinstance(part, int):
        return isinstance(node, list) and part < len(node)
    return isinstance(node, Mapping) and part in node


def fixed_keys(at: Key = ROOT, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key that has a name of its own, tables before what is in them. Free tables and lists are not gone into."""
    for name in at.names():
        child = at.child(name)
        if child is not None:
            yield (*path, name)
            yield from fixed_keys(child, (*path, name))


@cache
def _field(model: type[BaseModel], name: str) -> Key | None:
    """Remembered, as making an annotation anew costs much, and every value's origin is asked for by its path."""
    field = model.model_fields.get(name)
    return None if field is None else Key(field.rebuild_annotation(), field)


def _bare(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        inner = [choice for choice in get_args(annotation) if choice is not type(None)]
        if len(inner) == 1:
            return _bare(inner[0])
    return annotation
