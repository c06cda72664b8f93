"""The page of ticks: newest first, paged by key, filtered; nonsense is said so."""

import pytest
from django.test import Client

from quotes.models import Tick
from tests.admin.conftest import Book

pytestmark = pytest.mark.django_db

TICKS = "/admin/quotes/ticks/"


def test_ticks_are_shown_newest_first_with_their_flags(book: Book, operations: Client) -> None:
    response = operations.get(TICKS)
    rows = response.context["page"].rows
    assert [tick.seq for tick in rows] == sorted((tick.seq for tick in rows), reverse=True)
    assert len(rows) == Tick.objects.count()
    assert "Bid above ask" in response.content.decode()
    flagged = operations.get(TICKS, {"flagged": "on"}).context["page"].rows
    assert [tick.get_flag_display() for tick in flagged] == ["Bid above ask"]


def test_ticks_are_paged_by_key(book: Book, operations: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quotes.admin_views.PAGE_ROWS", 2)
    seen, query = [], ""
    while query is not None:
        response = operations.get(f"{TICKS}?{query}")
        seen += [tick.seq for tick in response.context["page"].rows]
        query = response.context["next"]
    assert seen == list(Tick.objects.order_by("-seq").values_list("seq", flat=True))


@pytest.mark.parametrize(
    "query", ["market=x", "market=999", "trading_day=yesterday", "before=-1", "before=99999999999999999999", "instrument='", "before=1.5"]
)
def test_a_tick_filter_that_makes_no_sense_is_said_so(book: Book, operations: Client, query: str) -> None:
    response = operations.get(f"{TICKS}?{query}")
    assert response.status_code == 200
    assert response.context["form"].errors
    assert response.context["page"].rows == []
