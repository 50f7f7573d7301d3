"""One person of GOV.UK One Login as a record for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcomponents.sandbox.identity_provider.records import DELETE_ACCOUNT, SIGN_IN_AS
from govcomponents.sandbox.plugins.records import Action, Record

if TYPE_CHECKING:
    from govcomponents.sandbox.providers.one_login.world import Person


def person_record(person: Person) -> Record:
    """Return a person as a record, with what can be done."""
    return Record(
        id=person.symbol,
        title=person.label,
        status=f"proved to {person.level_of_confidence}" if person.core_identity else "identity not proved",
        facts=[
            ("Email", person.email),
            ("Phone", person.phone_number or "none"),
            ("Subject", person.sub),
            ("Return codes", ", ".join(str(one.get("code", one)) for one in person.return_codes) or "none"),
        ],
        actions=[Action("sign_out", "Sign out everywhere"), SIGN_IN_AS, DELETE_ACCOUNT],
    )
