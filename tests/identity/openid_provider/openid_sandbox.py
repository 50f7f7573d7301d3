"""What the tests of the sandbox's OpenID providers share: a world, and a service on it."""

from govcomponents.core.http.runtime import Runtime
from govcomponents.core.transports.in_process import InProcessTransport
from govcomponents.identity.adapters.login_gov.adapter import LoginGov
from govcomponents.identity.adapters.oidc.adapter import OpenIdConnect
from govcomponents.identity.jose.jwk import public_members, thumbprint
from govcomponents.identity.levels import Claim, Confidence
from govcomponents.sandbox.app import Sandbox
from govcomponents.settings import IdentitySettings
from identity.kit import service_of
from identity.login_gov import support as login_gov

ADAPTERS = {"openid": OpenIdConnect, "login_gov": LoginGov}

RSA = {"private_key": login_gov.service_key(), "client_authentication": "private_key_jwt"}


def rsa_jwk():
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    members = public_members(load_pem_private_key(login_gov.service_key().encode(), None).public_key())
    return members | {"kid": thumbprint(members)}


def sandbox_of(section, world=None, sign_in="at_once"):
    return Sandbox({section: world or {}}, sign_in=sign_in)


def settings_of(sandbox, section, **changes):
    values = getattr(sandbox, section).client_settings() | changes
    return IdentitySettings(**{name: value for name, value in values.items() if value is not ...})


def service_on(sandbox, section, **changes):
    transport = InProcessTransport(sandbox.handle, sandbox.clock.advance)
    own = settings_of(sandbox, section, **changes)
    return service_of(ADAPTERS[section].from_settings(own, Runtime(transport, clock=sandbox.clock.time)))


def sign_in(sandbox, service, **ask):
    started = service.start(**ask)
    return service.complete(started.pending, sandbox.visit(started.url).headers["location"])


ASK = {"confidence": Confidence.MEDIUM, "claims": [Claim.PHONE, Claim.ADDRESS]}
