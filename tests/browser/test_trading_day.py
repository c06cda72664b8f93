"""A day at the desk in a browser: the trader trades, operations settles. Live quotes, real processes, nothing mocked."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import RunningDesk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

AMOUNT = re.compile(r"^[+−]?[\d,]+\.\d\d$")
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What the pages complained about; must be nothing."""
    found: list[str] = []
    yield found
    assert found == []


def sign_in(browser: Any, desk: RunningDesk, role: str, errors: list[str], viewport: dict[str, int] = WIDE, **options: Any) -> Page:
    """A page of its own session, signed in as a role."""
    page: Page = browser.new_context(viewport=viewport, **options).new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda response: errors.append(f"{response.status} {response.url}") if response.status >= 500 else None)
    name, password = desk.login(role)
    page.goto(desk.url)
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    return page


def on_account(browser: Any, desk: RunningDesk, number: str, errors: list[str], *args: Any, **options: Any) -> Page:
    """The agent on one client's page, live."""
    page = sign_in(browser, desk, "agent", errors, *args, **options)
    page.goto(f"{desk.url}/trade/{number}/")
    expect(page.locator("#connection")).to_have_text("live")
    return page


def changes(page: Page, selector: str) -> None:
    """Waits until the text of an element is another one."""
    before = page.inner_text(selector)
    expect(page.locator(selector)).not_to_have_text(before)


def send(page: Page, key: str, sentence: str) -> None:
    """Chooses the side by its key, sends by Enter, and reads the answer."""
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-result")).to_contain_text(sentence)


def test_a_trading_day(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = sign_in(browser, running_desk, "trader", errors)
    expect(page).to_have_url(re.compile(r"/trade/D-1001/$"))
    expect(page.locator("#connection")).to_have_text("live")
    changes(page, "#bid")
    changes(page, "#candle")
    expect(page.locator("#figure-equity")).to_have_text("100,000.00")

    send(page, "b", "Bought 1 XAUUSD at")
    position = page.locator("[data-position]")
    expect(position).to_contain_text("Long")
    expect(page.locator("#figure-margin")).not_to_have_text("0.00")
    changes(page, "#positions td.floating")
    changes(page, "#figure-equity")

    _rest_and_cancel(page)

    position.get_by_role("button", name="Close").click()
    expect(page.locator("#positions")).to_contain_text("No open positions.")
    expect(page.locator("#notes")).to_contain_text("Sold 1 XAUUSD at")
    expect(page.locator("#figure-margin")).to_have_text("0.00")
    page.click("#tab-fills")
    realised = page.locator("#fills tbody tr").first.locator("td").nth(7)
    expect(realised).to_have_text(AMOUNT)
    _ledger_adds_up(page, realised.inner_text())

    _settle(sign_in(browser, running_desk, "operations", errors), running_desk)
    changes(page, "#bid")


def _rest_and_cancel(page: Page) -> None:
    page.keyboard.press("b")
    page.locator("label:has(#type-limit)").click()
    page.fill("#limit-price", "100")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-result")).to_contain_text("Working: buy 1 XAUUSD at 100")
    expect(page.locator("#figure-frozen")).to_have_text("505.00")  # 100 × 100 × 5 % and the fee of 5.00
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#figure-frozen")).to_have_text("0.00")
    expect(page.locator("#working")).to_contain_text("No working orders.")
    page.keyboard.press("Escape")


def _ledger_adds_up(page: Page, realised: str) -> None:
    page.click("#tab-ledger")
    rows = [row.split("\t") for row in page.inner_text("#ledger tbody").strip().splitlines()]
    amounts = [_cents(cells[3]) for cells in rows]
    assert _cents(realised) in amounts or _cents(realised) == 0
    assert sum(amounts) == _cents(rows[0][4]) == _cents(page.inner_text("#figure-balance"))


def _settle(page: Page, desk: RunningDesk) -> None:
    expect(page).to_have_url(re.compile("/admin/$"))
    page.goto(f"{desk.url}/admin/settlement/settlementrun/settle/")
    page.select_option("select[name=market]", label=page.locator("select[name=market] option", has_text="DEMO").inner_text())
    page.get_by_role("button", name="Show").click()
    page.get_by_role("button", name=re.compile("^Settle DEMO")).click()
    expect(page.locator("body")).to_contain_text("Zero-sum proof")
    expect(page.locator("body")).to_contain_text("Snapshot")
    expect(page.locator(".desk-verdict.good")).to_be_visible()
    expect(page.locator("body")).to_contain_text("D-1001")


def _cents(text: str) -> int:
    return int(re.sub(r"[+,.\s]", "", text).replace("−", "-"))


def test_a_large_order_is_filled_in_parts_while_one_looks_on(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = on_account(browser, running_desk, "A-2042", errors)
    page.keyboard.press("b")
    page.fill("#quantity", "9")
    expect(page.locator("#estimate .at-once")).to_contain_text("5 of 9, the rest is canceled")
    page.locator("label:has(#type-limit)").click()
    page.fill("#limit-price", f"{float(page.inner_text('#ask').replace(',', '')) + 20:.3f}")  # met by every tick of a minute
    expect(page.locator("#estimate .at-once")).to_contain_text("5 of 9, the rest waits")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-result")).to_contain_text("Bought 5 of 9 XAUUSD at")
    page.click("#tab-fills")
    expect(page.locator("#fills tbody tr")).to_have_count(2)
    page.click("#tab-orders")
    expect(page.locator("#orders .status-of").first).to_have_text("Filled")
    expect(page.locator("[data-position] .quantity")).to_have_text("9")


def test_every_refusal_says_why_and_leaves_the_ticket_as_it_was(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = on_account(browser, running_desk, "A-2043", errors)
    page.keyboard.press("b")
    page.fill("#quantity", "500")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-result")).to_contain_text("QTY_OVER_MAXIMUM")
    expect(page.locator("#quantity")).to_have_value("500")
    expect(page.locator("#side-buy")).to_be_checked()
    page.fill("#quantity", "abc")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-result")).to_contain_text("INVALID_REQUEST")
    page.keyboard.press("Escape")
    expect(page.locator("#quantity")).to_have_value("1")
    expect(page.locator("#side-buy")).not_to_be_checked()
    page.click("#tab-orders")
    expect(page.locator("#orders")).to_contain_text("Denied")


def test_the_page_says_that_it_reconnects_and_comes_back_by_itself(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = on_account(browser, running_desk, "A-2044", errors)
    running_desk.stop_web()
    expect(page.locator("#connection")).to_have_text("reconnecting")
    running_desk.start_web()
    running_desk.wait_until_ready()
    expect(page.locator("#connection")).to_have_text("live", timeout=20_000)
    changes(page, "#bid")
    send(page, "s", "Sold 1 XAUUSD at")
    expect(page.locator("[data-position]")).to_contain_text("Short")


def test_a_phone_trades_with_the_thumb(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = on_account(browser, running_desk, "A-2045", errors, PHONE, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(page.locator("#ticket-submit")).not_to_be_visible()
    page.locator(".side-buy").tap()
    for selector in ("#ticket-submit", ".side-buy"):
        box = page.locator(selector).bounding_box()
        assert box
        assert box["y"] > PHONE["height"] / 3
        assert box["y"] + box["height"] <= PHONE["height"]
        assert box["height"] >= 44
    page.locator("#ticket-submit").tap()
    expect(page.locator("#ticket-result")).to_contain_text("Bought 1 XAUUSD at")
    expect(page.locator("#ticket-submit")).not_to_be_visible()
    close = page.locator("[data-position]").get_by_role("button", name="Close")
    close.scroll_into_view_if_needed()
    close.tap()
    expect(page.locator("#positions")).to_contain_text("No open positions.")
