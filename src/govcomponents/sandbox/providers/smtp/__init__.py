"""The mail server: it speaks SMTP on a port of its own, and is there if a world has a section `smtp`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from govcomponents.sandbox.plugins.provider import ProviderSpec
from govcomponents.sandbox.providers.smtp.faults import FAULTS, METHODS, STEPS

if TYPE_CHECKING:
    from govcomponents.sandbox.plugins.provider import BuildStub, Section


def _read(section: Section, base_url: str) -> BuildStub:
    from govcomponents.sandbox.providers.smtp.stub import SmtpStub
    from govcomponents.sandbox.providers.smtp.world import read_world

    return partial(SmtpStub, read_world(section, base_url))


SPEC = ProviderSpec(
    section="smtp",
    name="Mail server",
    component="notify",
    start_path="",
    read=_read,
    faults=FAULTS,
    methods=METHODS,
    speaks_http=False,
    operations=STEPS,
    callback_kinds=(),
)
