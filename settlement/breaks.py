"""A break told to people and to programs."""

from typing import Any

from django.apps import apps
from django.db.models import Model

from settlement.checks import CHECKS
from settlement.enums import BreakKind
from settlement.models import Break
from tradingdesk.kernel import money
from tradingdesk.kernel.templatetags import desk


def sentence_of(one: Break) -> str:
    """What is stored and what the rows say, in a sentence."""
    return CHECKS[BreakKind(one.kind)].sentence(one.part, desk.figure(one.stored), desk.figure(one.recomputed))


def object_of(one: Break) -> Model | None:
    """The row it is about; None where it is not there any more."""
    model = apps.get_model(CHECKS[BreakKind(one.kind)].model)
    return model._default_manager.filter(pk=one.object_id).first()


def facts_of(one: Break) -> dict[str, Any]:
    """The break as JSON-ready values, figures as text."""
    return {
        "id": one.pk,
        "kind": one.kind,
        "market": one.market.code if one.market else None,
        "account": one.account.number if one.account else None,
        "object": CHECKS[BreakKind(one.kind)].model,
        "object_id": one.object_id,
        "part": one.part,
        "stored": one.stored,
        "recomputed": one.recomputed,
        "difference": money.text(one.difference),
        "sentence": sentence_of(one),
        "first_found_at": one.first_found_at.isoformat(),
    }
