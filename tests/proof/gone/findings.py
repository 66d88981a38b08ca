"""What is looked at after the night: the calendars themselves, and whether each trouble is named with what to do."""

from collections import Counter
from collections.abc import Iterator

from tests.proof.figures import Figure
from tests.proof.gone.scene import FULL, GONE, MOVING, REFUSED, Scene


def after_the_night(scene: Scene, code: int) -> Iterator[Figure]:
    """The night with all troubles."""
    yield Figure("exit code", str(code), code == 1)
    lost = scene.of(*GONE, *MOVING, *FULL)
    one_short = scene.of(*REFUSED)
    wrong = scene.wrong()
    right, whole = scene.many - len(set(wrong) - set(one_short)), scene.many - len(wrong)
    yield Figure(
        "calendars right, but for refused events",
        f"{right} of {scene.many} ({whole} of them in full)",
        right == scene.many - 6 and set(wrong) == {*lost, *one_short},
    )
    yield _only_the_refused(scene, one_short)
    report = scene.report()
    for what, troubles, many in (("gone", GONE, 3), ("being moved", MOVING, 2), ("over quota", FULL, 1), ("refused", REFUSED, 5)):
        modules = scene.of(*troubles)
        said = [module for module in modules if _is_named(scene, report, module)]
        yield Figure(f"{what}: named, with what to do", f"{len(said)} of {many}", len(said) == many)
    about = {matter["about"] for matter in report["needs_you"]}
    others = about - {*lost, *one_short}
    yield Figure("named that ail nothing", str(len(others)), not others)
    # An event that could not be written makes its calendar's night a failed one, too.
    failed = {calendar["name"] for calendar in report["calendars"] if calendar["status"] == "failed"}
    yield Figure("calendars that the report counts as failed", str(len(failed)), failed == {*lost, *one_short})
    text = (scene.folder / "night.txt").read_text("utf-8")
    yield Figure(
        "all of them in the text too",
        str(sum(module in text for module in (*lost, *one_short))),
        all(m in text for m in (*lost, *one_short)),
    )
    yield Figure("mails", str(scene.sandbox.client.mails()), scene.sandbox.client.mails() == 0)


def after_the_next(scene: Scene, code: int) -> Iterator[Figure]:
    """The night after, when all that is over."""
    wrong = scene.wrong()
    yield Figure("the night after: exit code", str(code), code == 0)
    yield Figure("the night after: calendars right", f"{scene.many - len(wrong)} of {scene.many}", not wrong)


def _only_the_refused(scene: Scene, modules: list[str]) -> Figure:
    """In the calendars with a refused event, that one is missing and nothing else is."""
    stands = scene.stands()
    missing = 0
    for module in modules:
        ought, there = scene.ought(module), stands.get(f"{module.lower()}@groups.example.ac.uk", Counter())
        missing += (ought - there).total() if not there - ought else 100
    return Figure("events refused", str(missing), missing == 5)


def _is_named(scene: Scene, report: dict[str, list[dict[str, object]]], module: str) -> bool:
    """The report says what ails the module's calendar, and what to do."""
    trouble = scene.befallen[module]
    for matter in report["needs_you"]:
        if matter["about"] != module or trouble.says not in str(matter["sentence"]):
            continue
        details = [str(line) for line in _list(matter["details"])]
        named = trouble.kind != "refused" or (len(details) == 1 and f"{module} New" in details[0])
        if named and any(trouble.advises in str(advice) for advice in _list(matter["advice"])):
            return True
    return False


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
