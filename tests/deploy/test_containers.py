"""Container and CronJob: what they name is there, and the same in both."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from timetable_sync.cli.app import exit_code_of

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = (ROOT / "deploy" / "container" / "Containerfile").read_text("utf-8")


@pytest.fixture
def cronjob() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "cronjob.yaml").read_text("utf-8"))
    return found


def test_a_night_is_never_two_at_once_and_gets_time_to_end(cronjob: dict[str, Any]) -> None:
    spec = cronjob["spec"]
    assert (cronjob["apiVersion"], cronjob["kind"]) == ("batch/v1", "CronJob")
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 180


def test_the_pod_may_do_next_to_nothing(cronjob: dict[str, Any]) -> None:
    pod = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_image_and_pod_mean_the_same_user_and_folders(cronjob: dict[str, Any]) -> None:
    pod = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    assert f"USER {pod['securityContext']['runAsUser']}\n" in CONTAINERFILE
    assert f"CREDENTIALS_DIRECTORY={mounts['credentials']}\n" in CONTAINERFILE
    assert f"TIMETABLE_SYNC_CONFIG={mounts['configuration']}/timetable-sync.toml" in CONTAINERFILE
    assert f"WORKDIR {mounts['reports']}\n" in CONTAINERFILE


def test_what_the_pod_types_is_a_command(cronjob: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    words = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert exit_code_of([*words, "--help"]) == 0
    assert "One night, now" in capsys.readouterr().out


def test_files_that_the_image_is_made_from_are_there() -> None:
    for name in re.findall(r"requirements/[\w.-]+", CONTAINERFILE):
        assert (ROOT / name).exists(), name
