"""The OpenID provider of the page "Adapters of other kinds" passes the contract, hostile tokens among it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from govcomponents import Secret
from govcomponents.adapters import ClientRegistration, Runtime
from govcomponents.identity import Authentication
from govcomponents.testing import FakeOpenIdProvider, FakeProfile, IdentityDouble, IdentitySubject, IdentitySuite

PAGE = Path(__file__).parents[2] / "docs" / "adapters-of-other-kinds.md"
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
of_the_page: dict[str, Any] = {"__name__": "of_the_page"}
exec(compile(CODE, PAGE.name, "exec"), of_the_page)
ISSUER = of_the_page["ISSUER"]
PROFILE = FakeProfile(
    issuer=ISSUER,
    client_id="licences",
    algorithm="RS256",
    jwks=f"{ISSUER}/keys",
    token=f"{ISSUER}/token",
    userinfo=f"{ISSUER}/userinfo",
    client_secret="canary-client-secret",
    about={"email": "canary@example.com", "email_verified": True},
    documents={
        f"{ISSUER}/.well-known/openid-configuration": {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
    },
)


def build(runtime: Runtime) -> Any:
    back = "https://service.example.gov.uk/signed-in"
    secret = Secret("canary-client-secret")
    return of_the_page["ExampleId"](runtime, ClientRegistration("licences", back, "client_secret_basic", secret=secret))


class TestExampleId(IdentitySuite):
    subject = IdentitySubject(
        build=build,
        connect=lambda: IdentityDouble.of_fake(FakeOpenIdProvider(PROFILE, lambda: 1_790_000_000)),
        ask={"authentication": Authentication.SINGLE_FACTOR},
        fake=PROFILE,
        canaries=("canary@example.com", "canary-client-secret"),
    )
