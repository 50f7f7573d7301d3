"""The adapters of identity that come with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILT_IN: Final[Mapping[str, str]] = {
    "login_gov": "govcomponents.identity.adapters.login_gov.adapter:LoginGov",
    "oidc": "govcomponents.identity.adapters.oidc.adapter:OpenIdConnect",
    "one_login": "govcomponents.identity.adapters.one_login.adapter:OneLogin",
}
