"""The built-in adapters of the notify component, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILT_IN: Final[Mapping[str, str]] = {
    "govuk_notify": "govcomponents.notify.adapters.govuk_notify.adapter:GovUkNotify",
    "gc_notify": "govcomponents.notify.adapters.gc_notify.adapter:GcNotify",
    "smtp": "govcomponents.notify.adapters.smtp.adapter:Smtp",
}
