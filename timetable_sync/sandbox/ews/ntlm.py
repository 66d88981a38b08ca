"""The server's half of an NTLM sign-in: a challenge, and whether the answer to it proves the password.

Written from MS-NLMP (https://learn.microsoft.com/openspecs/windows_protocols/ms-nlmp): messages 2.2.1, NTLMv2 3.3.2, the message integrity
code 3.1.5.1.2. NTLMv1 answers are refused, as servers of today do. NTLM stores passwords by MD4 (RFC 1320, section 3), which OpenSSL no
longer gives everyone, and which is here for the sandbox alone.
"""

import hmac
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

_MASK = 0xFFFFFFFF

#: Each round: its function, its constant, the order of the words, the shifts.
_ROUNDS: tuple[tuple[Callable[[int, int, int], int], int, tuple[int, ...], tuple[int, ...]], ...] = (
    (lambda x, y, z: (x & y) | (~x & z), 0, tuple(range(16)), (3, 7, 11, 19)),
    (lambda x, y, z: (x & y) | (x & z) | (y & z), 0x5A827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
    (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)),
)


def md4(data: bytes) -> bytes:
    """The digest of ``data``: 16 bytes."""
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + struct.pack("<Q", len(data) * 8)
    for at in range(0, len(padded), 64):
        words = struct.unpack("<16I", padded[at : at + 64])
        a, b, c, d = state
        for mix, constant, order, shifts in _ROUNDS:
            for step, word in enumerate(order):
                turned = _turned((a + mix(b, c, d) + words[word] + constant) & _MASK, shifts[step % 4])
                a, b, c, d = d, turned, b, c
        state = [(old + new) & _MASK for old, new in zip(state, (a, b, c, d), strict=True)]
    return struct.pack("<4I", *state)


def _turned(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _MASK


_SIGNATURE = b"NTLMSSP\0"
_UNICODE, _TARGET_INFO, _KEY_EXCHANGE = 0x1, 0x00800000, 0x40000000
#: What the server can do, beside naming its domain: of these, a client gets what it asked for.
_OFFERED = _UNICODE | 0x4 | 0x10 | 0x20 | 0x200 | 0x8000 | 0x80000 | 0x2000000 | 0x20000000 | _KEY_EXCHANGE | 0x80000000
_DOMAIN_NAMED = 0x00010000
_VERSION = bytes((10, 0, 0x4F, 0x7C, 0, 0, 0, 15))
_END, _COMPUTER, _DOMAIN, _FLAGS, _TIME = 0, 1, 2, 6, 7
_MIC_SENT = 0x2
#: Seconds between 1601 and 1970.
_EPOCH = 11_644_473_600


class NotNtlm(ValueError):
    """A message that is none."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server remembers of a connection between the two halves: its nonce, and both messages so far."""

    nonce: bytes
    asked: bytes
    answered: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """The client's answer, taken apart. ``user`` and ``domain`` are as it wrote them."""

    user: str
    domain: str
    response: bytes
    session_key: bytes
    flags: int
    message: bytes

    def by(self, password: str, challenge: Challenge) -> bool:
        """Whether only who knows ``password`` can have made it, for this very challenge."""
        if len(self.response) < 44:
            return False
        proven, rest = self.response[:16], self.response[16:]
        key = _hmac(md4(password.encode("utf-16-le")), (self.user.upper() + self.domain).encode("utf-16-le"))
        if not hmac.compare_digest(_hmac(key, challenge.nonce + rest), proven):
            return False
        pairs = _pairs(rest[28:])
        if not struct.unpack("<I", pairs.get(_FLAGS, b"\0\0\0\0"))[0] & _MIC_SENT:
            # A challenge with a time in it obliges the client to protect all three messages.
            return False
        session = _hmac(key, proven)
        if self.flags & _KEY_EXCHANGE:
            session = _rc4(session, self.session_key)
        whole = self.message[:72] + b"\0" * 16 + self.message[88:]
        return hmac.compare_digest(_hmac(session, challenge.asked + challenge.answered + whole), self.message[72:88])


def kind_of(message: bytes) -> int:
    """1 for a beginning, 3 for a proof; raises NotNtlm for all else."""
    if message[:8] != _SIGNATURE or len(message) < 16:
        raise NotNtlm
    kind = int(struct.unpack_from("<I", message, 8)[0])
    if kind not in (1, 3):
        raise NotNtlm
    return kind


def challenge(asked: bytes, *, domain: str, computer: str, now: float) -> Challenge:
    """The answer to a client's beginning; ``now`` is in seconds since 1970."""
    (wanted,) = struct.unpack_from("<I", asked, 12)
    if not wanted & _UNICODE:
        raise NotNtlm
    flags = (wanted & _OFFERED) | _TARGET_INFO | _DOMAIN_NAMED | 0x200
    nonce, name = os.urandom(8), domain.encode("utf-16-le")
    ticks = int((now + _EPOCH) * 10_000_000)
    pairs = ((_DOMAIN, name), (_COMPUTER, computer.encode("utf-16-le")), (_TIME, struct.pack("<Q", ticks)), (_END, b""))
    info = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in pairs)
    head = _SIGNATURE + struct.pack("<I", 2) + _field(name, 56) + struct.pack("<I", flags) + nonce + b"\0" * 8
    return Challenge(nonce, asked, head + _field(info, 56 + len(name)) + _VERSION + name + info)


def proof(message: bytes) -> Proof:
    """A client's last message; raises NotNtlm where it is none that a client of today sends."""
    try:
        response, domain, user, session = (_payload(message, at) for at in (20, 28, 36, 52))
        (flags,) = struct.unpack_from("<I", message, 60)
        if len(message) < 88:
            raise NotNtlm
        return Proof(user.decode("utf-16-le"), domain.decode("utf-16-le"), response, session, flags, message)
    except (struct.error, UnicodeDecodeError):
        raise NotNtlm from None


def _pairs(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == _END:
            break
        found[kind] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def _field(value: bytes, at: int) -> bytes:
    return struct.pack("<HHI", len(value), len(value), at)


def _payload(message: bytes, at: int) -> bytes:
    length, _, offset = struct.unpack_from("<HHI", message, at)
    value = message[offset : offset + length]
    if len(value) != length:
        raise NotNtlm
    return value


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "md5")


def _rc4(key: bytes, data: bytes) -> bytes:
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
