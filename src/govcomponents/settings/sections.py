"""The settings of each component, and those of its named accounts: checked, and told without their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Self, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from govcomponents.errors import DEFAULT_ACCOUNT, ConfigurationError
from govcomponents.frames import leaving_frames_behind
from govcomponents.privacy import Guarded, Secret
from govcomponents.refusing import Refusing

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

T = TypeVar("T")
_SECRET_NAME: Final = re.compile(r"(?:^|_)(?:key|passphrase|password|secret|token)$", re.IGNORECASE)
_USER: Final = re.compile(r"\A([^/?#@]{0,20}//)?.*@", re.DOTALL)
_USER_OF_HOST: Final = re.compile(r"\A([^/?#@]{0,20}//|)[^/?#]*@")
_ACCOUNT_NAME: Final = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_LONGEST_NAME: Final = 40
_MOST_DIGITS: Final = 3


# By these it is known whose a call or a callback is, so no two accounts may share one.
_TELLS_ACCOUNTS_APART: Final = {
    "api_key": "API key",
    "webhook_secrets": "webhook secret",
    "callback_tokens": "callback token",
}


def comma_parts(text: str) -> tuple[str, ...]:
    """Split "a, b" into its parts, without blank ones."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def comma_list(value: object) -> object:
    """Read "a,b" as a list, as environment variables hold it."""
    return comma_parts(value) if isinstance(value, str) else value


SecretList = Annotated[tuple[Secret, ...], BeforeValidator(comma_list)]


def _without_user(value: object) -> object:
    """Take a user name and a password out of an address. Nobody takes an address with them, so nothing is lost."""
    return _USER.sub(r"\1[secret]@", value) if isinstance(value, str) else value


def _without_user_of_host(value: object) -> object:
    """Take them out of an address in whose path or query an @ may stand."""
    return _USER_OF_HOST.sub(r"\1[secret]@", value) if isinstance(value, str) else value


_Address = Annotated[str, BeforeValidator(_without_user)]


class _OwnSetting(Guarded[T]):
    """The value of a setting that no section declares: hidden, for its name may be that of a secret, misspelt."""

    __slots__ = ()
    _shown = "[setting]"


class _Section(Refusing):
    """The settings of one component, and those of its named accounts, each of which is such a section itself."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="allow", defer_build=True, hide_input_in_errors=True
    )
    __pydantic_extra__: dict[str, _OwnSetting[object]] = Field(init=False)  # so that no type checker asks for it

    component: ClassVar[str]
    taken_over: ClassVar[frozenset[str]] = frozenset()
    """The settings that an account takes over from the section, unless it sets them itself."""
    taken_over_with_adapter: ClassVar[frozenset[str]] = frozenset({"base_url"})
    """The settings that it takes over as long as its adapter is the section's."""

    adapter: str
    accounts: Mapping[str, Self] = Field(default_factory=dict, description="named accounts, each with its own settings")
    key_expires_on: date | None = Field(
        default=None, description="the day on which its key, secret or certificate ends, such as 2027-01-31"
    )
    _account: str = PrivateAttr(DEFAULT_ACCOUNT)
    _claimed: bool = PrivateAttr(default=False)

    @classmethod
    def _refusal(cls, error: ValidationError) -> ConfigurationError:
        return wrong(error, cls.component)

    @classmethod
    def declared(cls) -> frozenset[str]:
        """Return the names of the settings that every adapter of the component may have."""
        return frozenset(cls.model_fields) - {"accounts"}

    @model_validator(mode="after")
    def _check_accounts(self) -> Self:
        for name, account in self.accounts.items():
            if name == DEFAULT_ACCOUNT or len(name) > _LONGEST_NAME or not _ACCOUNT_NAME.fullmatch(name):
                raise ValueError(
                    'an account has a short name of small letters and digits, such as "moto", and none is called '
                    f"{DEFAULT_ACCOUNT}: its settings are those outside the accounts"
                )
            if account.accounts:
                raise ValueError(f"the account {name} has accounts itself; put them beside it")
        for setting in _TELLS_ACCOUNTS_APART.keys() & self.declared():  # another component's is refused by the adapter
            what = _TELLS_ACCOUNTS_APART[setting]
            holders: dict[Secret, str] = {}
            for name, account in ((DEFAULT_ACCOUNT, self), *self.accounts.items()):
                value = getattr(account, setting, None) or ()
                for secret in (value,) if isinstance(value, Secret) else value:
                    if holders.setdefault(secret, name) != name:
                        raise ValueError(
                            f"the accounts {holders[secret]} and {name} have the same {what}; give each its own"
                        )
        return self

    def by_account(self) -> dict[str, Self]:
        """Return the settings of each account by its name, with what it takes over from this section.

        The section's own are those of the account "default". There is none if the section sets nothing but what its
        accounts take over.
        """
        found: dict[str, Self] = {}
        shared = {"accounts", "adapter", *self.taken_over, *self.taken_over_with_adapter}
        if not self.accounts or self.model_fields_set - shared:
            found[DEFAULT_ACCOUNT] = self
        for name, account in self.accounts.items():
            whole = account.model_copy(update={one: getattr(self, one) for one in self._taken_over_by(account)})
            whole._account = name  # noqa: SLF001  # it is a section too
            found[name] = whole
        return found

    def _taken_over_by(self, account: Self) -> set[str]:
        names = set(self.taken_over)
        if account.adapter == self.adapter or "adapter" not in account.model_fields_set:
            names |= {"adapter", *self.taken_over_with_adapter}
        return (names & self.model_fields_set) - account.model_fields_set

    def variable(self, name: str) -> str:
        """Return the environment variable that holds a setting of this account, to name it in an error."""
        where = "" if self._account == DEFAULT_ACCOUNT else f"ACCOUNTS__{self._account.upper()}__"
        shown = name.upper() if name in self.declared() else shown_name(name.upper())
        return f"GOVCOMPONENTS_{self.component.upper()}__{where}{shown}"

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Hide what is no setting's name: a value may stand where the name should."""
        for name, value in super().__repr_args__():
            yield (name if name is None or name in self.declared() else shown_name(name)), value

    def secrets(self) -> Iterator[tuple[str, Secret]]:
        """Give each secret, token and key by the name of its setting; not the private key, which its reader checks."""
        extra = (self.__pydantic_extra__ or {}).items()
        found = [
            *((name, getattr(self, name)) for name in sorted(self.declared())),
            *((n, v.reveal()) for n, v in extra),
        ]
        for name, value in found:
            if name == "private_key" or not _SECRET_NAME.search(name.removesuffix("s")):
                continue
            for one in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(one, (str, Secret)):
                    yield name, Secret(one) if isinstance(one, str) else one

    @leaving_frames_behind
    def own_settings(self, known: Collection[str] = ()) -> dict[str, object]:
        """Return the settings that only the chosen adapter knows. Raises ConfigurationError for any not in `known`.

        A text whose name ends with key, passphrase, password, secret or token is a `Secret`.
        """
        self._claimed = True
        found: Mapping[str, object] = self.__pydantic_extra__ or {}
        extra = {name: value.reveal() if isinstance(value, _OwnSetting) else value for name, value in found.items()}
        if unknown := sorted(extra.keys() - set(known)):
            names = sorted({*self.declared(), *known})
            raise ConfigurationError(
                "there is no such setting: "
                + ", ".join(self.variable(name) + meant(name, names, self.variable) for name in unknown),
                fix=f"this adapter knows {', '.join(names)}",
            )
        return {
            name: Secret(value) if isinstance(value, str) and _SECRET_NAME.search(name) else value
            for name, value in extra.items()
        }

    @leaving_frames_behind
    def check_all_claimed(self) -> None:
        """Raise ConfigurationError if there are settings of the adapter's own and it did not ask for any."""
        if not self._claimed:
            self.own_settings()

    @leaving_frames_behind
    def checked_key(self, provider: str, shape: re.Pattern[str], *, form: str, where: str) -> Secret:
        """Return the API key. Raises ConfigurationError, which never shows it, if it is not set, cut or padded.

        `shape` is that of a whole key, `form` the same in words, and `where` says how to get one.
        """
        key: Secret | None = getattr(self, "api_key", None)
        if key is None:
            raise ConfigurationError(f"{self.variable('api_key')} is not set", fix=where)
        text = key.reveal()
        if text != text.strip():
            raise ConfigurationError(
                f"{self.variable('api_key')} has white space before or after the key",
                fix="remove spaces and line ends round the key",
            )
        if not shape.fullmatch(text):
            raise ConfigurationError(
                f"{self.variable('api_key')} is not a whole {provider} API key", fix=f"copy the key again: {form}"
            )
        return key


class PaySettings(_Section):
    """Settings of `gov.pay`: environment names GOVCOMPONENTS_PAY__..."""

    component = "pay"
    taken_over: ClassVar[frozenset[str]] = frozenset({"portable"})

    adapter: str = Field(default="govuk_pay", description="the adapter's name")
    api_key: Secret | None = Field(default=None, description="the provider's API key")
    base_url: _Address | None = Field(
        default=None, repr=False, description="where the API is, if not at its public address"
    )
    webhook_secrets: SecretList = Field(
        default=(), description="secrets that webhooks may be signed with, comma-separated"
    )
    portable: bool = Field(default=False, description="whether to refuse what is beyond any built-in adapter's limits")


class NotifySettings(_Section):
    """Settings of `gov.notify`: environment names GOVCOMPONENTS_NOTIFY__..."""

    component = "notify"
    taken_over: ClassVar[frozenset[str]] = frozenset({"allowed_recipients", "redirect_emails_to", "redirect_texts_to"})
    taken_over_with_adapter: ClassVar[frozenset[str]] = frozenset(
        {"base_url", "requests_per_minute", "limiter_url", "templates_file"}
    )

    adapter: str = Field(default="govuk_notify", description="the adapter's name")
    api_key: Secret | None = Field(default=None, description="the provider's API key")
    base_url: _Address | None = Field(
        default=None, repr=False, description="where the API is, if not at its public address"
    )
    callback_tokens: SecretList = Field(
        default=(), description="bearer tokens that callbacks may carry, comma-separated"
    )
    requests_per_minute: int | None = Field(
        default=None, ge=1, description="the most that this process sends in a minute, or all that share the limiter"
    )
    limiter_url: Secret | None = Field(
        default=None, description="the store, such as Redis, by which the processes with one key share their pace"
    )
    allowed_recipients: SecretList = Field(
        default=(),
        description="outside production, who may be sent to: addresses, @domains and numbers, comma-separated",
    )
    redirect_emails_to: Secret | None = Field(
        default=None, description="outside production, who gets every email instead"
    )
    redirect_texts_to: Secret | None = Field(
        default=None, description="outside production, who gets every text instead"
    )
    templates_file: Path | None = Field(default=None, description="the file templates.toml that names the templates")


class IdentitySettings(_Section):
    """Settings of `gov.identity`: environment names GOVCOMPONENTS_IDENTITY__..."""

    component = "identity"
    taken_over_with_adapter: ClassVar[frozenset[str]] = frozenset({"environment", "issuer", "redirect_url"})

    adapter: str = Field(default="one_login", description="the adapter's name")
    client_id: str | None = Field(default=None, description="the client id that the provider gave")
    private_key: Secret | None = Field(default=None, description="the private key as PEM, or as a JWK")
    private_key_file: Path | None = Field(
        default=None, description="a file that holds the private key as PEM, or as a JWK"
    )
    redirect_url: Annotated[str, BeforeValidator(_without_user_of_host)] | None = Field(
        default=None, repr=False, description="the registered URL to which the person comes back"
    )
    environment: Literal["integration", "production"] | None = Field(
        default=None, description="the provider's environment"
    )
    issuer: _Address | None = Field(
        default=None, repr=False, description="the issuer, for a sandbox or a simulator instead of an environment"
    )

    def _taken_over_by(self, account: Self) -> set[str]:
        """An account that says which of the provider's issuers it means takes over neither setting that says so."""
        where = {"environment", "issuer"}
        return super()._taken_over_by(account) - (where if account.model_fields_set & where else set())


def shown_name(name: str) -> str:
    """The name of an unknown setting as an error shows it: short, and none that may be a secret or a person's text."""
    is_name = name.isascii() and name.isidentifier() and len(name) <= _LONGEST_NAME
    return name if is_name and sum(map(str.isdecimal, name)) <= _MOST_DIGITS else "(a name that is not shown)"


def meant(name: str, names: Collection[str], shown: Callable[[str], str]) -> str:
    """Suggest the name that was probably meant, if there is one."""
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), names, n=1, cutoff=0.75) if len(name) <= _LONGEST_NAME else []
    return f" (is {shown(close[0])} meant?)" if close else ""


_COMPLAINTS: Final = {
    "invalid_key": "one of its settings has a name that is not a text",
    "string_type": "it is not a text",
    "model_type": "it is a section: give each of its settings its own name",
    "dict_type": "it is a section: give each of its settings its own name",
    "mapping_type": "it is a section: give each of its settings its own name",
    "tuple_type": "it is not a list",
    "float_parsing": "it is not a number of seconds",
    "float_type": "it is not a number of seconds",
    "int_parsing": "it is not a whole number",
    "int_type": "it is not a whole number",
    "date_from_datetime_parsing": "it is no day such as 2027-01-31",
    "date_from_datetime_inexact": "it is no day such as 2027-01-31, but a time",
    "date_type": "it is no day such as 2027-01-31",
}


def wrong(error: ValidationError, *section: str) -> ConfigurationError:
    """Name every setting that is wrong, and what is wrong with it; never its value."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = (
        "__".join(str(part).upper() for part in (*section, *_place_of(item)))
        + ": "
        + _COMPLAINTS.get(item["type"], item["msg"].removeprefix("Value error, ").replace("Input should", "it must"))
        for item in found
    )
    return ConfigurationError(
        "; ".join(f"GOVCOMPONENTS_{one}" for one in told),
        fix="set what is named, as an argument, in the file or in the environment",
    )


def _place_of(item: ErrorDetails) -> tuple[int | str, ...]:
    """Return the way to what is wrong, without a name that is none: it may be anything."""
    return item["loc"][:-1] if item["type"] == "invalid_key" else item["loc"]
