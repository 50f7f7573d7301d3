"""Payments, refunds, disputes, agreements and keys of GOV.UK Pay for people, and what can be done to each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from govcomponents.sandbox.http.templating import moment
from govcomponents.sandbox.plugins.records import Action, Happened, Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcomponents.sandbox.providers.govuk_pay.lifecycle import Lifecycle
    from govcomponents.sandbox.providers.govuk_pay.store import (
        Account,
        AccountStore,
        AgreementRecord,
        Charge,
        DisputeRecord,
        RefundRecord,
    )


class PayRecords:
    """The records of all accounts of one stub."""

    def __init__(self, store: AccountStore, lifecycle: Lifecycle) -> None:
        self._store = store
        self._lifecycle = lifecycle

    def record_ids(self, kind: str) -> Sequence[str]:
        """The ids of all records of a kind, oldest first."""
        accounts = self._store.accounts
        with self._store.lock:
            if kind == "payments":
                return [charge_id for account in accounts for charge_id in account.charges]
            if kind == "refunds":
                return [refund.id for account in accounts for refund in account.refunds]
            if kind == "disputes":
                return [dispute.id for account in accounts for dispute in account.disputes]
            if kind == "agreements":
                return [agreement_id for account in accounts for agreement_id in account.agreements]
            if kind == "keys":
                return [key_id for account in accounts for key_id, _ in _keys(account)]
        return []

    def record(self, kind: str, record_id: str) -> Record | None:
        """One record as it is now."""
        with self._store.lock:
            for account in self._store.accounts:
                found = self._record(account, kind, record_id)
                if found is not None:
                    return found
        return None

    def _record(self, account: Account, kind: str, record_id: str) -> Record | None:
        if kind == "payments" and record_id in account.charges:
            return _payment(account, self._lifecycle.settle(account, account.charges[record_id]))
        if kind == "agreements" and record_id in account.agreements:
            return _agreement(account, account.agreements[record_id])
        if kind == "keys":
            return dict(_keys(account)).get(record_id)
        of_refund = next((one for one in account.refunds if kind == "refunds" and one.id == record_id), None)
        if of_refund is not None:
            self._lifecycle.settle(account, account.charges[of_refund.charge_id])
            return _refund(account, of_refund)
        of_dispute = next((one for one in account.disputes if kind == "disputes" and one.id == record_id), None)
        if of_dispute is not None:
            self._lifecycle.settle(account, account.charges[of_dispute.charge_id])
            return _dispute(account, of_dispute)
        return None

    def act(self, kind: str, record_id: str, action: str) -> None:
        """Do one of the record's actions. Raises LookupError if it cannot be done now."""
        with self._store.lock:
            record = self.record(kind, record_id)
            if record is None or action not in {one.name for one in record.actions}:
                raise LookupError("that cannot be done to it now")
            account = next(one for one in self._store.accounts if self._record(one, kind, record_id) is not None)
            if kind == "payments":
                self._act_on_payment(account, account.charges[record_id], action)
            elif kind == "refunds":
                refund = next(one for one in account.refunds if one.id == record_id)
                charge = account.charges[refund.charge_id]
                if action == "hold":
                    refund.ends_at = None
                elif action == "finish":
                    refund.ends_at = self._lifecycle.now()
                    self._lifecycle.settle(account, charge)
                else:
                    self._lifecycle.fail_refund(account, charge, refund)
            else:
                dispute = next(one for one in account.disputes if one.id == record_id)
                dispute.decided_as, dispute.decided_at = action, self._lifecycle.now()
                self._lifecycle.settle(account, account.charges[dispute.charge_id])

    def _act_on_payment(self, account: Account, charge: Charge, action: str) -> None:
        if action == "capture":
            self._lifecycle.take(account, charge)
        elif action == "expire":
            self._lifecycle.expire(account, charge)
        elif action == "cancel":
            self._lifecycle.cancel(account, charge)
        elif action == "refund":
            self._lifecycle.refund(account, charge, charge.total - charge.refunded)
        elif action == "hold_capture":
            self._lifecycle.hold_capture(charge)
        elif action == "hold_refunds":
            self._lifecycle.hold_refunds(charge)
        elif action == "fail_capture":
            self._lifecycle.fail_capture(account, charge)
        elif action == "dispute":
            self._lifecycle.dispute(account, charge)


def _keys(account: Account) -> list[tuple[str, Record]]:
    service, found = account.service, []
    for number, key in enumerate(service.api_keys):
        key_id = f"{service.name}-{number}".replace(" ", "-")
        record = Record(
            id=key_id,
            title=f"{service.name}: {key.description or f'key ending in {key.key[-4:]}'}",
            status="revoked" if key.revoked else "in use",
            facts=[("Service", service.name), ("Key", f"{key.key[:9]}... ending in {key.key[-4:]}")],
        )
        found.append((key_id, record))
    return found


def _payment(account: Account, charge: Charge) -> Record:
    facts = [
        ("Service", account.service.name),
        ("Amount", _pounds(charge.total)),
        ("Description", charge.description),
        ("Email", charge.email or "none"),
        (
            "Way",
            {"web": "on a page", "moto_api": "by telephone", "agreement": "by agreement"}.get(charge.mode, charge.mode),
        ),
        ("Taken", _moment_or(charge.captured_at, "not yet")),
        ("Refunded", _pounds(charge.refunded)),
    ]
    if charge.code:
        facts.append(("Code", charge.code))
    if charge.card is not None:
        facts.append(("Card", f"{charge.card.card.brand} ending in {charge.card.last_digits}"))
    related = [("refunds", refund.id) for refund in charge.refunds]
    if charge.dispute is not None:
        related.append(("disputes", charge.dispute.id))
    if charge.agreement_id:
        related.append(("agreements", charge.agreement_id))
    return Record(
        id=charge.id,
        title=f"{_pounds(charge.total)} {charge.description}",
        status=charge.status,
        at=_moment(charge.created_at),
        reference=charge.reference,
        facts=facts,
        history=[Happened(_moment(at), _told(shown)) for at, shown in charge.events],
        related=related,
        actions=_actions(charge),
    )


def _actions(charge: Charge) -> list[Action]:
    found = []
    if charge.status == "capturable":
        found.append(Action("capture", "Take the held money"))
    if not charge.finished or charge.status == "capturable":
        found += [Action("expire", "Let it expire"), Action("cancel", "Cancel it as the service")]
    is_untaken = not charge.finished or (charge.status in ("capturable", "success") and charge.captured_at is None)
    if is_untaken and not charge.capture_held:
        found.append(Action("hold_capture", "Keep its money from being taken"))
    if charge.status == "success" and not charge.refunds and charge.dispute is None:
        found.append(Action("fail_capture", "Let the capture fail"))
    if charge.status == "success" and charge.refund_status == "available":
        if not charge.refunds_held:
            found.append(Action("hold_refunds", "Keep its refunds submitted"))
        found += [Action("refund", "Refund what is left"), Action("dispute", "Let the card's holder dispute it")]
    return found


def _refund(account: Account, refund: RefundRecord) -> Record:
    charge = account.charges[refund.charge_id]
    actions = []
    if refund.status == "submitted":
        actions = [
            Action("hold", "Keep it submitted"),
            Action("finish", "Let it succeed"),
            Action("fail", "Let it fail"),
        ]
    return Record(
        id=refund.id,
        title=f"{_pounds(refund.amount)} of {charge.description}",
        status=refund.status,
        at=_moment(refund.created_at),
        reference=charge.reference,
        facts=[("Service", account.service.name), ("Amount", _pounds(refund.amount))],
        related=[("payments", charge.id)],
        actions=actions,
    )


def _dispute(account: Account, dispute: DisputeRecord) -> Record:
    charge = account.charges[dispute.charge_id]
    is_open = dispute.status not in ("won", "lost")
    return Record(
        id=dispute.id,
        title=f"{_pounds(dispute.amount)} of {charge.description}",
        status=dispute.status,
        at=_moment(dispute.created_at),
        reference=charge.reference,
        facts=[
            ("Service", account.service.name),
            ("Amount", _pounds(dispute.amount)),
            ("Reason", dispute.reason),
            ("Evidence due", _written(dispute.evidence_due_at)),
        ],
        related=[("payments", charge.id)],
        actions=[Action("won", "Decide it for the service"), Action("lost", "Decide it against")] if is_open else [],
    )


def _agreement(account: Account, agreement: AgreementRecord) -> Record:
    history = [Happened(_moment(agreement.created_at), "created")]
    if agreement.card_saved_at is not None:
        history.append(Happened(_moment(agreement.card_saved_at), "a card was saved"))
    if agreement.cancelled_at is not None:
        history.append(Happened(_moment(agreement.cancelled_at), "cancelled"))
    payments = [("payments", one.id) for one in account.charges.values() if one.agreement_id == agreement.id]
    return Record(
        id=agreement.id,
        title=agreement.description,
        status=agreement.status,
        at=_moment(agreement.created_at),
        reference=agreement.reference,
        facts=[("Service", account.service.name), ("Person", agreement.user_identifier or "not named")],
        history=history,
        related=payments,
    )


def _told(shown: object) -> str:
    if not isinstance(shown, dict):
        return str(shown)
    message = shown.get("message")
    return f"{shown['status']}: {message}" if message else str(shown["status"])


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _moment_or(at: float | None, otherwise: str) -> str:
    return otherwise if at is None else _written(at)


def _written(at: float) -> str:
    return f"{moment(_moment(at))} UTC"


def _pounds(pence: int) -> str:
    return f"£{pence // 100:,}.{pence % 100:02}"
