"""Settlement runs with their steps, proofs and the day's snapshot. A day is settled from a view of its own: `settlement.admin_views`."""

from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from unfold.contrib.filters.admin import RangeDateFilter

from accounts.models import Account, AccountDay
from quotes.models import Instrument
from settlement.admin_views import may_settle, settle_day
from settlement.enums import RunStatus, StepName
from settlement.models import SettlementRun, SettlementStep, ZeroSumProof
from tradingdesk.kernel.admin import LogAdmin, ReadOnlyAdmin
from tradingdesk.kernel.admin_columns import badge
from tradingdesk.kernel.templatetags import desk

RUN_COLOURS = MappingProxyType({RunStatus.RUNNING: "info", RunStatus.DONE: "success"})
BALANCES, BROKEN = "Balances to 0.00 ✓", "Does not balance ✗"
SNAPSHOT_ROWS = 100  # on the run's page; the list of account days has them all


def verdict(run: SettlementRun, proofs: list[ZeroSumProof]) -> str:
    """What the proofs amount to; nothing while the run has not come to them."""
    if any(proof.difference for proof in proofs):
        return BROKEN
    return BALANCES if proofs and run.status == RunStatus.DONE else ""


def step_rows(steps: list[SettlementStep]) -> list[tuple[SettlementStep, str]]:
    """Each step with what it did, in words; instruments by their symbols."""
    instruments = Instrument.objects.in_bulk([int(pk) for step in steps for pk in step.detail.get("prices", {})])
    return [(step, step_text(step, instruments)) for step in steps]


def step_text(step: SettlementStep, instruments: dict[int, Instrument]) -> str:
    """What one step did."""
    detail = step.detail
    if step.name == StepName.PRICES:
        prices = [(instruments.get(int(pk)), value) for pk, value in detail.get("prices", {}).items()]
        return ", ".join(f"{i.symbol} {desk.asked_price(value, i.price_decimals)}" for i, value in prices if i) or "Nothing is listed."
    if step.name == StepName.MARK:
        return f"{detail.get('account_days', 0):,} account days written"
    if step.name == StepName.SNAPSHOT:
        return f"{detail.get('accounts', 0):,} accounts"
    differences = [*detail.get("differences", []), *(["closing balances"] if detail.get("unequal_accounts") else [])]
    return f"{detail.get('lines', 0)} lines, " + (f"which do not balance: {', '.join(differences)}" if differences else "all of which balance")


def page_of(run: SettlementRun) -> dict[str, Any]:
    """Tables of a run's page, in few queries."""
    steps = list(run.steps.all())  # type: ignore[attr-defined]
    unequal = [account for step in steps for account in step.detail.get("unequal_accounts", [])]
    proofs = list(run.proofs.select_related("instrument"))  # type: ignore[attr-defined]
    days = AccountDay.objects.filter(market_id=run.market_id, trading_day=run.trading_day).select_related("account").order_by("account__number")
    return {
        "steps": step_rows(steps),
        "proofs": proofs,
        "verdict": verdict(run, proofs),
        "balances": verdict(run, proofs) == BALANCES,
        "unequal_accounts": list(Account.objects.filter(pk__in=unequal).values_list("number", flat=True)),
        "days": list(days[:SNAPSHOT_ROWS]),
        "snapshot_rows": SNAPSHOT_ROWS,
    }


@admin.register(SettlementRun)
class SettlementRunAdmin(ReadOnlyAdmin):
    list_display = ["trading_day", "market", "status", "proof", "accounts", "actor", "started_at", "finished_at"]
    list_filter = ["market", "status", ("trading_day", RangeDateFilter)]
    list_select_related = ["market", "actor"]
    date_hierarchy = "trading_day"
    badges = {"status": RUN_COLOURS}
    fields = ["market", "trading_day", "status", "accounts", "actor", "started_at", "finished_at", "hash"]
    change_form_after_template = "admin/settlement/run.html"
    change_list_template = "admin/settlement/runs.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SettlementRun]:
        return super().get_queryset(request).prefetch_related("proofs")

    @admin.display(description="zero-sum proof")
    def proof(self, run: SettlementRun) -> str:
        text = verdict(run, list(run.proofs.all()))  # type: ignore[attr-defined]
        return badge(text, text, {BALANCES: "success", BROKEN: "danger"}) if text else "–"

    def get_urls(self) -> list[Any]:
        own = path("settle/", self.admin_site.admin_view(settle_day), {"model_admin": self}, name="settlement_settle")
        return [own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "may_settle": may_settle(request.user)})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The run, and below it its steps, its proof and its snapshot."""
        run = self.get_object(request, object_id)
        extra = {} if run is None else page_of(run)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})


@admin.register(SettlementStep)
class SettlementStepAdmin(LogAdmin):
    list_display = ["id", "run", "name", "started_at", "finished_at"]
    list_filter = ["run__market", "name"]
    list_select_related = ["run__market"]
    ordering = ["-id"]


@admin.register(ZeroSumProof)
class ZeroSumProofAdmin(LogAdmin):
    list_display = [
        "id",
        "run",
        "currency",
        "instrument",
        "client_pnl",
        "client_fees",
        "client_cash",
        "house_pnl",
        "house_fees",
        "house_cash",
        "difference",
    ]
    list_filter = ["run__market", "currency"]
    list_select_related = ["run__market", "instrument"]
    ordering = ["-id"]
