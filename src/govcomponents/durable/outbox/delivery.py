"""One row at a time: it is sent, or looked up, and what became of it is told as an outcome."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from govcomponents.core.http.single_attempt import single_attempt
from govcomponents.core.journeys import belonging_to
from govcomponents.core.ports.doubt import OnAbsent
from govcomponents.durable.outbox import outcomes
from govcomponents.durable.outbox.enqueue import row_name
from govcomponents.durable.outbox.looking import Verdict, look_up_change, look_up_message
from govcomponents.durable.outbox.outcomes import Outcome
from govcomponents.durable.outbox.payloads import read
from govcomponents.durable.storage.commit_points import CommitPoint, reached
from govcomponents.durable.storage.schema import KEY_MISSING, NOT_CONFIGURED, State
from govcomponents.durable.storage.sealing import KeyMissing, PayloadLost
from govcomponents.pay.capabilities import PayCapability

if TYPE_CHECKING:
    from govcomponents.core.ports.doubt import Doubt
    from govcomponents.durable.outbox.capturing import Calls
    from govcomponents.durable.outbox.rows import Claimed
    from govcomponents.durable.storage.sealing import PayloadKeys


class Delivery:
    """Sends rows and looks them up, through the services of every account."""

    def __init__(self, calls: Calls, keys: PayloadKeys) -> None:
        self._calls = calls
        self._keys = keys

    def provider(self, row: Claimed) -> str:
        """Return the name of a row's provider; nothing if it is not configured."""
        port = self._calls.ports.get((row.operation.partition(".")[0], row.account))
        return "" if port is None else port.provider

    def per_minute(self, account: str, component: str) -> float | None:
        """Return how many requests a minute all workers may make of an account; None if there is no limit to keep."""
        policy = self._calls.policies.get(account) if component == "notify" else None
        return None if policy is None or policy.pacer is None else policy.pacer.per_minute

    async def handle(self, row: Claimed, deadline: float) -> Outcome:
        """Send a row once, unless `deadline` is over, or look it up. Never raises for what a provider does."""
        component = row.operation.partition(".")[0]
        port = self._calls.ports.get((component, row.account))
        if port is None:
            return outcomes.left_to_another(row, NOT_CONFIGURED)
        if row.claims > outcomes.DEAD_AFTER * (1 if row.state is State.SENDING else 2):
            return outcomes.dead("Poison")
        try:
            payload = self._keys.unseal(row.payload, row_name(row.account, row.operation, row.reference))
            asked = read(payload)
        except KeyMissing:
            return outcomes.left_to_another(row, KEY_MISSING)
        except (PayloadLost, ValueError):
            return outcomes.dead("PayloadLost")
        doubt = port.doubt(row.operation)
        is_too_late = row.give_up_at <= row.now
        # What was in doubt once may have been made: it is looked for again before anybody is told that it was not.
        if row.state is State.IN_DOUBT or (is_too_late and row.doubt_since is not None):
            return await self._look_up(row, doubt, asked, deadline)
        if is_too_late:
            return outcomes.dead("TooLate")
        try:
            with single_attempt(deadline):
                reached(CommitPoint.OUTBOX_SENDING)
                with belonging_to(row.journey):
                    provider_id = await self._send(row, asked)
                reached(CommitPoint.OUTBOX_SENT)
                return outcomes.done(provider_id)
        except Exception as error:  # noqa: BLE001  # whatever an adapter raises, the row has to come to a state
            return outcomes.after_sending(error, row, doubt)

    async def _send(self, row: Claimed, asked: dict[str, Any]) -> str | None:
        if row.operation.startswith("notify."):
            notify = self._calls.notify[row.account]
            method = getattr(notify, row.operation.removeprefix("notify."))
        else:
            pay = self._calls.pay[row.account]
            if row.operation == "pay.refund" and PayCapability.IDEMPOTENCY_KEYS in pay.capabilities:
                asked["idempotency_key"] = _key(row)
            method = getattr(pay, row.operation.removeprefix("pay."))
        given = await method(**asked)
        made: str | None = getattr(given, "id", None)
        return made

    async def _look_up(self, row: Claimed, doubt: Doubt, asked: dict[str, Any], deadline: float) -> Outcome:
        since = row.now if row.doubt_since is None else row.doubt_since
        if (wait := since + doubt.visible_after - row.now) > 0:
            return Outcome(state=State.IN_DOUBT, wait=wait, claims=row.claims - 1)
        is_too_late = row.give_up_at <= row.now
        if not is_too_late and 0.0 <= row.now - row.created_at < doubt.key_lifetime:
            return _absent(row)  # the provider knows the key: the same call again acts once
        try:
            with single_attempt(deadline):
                if row.operation.startswith("notify."):
                    found = await look_up_message(self._calls.notify[row.account], row, doubt)
                else:
                    found = await look_up_change(self._calls.pay[row.account], row, doubt, asked)
        except Exception as error:  # noqa: BLE001  # as above
            return outcomes.after_looking(error, row)
        reached(CommitPoint.OUTBOX_LOOKED_UP)
        if isinstance(found, str):
            return outcomes.done(found)
        if found is Verdict.UNDECIDABLE or row.now - since > doubt.kept_for or doubt.on_absent is OnAbsent.GIVE_UP:
            return outcomes.dead("InDoubt")
        return outcomes.dead("TooLate") if is_too_late else _absent(row)


def _absent(row: Claimed) -> Outcome:
    """Pending again, in a commit of its own. That it brought a worker to its end before is kept in mind."""
    return Outcome(state=State.PENDING, claims=row.claims - 1)


def _key(row: Claimed) -> str:
    name = row_name(row.account, row.operation, row.reference)
    return hashlib.sha256(b"govcomponents idempotency key " + name).hexdigest()[:32]
