"""Spoils requests in one place each, in many ways; some of them are harmless."""

import copy
import random
from collections.abc import Iterator

from lxml import etree

from tests.sandbox.asking import MESSAGES, NS, TYPES

_TEXTS = (
    "0001-01-01", "-0044-03-15", "9999-12-31", "12026-01-01", "0001-01-01T00:00:00Z", "-0044-03-15T00:00:00Z", "9999-12-31T23:59:59-14:00",
    "", " ", "x", "0", "1", "-1", "true", " true ", "True", "99999999999", "1.5", "1e3", "2026-02-30T00:00:00Z", "2026-02-28T24:00:00Z",
    "2026-02-28", "2026-02-28T00:00:00", "2026-02-28T00:00:00.123+14:00", "2026-02-28T00:00:00+14:01", "0000-01-01T00:00:00Z", "P1D",
    "PT", "-PT5M", "P1Y2M3DT4H5M6.7S", "Monday", "Monday Monday", "EwsId", "Free", "en", "en_GB", "0x670A", "0x", "0X1F2G", "65536",
    "+5", "Text", "HTML", "User", "4648e09c-9ef0-5b0e-89ba-1b82c0b91623", "1525252321", "2629801", "512", "513",
)  # fmt: skip


def elements(root: etree._Element, path: str) -> list[etree._Element]:
    found = root.xpath(path, namespaces=NS)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, etree._Element)]


def spoilt(root: etree._Element, dice: random.Random) -> Iterator[etree._Element]:
    """The request spoilt in one place, in many ways; some of them are harmless."""
    places = [path for path in (root.getroottree().getpath(one) for one in root.iter()) if "Body/" in path or "Header/" in path]
    for path in places:
        for _ in range(3):
            twin = copy.deepcopy(root)
            node = elements(twin, path)[0]
            parent = node.getparent()
            assert parent is not None
            _spoil(dice.randrange(11), node, parent, dice)
            yield twin


def _spoil(how: int, node: etree._Element, parent: etree._Element, dice: random.Random) -> None:
    if how == 0:
        parent.remove(node)
    elif how == 1:
        parent.insert(parent.index(node), copy.deepcopy(node))
    elif how == 2 and len(parent) > 1:
        following = parent[(parent.index(node) + 1) % len(parent)]
        parent.insert(parent.index(node), following)
    elif how == 3:
        node.tag = f"{{{TYPES}}}{dice.choice(['Unheard', 'Subject', 'Start', 'ItemId', 'Value', 'Mailbox'])}"
    elif how == 4:
        other = TYPES if str(node.tag).startswith(f"{{{MESSAGES}}}") else MESSAGES
        node.tag = f"{{{other}}}{etree.QName(node).localname}"
    elif how == 5:
        node.insert(dice.randrange(len(node) + 1), etree.Element(f"{{{TYPES}}}{dice.choice(['Unheard', 'Location', 'String'])}"))
    elif how == 6:
        node.text = dice.choice(_TEXTS)
    elif how == 7 and node.attrib:
        del node.attrib[dice.choice(list(node.attrib))]
    elif how == 8:
        node.set(dice.choice(["Unheard", "Id", "Name", "ChangeKey"]), "x")
    elif how == 9 and node.attrib:
        node.set(dice.choice(list(node.attrib)), dice.choice(_TEXTS))
    else:
        node.tail = dice.choice(_TEXTS)
