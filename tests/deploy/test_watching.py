"""Alert rules and dashboard ask for metrics that there are, with labels that they have."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from timetable_sync.metrics.numbers import PREFIX, RunNumbers, families

DEPLOY = Path(__file__).parents[2] / "deploy"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
_METRIC = re.compile(rf"{PREFIX}\w+")
_LABELS = re.compile(rf"({PREFIX}\w+)\{{([^}}]*)\}}")


@pytest.fixture(scope="module")
def there() -> dict[str, set[str]]:
    """The labels of every metric, by its name."""
    ends = {"certificate_ends": "2027-01-01T00:00:00Z", "token_ends": "2026-11-24T01:00:00Z"}
    many = {"phases": {"writing": 1.0}, "bad_rows": {"x": 1}, "requests": {"x": 1}, **ends}
    last = RunNumbers(1, NOW, NOW + timedelta(minutes=1), 0, {}, many)
    found = families("timetable", last, NOW, state_up=True)
    return {family.name: set().union(*(sample.labels for sample in family.samples)) for family in found}


def rules() -> list[dict[str, Any]]:
    found = yaml.safe_load((DEPLOY / "prometheus/timetable-sync.rules.yml").read_text("utf-8"))
    return [rule for group in found["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana/timetable-sync.json").read_text("utf-8"))["panels"]
    return found


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels() for target in panel["targets"]]


def test_every_metric_that_is_asked_for_is_there(there: dict[str, set[str]]) -> None:
    asked = {name for expression in expressions() for name in _METRIC.findall(expression)}
    assert asked - there.keys() == set()
    assert len(asked) > 12


def test_every_label_that_is_asked_for_is_there(there: dict[str, set[str]]) -> None:
    for expression in expressions():
        for name, labels in _LABELS.findall(expression):
            assert set(re.findall(r"(\w+)\s*[=!~]+", labels)) <= there[name], expression


def test_every_rule_says_what_is_wrong_and_what_to_type() -> None:
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_panels_do_not_lie_upon_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        squares = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not squares & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= squares
    assert len({panel["id"] for panel in panels()}) == len(panels())
