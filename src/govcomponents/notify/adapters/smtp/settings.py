"""The settings of a mail server and its sender; all of them are checked before anything is sent.

Sources: RFC 8314 (TLS for submission: port 465 at once, port 587 with STARTTLS), RFC 6409 (submission).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govcomponents.core.validation import LOOPBACK, is_text
from govcomponents.errors import ConfigurationError
from govcomponents.privacy import Secret

if TYPE_CHECKING:
    from typing import Self

    from govcomponents.settings import NotifySettings

SETTINGS: Final = frozenset(
    {"host", "port", "security", "username", "password", "sender", "sender_name", "templates_folder", "hello_name"}
)
_FIXES: Final = {
    "host": "set it to the mail server's name, such as smtp.example.gov.uk",
    "sender": "set it to the address that emails come from",
    "templates_folder": "set it to the folder that holds the template files",
}
_NOT_FOR_HEADERS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_IPV6: Final = re.compile(r"[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")


def ascii_address(text: str) -> str | None:
    """Return an address as SMTP takes it, with its domain encoded, or None if it is not one that can be sent to.

    Stricter than the RFC on purpose: no quoted local parts, no address literals, nothing that a header or a command
    could be broken with, or that a reader of mail could take for an encoded word.
    Source: RFC 5321, sections 4.1.2 and 4.5.3.1.
    """
    local, separator, domain = text.strip().rpartition("@")
    host = ascii_host(domain) if "." in domain else None
    if not separator or host is None or len(local) > 64 or not _LOCAL.fullmatch(local) or "=?" in local:
        return None
    return f"{local}@{host}"


def ascii_host(text: str) -> str | None:
    """Return a host's name or address as a name server takes it, or None if it is neither."""
    if _IPV6.fullmatch(text):
        return text
    if not text.isascii():
        import idna  # Python's own codec is of 2003: it makes another domain of ß and ς, which somebody else may own

        try:
            text = idna.encode(unicodedata.normalize("NFC", text).lower(), strict=True, std3_rules=True).decode()
        except idna.IDNAError:
            return None
    labels = text.split(".")
    return text if len(text) <= 253 and all(_LABEL.fullmatch(label) for label in labels) else None


class Security(StrEnum):
    """The connection's encryption: STARTTLS, TLS or none. Certificates are always verified."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_PORTS: Final = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes emails, and the login that it wants."""

    host: str
    port: int
    security: Security
    username: str | None
    password: Secret | None
    hello_name: str

    @property
    def url(self) -> str:
        """The server, as errors and observers may show it."""
        return f"smtp://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """All settings of the adapter: the server, the sender of the emails, and the folder of their templates."""

    server: MailServer
    sender: str
    sender_name: str
    templates: Path
    templates_setting: str

    @classmethod
    def read(cls, settings: NotifySettings) -> Self:
        """Check the settings. Raises ConfigurationError, which names the one that is wrong and never shows a secret."""
        try:
            return cls._read(settings)
        except _Wrong as wrong:
            raise ConfigurationError(f"{settings.variable(wrong.name)} {wrong.problem}", fix=wrong.fix) from None

    @classmethod
    def _read(cls, settings: NotifySettings) -> Self:
        for name in ("api_key", "base_url"):
            if getattr(settings, name) is not None:
                raise _Wrong(name, "is not for a mail server", "set HOST, and USERNAME and PASSWORD, instead")
        own = settings.own_settings(SETTINGS)
        host = _host(own, "host")
        security = _security(own.get("security"), host)
        sender = ascii_address(_text(own, "sender"))
        if sender is None:
            raise _Wrong("sender", "is not an email address", "give one address, such as permits@example.gov.uk")
        hello_name = _host(own, "hello_name") if "hello_name" in own else sender.rpartition("@")[2]
        server = MailServer(host, _port(own.get("port"), security), security, *_login(own), hello_name)
        sender_name = _text(own, "sender_name") if "sender_name" in own else ""
        if not is_text(sender_name):
            raise _Wrong("sender_name", "is not UTF-8", "write it in UTF-8")
        if _NOT_FOR_HEADERS.search(sender_name):
            raise _Wrong("sender_name", "holds a line break or another control character", "give it without one")
        return cls(
            server, sender, sender_name, Path(_text(own, "templates_folder")), settings.variable("templates_folder")
        )


class _Wrong(Exception):
    """A setting is wrong: its name, what is wrong with it, and how to mend it."""

    def __init__(self, name: str, problem: str, fix: str) -> None:
        super().__init__(name, problem, fix)
        self.name, self.problem, self.fix = name, problem, fix


def _text(own: dict[str, object], name: str) -> str:
    value = own.get(name)
    if isinstance(value, Path):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(name, "is not set" if value is None else "is not a text", _FIXES.get(name, "give it a text"))
    return value.strip()


def _host(own: dict[str, object], name: str) -> str:
    host = ascii_host(_text(own, name))
    if host is None:
        raise _Wrong(name, "is not a host's name", "give the name alone, without scheme and port")
    return host


def _security(value: object, host: str) -> Security:
    try:
        security = Security.STARTTLS if value is None else Security(str(value))
    except ValueError:
        raise _Wrong("security", "is not known", 'set it to "starttls" or "tls"') from None
    if security is Security.NONE and host not in LOOPBACK:
        raise _Wrong("security", "must not be none", "TLS can be left out for this machine's loopback only")
    return security


def _port(value: object, security: Security) -> int:
    if value is None:
        return _PORTS[security]
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536:
        raise _Wrong("port", "is not a port", "give a number from 1 to 65535, such as 587")
    return value


def _login(own: dict[str, object]) -> tuple[str | None, Secret | None]:
    if "username" not in own and "password" not in own:
        return None, None
    username = _text(own, "username")
    password = own.get("password")
    if not isinstance(password, Secret) or not password.reveal():
        raise _Wrong("password", "is not set", "set both USERNAME and PASSWORD, or neither")
    for name, text in (("username", username), ("password", password.reveal())):
        if not text.isascii() or not text.isprintable():
            raise _Wrong(name, "holds a character that cannot be sent", "use printable ASCII characters only")
    return username, password
