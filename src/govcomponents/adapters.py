"""The door for authors of adapters: the ports and their inputs, HTTP, settings, and the errors' table.

See docs/writing-an-adapter.md. What callers use too, such as results and errors, is in `govcomponents.pay`, `.notify`,
`.identity` and `.errors`. Names are imported when they are first used, so an adapter loads its own component only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.lazy import lazy_exports

if TYPE_CHECKING:
    from govcomponents.core.http.bearer import BearerKey as BearerKey, CachedToken as CachedToken
    from govcomponents.core.http.client import (
        Credential as Credential,
        HttpClient as HttpClient,
        request_id as request_id,
    )
    from govcomponents.core.http.error_mapping import (
        ErrorBody as ErrorBody,
        ErrorTable as ErrorTable,
        Meaning as Meaning,
        json_error as json_error,
    )
    from govcomponents.core.http.messages import Replay as Replay, Request as Request, Response as Response
    from govcomponents.core.ports.doubt import Doubt as Doubt, LookUp as LookUp, OnAbsent as OnAbsent
    from govcomponents.core.ports.port import AnyPort as AnyPort, Port as Port, SecretForm as SecretForm
    from govcomponents.core.http.responses import (
        LazyJson as LazyJson,
        Wire as Wire,
        read as read,
        read_part as read_part,
    )
    from govcomponents.core.results import Raw as Raw, Result as Result
    from govcomponents.core.http.runtime import Runtime as Runtime
    from govcomponents.core.times import (
        Clock as Clock,
        date_or_none as date_or_none,
        time_of as time_of,
        time_or_none as time_or_none,
        utc_time as utc_time,
    )
    from govcomponents.core.http.transport import Transport as Transport
    from govcomponents.core.validation import checked_base_url as checked_base_url
    from govcomponents.identity.adapters.settings import signer_from_settings as signer_from_settings
    from govcomponents.identity.capabilities import IdentityCapability as IdentityCapability
    from govcomponents.identity.jose.tokens import TokenRefused as TokenRefused
    from govcomponents.identity.inputs import StartSignIn as StartSignIn
    from govcomponents.identity.port import IdentityPort as IdentityPort, RedirectCallback as RedirectCallback
    from govcomponents.identity.protocol.discovery import DiscoveryPolicy as DiscoveryPolicy, Metadata as Metadata
    from govcomponents.identity.protocol.error_mapping import ErrorMapping as ErrorMapping
    from govcomponents.identity.protocol.flow import (
        authorization_parameters as authorization_parameters,
        sign_in_errors as sign_in_errors,
        with_query as with_query,
    )
    from govcomponents.identity.protocol.metadata import (
        DiscoveredMetadata as DiscoveredMetadata,
        KnownMetadata as KnownMetadata,
    )
    from govcomponents.identity.protocol.notifications import NotificationReader as NotificationReader
    from govcomponents.identity.protocol.registration import ClientRegistration as ClientRegistration
    from govcomponents.identity.protocol.relying_party import (
        RelyingParty as RelyingParty,
        TokenPolicy as TokenPolicy,
        TokenResponse as TokenResponse,
    )
    from govcomponents.identity.protocol.security_events import SecurityEventPolicy as SecurityEventPolicy
    from govcomponents.notify.inputs import JobInput as JobInput
    from govcomponents.notify.capabilities import NotifyCapability as NotifyCapability
    from govcomponents.notify.inputs import (
        EmailInput as EmailInput,
        LetterInput as LetterInput,
        PrecompiledInput as PrecompiledInput,
        SearchInput as SearchInput,
        SmsInput as SmsInput,
    )
    from govcomponents.notify.port import NotifyPort as NotifyPort
    from govcomponents.pay.adapters.http_adapter import HttpPayAdapter as HttpPayAdapter, Reader as Reader
    from govcomponents.pay.adapters.request_parts import read_request as read_request, write_request as write_request
    from govcomponents.pay.adapters.signed_callbacks import SignedCallbacks as SignedCallbacks
    from govcomponents.pay.inputs import (
        AgreementCharge as AgreementCharge,
        AgreementSearch as AgreementSearch,
        CardDetails as CardDetails,
        DisputeSearch as DisputeSearch,
        NewAgreement as NewAgreement,
        NewPayment as NewPayment,
        NewRefund as NewRefund,
        NewTelephonePayment as NewTelephonePayment,
        OnAgreement as OnAgreement,
        OnPayment as OnPayment,
        OnRefund as OnRefund,
        PaymentSearch as PaymentSearch,
        RefundSearch as RefundSearch,
    )
    from govcomponents.pay.capabilities import PayCapability as PayCapability
    from govcomponents.pay.limits import AmountLimits as AmountLimits, PayLimits as PayLimits
    from govcomponents.pay.port import PayPort as PayPort
    from govcomponents.settings import (
        IdentitySettings as IdentitySettings,
        NotifySettings as NotifySettings,
        PaySettings as PaySettings,
    )

_HOMES = {
    "core.http.bearer": "BearerKey CachedToken",
    "core.http.client": "Credential HttpClient request_id",
    "core.http.error_mapping": "ErrorBody ErrorTable Meaning json_error",
    "core.http.messages": "Replay Request Response",
    "core.http.responses": "LazyJson Wire read read_part",
    "core.http.runtime": "Runtime",
    "core.http.transport": "Transport",
    "core.ports.doubt": "Doubt LookUp OnAbsent",
    "core.ports.port": "AnyPort Port SecretForm",
    "core.results": "Raw Result",
    "core.times": "Clock date_or_none time_of time_or_none utc_time",
    "core.validation": "checked_base_url",
    "identity.adapters.settings": "signer_from_settings",
    "identity.capabilities": "IdentityCapability",
    "identity.jose.tokens": "TokenRefused",
    "identity.inputs": "StartSignIn",
    "identity.port": "IdentityPort RedirectCallback",
    "identity.protocol.discovery": "DiscoveryPolicy Metadata",
    "identity.protocol.error_mapping": "ErrorMapping",
    "identity.protocol.flow": "authorization_parameters sign_in_errors with_query",
    "identity.protocol.metadata": "DiscoveredMetadata KnownMetadata",
    "identity.protocol.notifications": "NotificationReader",
    "identity.protocol.registration": "ClientRegistration",
    "identity.protocol.relying_party": "RelyingParty TokenPolicy TokenResponse",
    "identity.protocol.security_events": "SecurityEventPolicy",
    "notify.capabilities": "NotifyCapability",
    "notify.inputs": "EmailInput JobInput LetterInput PrecompiledInput SearchInput SmsInput",
    "notify.port": "NotifyPort",
    "pay.adapters.http_adapter": "HttpPayAdapter Reader",
    "pay.adapters.request_parts": "read_request write_request",
    "pay.adapters.signed_callbacks": "SignedCallbacks",
    "pay.inputs": (
        "AgreementCharge AgreementSearch CardDetails DisputeSearch NewAgreement NewPayment NewRefund "
        "NewTelephonePayment OnAgreement OnPayment OnRefund PaymentSearch RefundSearch"
    ),
    "pay.capabilities": "PayCapability",
    "pay.limits": "AmountLimits PayLimits",
    "pay.port": "PayPort",
    "settings": "IdentitySettings NotifySettings PaySettings",
}

if not TYPE_CHECKING:
    __all__, __getattr__, __dir__ = lazy_exports(__name__, _HOMES)
