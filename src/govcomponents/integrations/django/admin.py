"""Admin pages of the durable layer: calls made later, callbacks and payments, and journeys, read by staff.

A row can be tried again, or given up, by those with the permission to change it; nothing is added, edited or deleted.
What a row holds about people is sealed, and no page opens it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from govcomponents.errors import GovComponentsError
from govcomponents.integrations.django.models import Callback, LaterCall, RecordedPayment
from govcomponents.integrations.django.service import durable_setting, gov

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import Model, QuerySet
    from django.urls import URLPattern

    Admin = admin.ModelAdmin[Any]
else:
    Admin = admin.ModelAdmin  # which takes no type when it runs


class RowsAdmin(Admin):
    """The pages of one table of the durable layer."""

    table: ClassVar[str]
    actions = ("try_again", "give_up")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read the rows where the durable layer has them."""
        given = durable_setting() or {}
        return super().get_queryset(request).using(given.get("database", "default"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the pages of a project that has a durable layer only."""
        return durable_setting() is not None and super().has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's
        """Nobody adds a row."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  # Django's
        """Nobody edits a row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  # Django's
        """Nobody deletes a row: they go by themselves."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may operate the rows may see them."""
        return super().has_view_permission(request, obj) or self.has_operate_permission(request)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may try rows again, and give them up."""
        user: Any = request.user
        return bool(user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}"))

    @admin.action(description="Try again now", permissions=["operate"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Let the rows be tried again; a call that may have been made is looked up at the provider first."""
        from govcomponents.durable.operating.rows import retry

        self._change(request, queryset, retry, "tried again")

    @admin.action(description="Give up", permissions=["operate"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Give the rows up that wait."""
        from govcomponents.durable.operating.rows import give_up

        self._change(request, queryset, give_up, "given up")

    def _change(
        self, request: HttpRequest, queryset: QuerySet[Any], change: Callable[..., Sequence[int]], what: str
    ) -> None:
        from govcomponents.durable.operating.rows import TABLES

        rows = {row.pk: row for row in queryset}
        try:
            done = change(gov.later.engine, TABLES[self.table], list(rows))
        except GovComponentsError as error:
            self.message_user(request, error.happened, messages.ERROR)
            return
        for number in done:
            self.log_change(request, rows[number], what)
        self.message_user(request, f"{len(done)} {what}", messages.SUCCESS)
        if left := len(rows) - len(done):
            self.message_user(request, f"{left} cannot be {what} as it stands", messages.WARNING)

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a journey."""
        page = self.admin_site.admin_view(self.journey_page)
        name = f"{self.opts.app_label}_{self.opts.model_name}_journey"
        return [path("journey/<str:journey>/", page, name=name), *super().get_urls()]

    def journey_page(self, request: HttpRequest, journey: str) -> HttpResponse:
        """Show what happened on a journey, in all components."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Journey {journey}",
            "steps": gov.later.journey(journey),
        }
        return TemplateResponse(request, "govcomponents/admin/journey.html", context)

    @admin.display(description="journey")
    def on_journey(self, row: Any) -> str:
        """Link to the journey of a row."""
        if not row.journey:
            return self.get_empty_value_display()
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_journey"
        return format_html('<a href="{}">{}</a>', reverse(name, args=[row.journey]), row.journey)

    @admin.display(description="came", ordering="created_at")
    def came(self, row: Any) -> datetime:
        """Tell when a row was made."""
        return datetime.fromtimestamp(row.created_at, UTC)


@admin.register(LaterCall)
class LaterCallAdmin(RowsAdmin):
    """Calls that are made later, such as messages and refunds."""

    table = "outbox"
    list_display = ("id", "operation", "reference", "state", "attempts", "problem", "on_journey", "came")
    list_filter = ("state",)
    search_fields = ("=reference", "=journey")


@admin.register(Callback)
class CallbackAdmin(RowsAdmin):
    """Callbacks that came, and what the durable layer tells the service's handlers."""

    table = "inbox"
    list_display = ("id", "source", "kind", "is_open", "claims", "problem", "on_journey", "came")
    list_filter = ("is_open",)
    search_fields = ("=kind", "=journey")


@admin.register(RecordedPayment)
class RecordedPaymentAdmin(RowsAdmin):
    """Payments whose making was recorded."""

    table = "payments"
    list_display = ("id", "reference", "amount", "status", "payment_id", "is_open", "problem", "on_journey", "came")
    list_filter = ("is_open",)
    search_fields = ("=reference", "=payment_id", "=journey")

    @admin.display(description="amount")
    def amount(self, row: Any) -> str:
        """Tell the amount in words of its currency."""
        from govcomponents import Money

        return str(Money(row.minor, row.currency))
