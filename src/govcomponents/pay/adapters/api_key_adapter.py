"""The base of adapters with one API key, and webhooks that a secret signs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from govcomponents.core.http.bearer import BearerKey
from govcomponents.core.http.client import HttpClient
from govcomponents.core.ports.port import SecretForm
from govcomponents.core.validation import checked_base_url
from govcomponents.pay.adapters.http_adapter import HttpPayAdapter
from govcomponents.pay.adapters.signed_callbacks import SignedCallbacks

if TYPE_CHECKING:
    from typing import Self

    from govcomponents.core.http.client import Credential
    from govcomponents.core.http.messages import Response
    from govcomponents.core.http.runtime import Runtime
    from govcomponents.pay.inputs import NewPayment
    from govcomponents.privacy import Secret
    from govcomponents.settings import PaySettings


@dataclass(frozen=True, slots=True)
class KeyForm:
    """The form of a provider's API keys: how those for tests and those for real money begin, and a whole one's shape.

    `told` is the form in words, and `source` says how to get a key.
    """

    test: tuple[str, ...]
    live: tuple[str, ...]
    shape: re.Pattern[str]
    told: str
    source: str


def webhook_secrets(form: str, fix: str) -> Mapping[str, SecretForm]:
    """Say what the secrets of a provider's webhooks look like, as a regular expression, and where they are had."""
    return MappingProxyType({"webhook_secrets": SecretForm(re.compile(form), fix)})


class ApiKeyAdapter(HttpPayAdapter):
    """The base of a pay adapter whose provider has one API key and signs its webhooks.

    `is_live` tells by the key whether the money is real, `is_test` whether it is certainly not.
    """

    key_form: ClassVar[KeyForm]
    default_base_url: ClassVar[str]
    signature_header: ClassVar[str]

    @staticmethod
    def is_rate_limit(response: Response) -> bool:
        """Whether an answer with status 429 means that waiting helps."""
        return response.status == 429

    def __init__(
        self,
        api_key: Secret,
        runtime: Runtime,
        *,
        base_url: str | None = None,
        webhook_secrets: tuple[Secret, ...] = (),
    ) -> None:
        key = api_key.reveal()
        self.is_test: bool = key.startswith(self.key_form.test)
        self.is_live: bool = key.startswith(self.key_form.live)
        self._clock = runtime.clock
        self._repeats = not runtime.retry.is_none
        self._callbacks = SignedCallbacks(self.provider, self.signature_header, webhook_secrets)
        url = base_url or self.default_base_url
        self.http = self._client(runtime, url, BearerKey(api_key))
        self._keyless = self._client(runtime, url, None)

    @classmethod
    def from_settings(cls, settings: PaySettings, runtime: Runtime) -> Self:
        """Build the adapter. Does no I/O. Raises ConfigurationError."""
        settings.own_settings()
        form = cls.key_form
        api_key = settings.checked_key(cls.provider, form.shape, form=form.told, where=form.source)
        base_url = checked_base_url(settings.base_url or cls.default_base_url, setting=settings.variable("base_url"))
        return cls(api_key, runtime, base_url=base_url, webhook_secrets=settings.webhook_secrets)

    def _client(self, runtime: Runtime, base_url: str, credential: Credential | None) -> HttpClient:
        return HttpClient(
            runtime,
            provider=self.provider,
            base_url=base_url,
            credential=credential,
            is_rate_limit=self.is_rate_limit,
            rate_limit_wait=self.rate_limit_wait,
        )

    def check_return_url(self, new: NewPayment) -> None:
        """Refuse http for a key that may take real money. Raises InvalidInput."""
        if not new.return_url.startswith("https:") and not self.is_test:
            raise self.invalid(
                "pay.create",
                "return_url",
                "must be https, because the key is not a test key",
                f"pass an https URL; http is for keys that start with {' or '.join(self.key_form.test)}",
            )
