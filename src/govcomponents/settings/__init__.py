"""Settings: of all components (`whole.py`), of each (`sections.py`), and as the environment has them."""

from __future__ import annotations

from govcomponents.settings.sections import IdentitySettings, NotifySettings, PaySettings, comma_list, comma_parts
from govcomponents.settings.whole import Settings

__all__ = ["IdentitySettings", "NotifySettings", "PaySettings", "Settings", "comma_list", "comma_parts"]
