"""The canaries, and the search for them in whatever form they might come by. Shares no code with the redaction that it tests."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote, quote_plus

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

#: Whatever begins so is a JSON Web Token: the assertion that we send, or the access token that comes back.
_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.")

#: By the place that it stands in.
NAMES = (
    "entra.passphrase",
    "entra.secret",
    "timetable.password",
    "state.password",
    "mail.password",
    "webhook.secret_address",
    "webhook.token",
    "apprise.urls",
    "pings.secret_address",
    "network.proxy_password",
    "ews.password",
)


@dataclass
class Canaries:
    """A word for each secret's place, made by chance; and the lines and numbers of private keys."""

    words: Mapping[str, str]
    keys: dict[str, list[bytes]] = field(default_factory=dict)

    @classmethod
    def by(cls, chance: Random) -> "Canaries":
        """Fresh ones. A blank, signs that URLs escape, and a letter beyond ASCII belong to a password."""
        odd = {"timetable.password", "state.password", "network.proxy_password", "ews.password"}
        return cls({name: f"canary-{chance.randbytes(6).hex()}" + ("-of/a+ ä&%" if name in odd else "") for name in NAMES})

    def __getitem__(self, name: str) -> str:
        return self.words[name]

    def know_key(self, name: str, pem: bytes, passphrase: str | None = None) -> None:
        """Also the lines of this key, locked and open, and its numbers, are looked for."""
        key = load_pem_private_key(pem, None if passphrase is None else passphrase.encode())
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("an RSA key is wanted")
        opened = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        lines = [line for text in (pem, opened) for line in text.splitlines() if not line.startswith(b"-----") and len(line) > 20]
        numbers = key.private_numbers()
        raw = [number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (numbers.d, numbers.p, numbers.q)]
        decimal = [str(number).encode() for number in (numbers.d, numbers.p, numbers.q)]
        self.keys[name] = [*lines, *raw, *decimal, *(one.hex().encode() for one in raw)]

    def in_all_forms(self) -> dict[str, list[bytes]]:
        """By place, what is looked for."""
        return {name: list(dict.fromkeys(_forms(word))) for name, word in self.words.items()} | self.keys

    def search(self, where: Mapping[str, bytes], besides: Iterable[str] = ()) -> list[str]:
        """Which secret was found where, one line each; those of the places ``besides`` are not looked for."""
        wanted = {name: forms for name, forms in self.in_all_forms().items() if name not in set(besides)}
        found = []
        for place, content in where.items():
            lowered = content.lower()
            for name, forms in wanted.items():
                for form in forms:
                    # Hexadecimal digits and % escapes come in both cases.
                    if form in content or form.lower() in lowered:
                        found.append(f"{name} in {place}, as {form[:12]!r}...")
                        break
            if _TOKEN.search(content):
                found.append(f"a token in {place}")
        return found


def _forms(word: str) -> Iterable[bytes]:
    raw = word.encode()
    yield raw
    yield word.encode("utf-16-le")
    yield raw.hex().encode()
    yield quote(word).encode()
    yield quote(word, safe="").encode()
    yield quote_plus(word).encode()
    yield json.dumps(word)[1:-1].encode()
    yield repr(word)[1:-1].encode()
    yield repr(raw)[2:-1].encode()
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw + b"\0" * 3)
        # Without the characters that it shares with its neighbours.
        middle = whole[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        yield middle
        yield middle.translate(bytes.maketrans(b"+/", b"-_"))
