"""What the page does when something is not as it should be: hints lost, a part that stays behind, a right that ends, prices that stand still."""

import json
import re
import urllib.error
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import RunningDesk
from tests.browser.test_trading_day import errors, on_account, send, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
__all__ = ["errors"]  # a fixture of both files

# Day 1 runs from 100,000 to 186,400 seconds; its daily candle is called 86,400 and the next one 345,600 (a weekend lies between).
CANDLES = """async () => {
  const { withTick } = await import("/static/desk/js/candles.js");
  const day = { begins: 100000, ends: 186400, label: 86400, next_label: 345600 };
  const run = (frame, day, ...at) => {
    const bars = [];
    for (const seconds of at) withTick(bars, { time: seconds * 1000, bid: seconds }, frame, day);
    return bars.map((bar) => [bar.time, bar.open, bar.close]);
  };
  return {
    daily: run("1d", day, 150000, 186399, 186400, 186401),
    hourly: run("1h", day, 100000, 103599, 103600, 186399, 186400, 189999, 190000),
    minutes: run("5m", day, 100000, 100299, 100300, 186400),
    unknown: run("1h", null, 3600, 7199, 7200),
    unknownDay: run("1d", null, 3600),
  };
}"""


def test_a_candle_ends_where_the_desk_counts_its_end(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = sign_in(browser, running_desk, "trader", errors)
    assert page.evaluate(CANDLES) == {
        "daily": [[86400, 150000, 186399], [345600, 186400, 186401]],
        "hourly": [[100000, 100000, 103599], [103600, 103600, 103600], [182800, 186399, 186399], [186400, 186400, 189999], [190000, 190000, 190000]],
        "minutes": [[100000, 100000, 100299], [100300, 100300, 100300], [186400, 186400, 186400]],
        "unknown": [[3600, 3600, 7199], [7200, 7200, 7200]],
        "unknownDay": [],
    }


def with_sockets_kept(page: Page, url: str) -> None:
    """Opens a page whose sockets the test can reach."""
    page.add_init_script(
        "window.sockets = []; const Plain = WebSocket; window.WebSocket = class extends Plain { constructor(...a) { super(...a); sockets.push(this); } };"
    )
    page.goto(url)
    expect(page.locator("#connection")).to_have_text("live")


def frame(page: Page, text: str) -> None:
    page.evaluate("text => sockets.at(-1).onmessage({ data: text })", text)


def test_lost_hints_have_everything_fetched_again(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = sign_in(browser, running_desk, "agent", errors)
    with_sockets_kept(page, f"{running_desk.url}/trade/A-2041/")
    with page.expect_request("**/live/"), page.expect_request("**/book/"), page.expect_request("**/bars/**"), page.expect_request("**/quotes/**"):
        frame(page, json.dumps({"type": "resync"}))


def test_a_book_that_stayed_behind_is_fetched_although_the_figures_are_new(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = sign_in(browser, running_desk, "agent", errors)
    with_sockets_kept(page, f"{running_desk.url}/trade/A-2042/")
    version = int(page.get_attribute("#figures", "data-version") or "")
    account = json.loads(page.inner_text("#desk-config"))["account"]
    page.evaluate("version => { document.getElementById('figures').dataset.version = version }", version + 1)
    with page.expect_request("**/book/"):
        frame(page, json.dumps({"type": "account", "account": account, "version": version + 1}))


def test_a_change_that_nobody_told_of_is_found(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    """The hint was lost and the connection stood: every 15 s (here: half a second) the figures are looked at, and say that the book is old."""
    page = sign_in(browser, running_desk, "agent", errors)
    page.add_init_script("const plain = setInterval; window.setInterval = (f, ms, ...rest) => plain(f, ms === 15000 ? 500 : ms, ...rest);")
    with_sockets_kept(page, f"{running_desk.url}/trade/A-2033/")
    expect(page.locator("[data-position]")).to_have_count(0)  # so nothing else asks for the figures
    page.evaluate("() => { document.getElementById('book-version').dataset.version = -1 }")
    expect(page.locator("#book-version")).not_to_have_attribute("data-version", "-1")


def test_a_desk_without_its_database_is_quiet_and_shows_it(browser: Any, running_desk: RunningDesk) -> None:
    page = on_account(browser, running_desk, "A-2040", [])
    send(page, "b", "Bought 1 XAUUSD at")
    body = '<div class="note note-refused">DATABASE_UNAVAILABLE</div>'
    gone = {"status": 503, "headers": {"HX-Retarget": "#notes", "HX-Reswap": "afterbegin", "Content-Type": "text/html"}, "body": body}
    page.route(re.compile("/(live|book|estimate|orders)/"), lambda route: route.fulfill(**gone))
    expect(page.locator("#connection")).to_have_text("no answer")
    expect(page.locator("#notes .note")).to_have_count(0)
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("DATABASE_UNAVAILABLE")
    page.unroute_all()
    expect(page.locator("#connection")).to_have_text("live")


def test_who_loses_the_account_is_led_away(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = sign_in(browser, running_desk, "agent", errors)
    with_sockets_kept(page, f"{running_desk.url}/trade/A-2039/")
    page.wait_for_timeout(5500)  # a connection that has held
    page.evaluate("sockets.at(-1).onclose({ code: 4404 })")
    page.wait_for_url(re.compile(r"/trade/A-2001/$"))


SILENCE = """() => {
  const now = Date.now, socket = sockets.at(-1), take = socket.onmessage;
  socket.onmessage = null;
  Date.now = () => now() + 17000;
  window.speak = () => { Date.now = now; socket.onmessage = take; };
}"""


def test_stale_prices_look_stale_and_come_back(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = sign_in(browser, running_desk, "agent", errors)
    with_sockets_kept(page, f"{running_desk.url}/trade/A-2038/")
    expect(page.locator("#ticket")).not_to_have_class(re.compile("is-stale"))
    page.evaluate(SILENCE)
    expect(page.locator("#ticket")).to_have_class(re.compile("is-stale"))
    expect(page.locator("#stale")).to_contain_text("stale 1")
    page.evaluate("speak()")
    expect(page.locator("#ticket")).not_to_have_class(re.compile("is-stale"))
    expect(page.locator("#stale")).to_have_text("")


def test_the_limit_price_follows_the_side_until_somebody_writes_one(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = on_account(browser, running_desk, "A-2037", errors)
    step = page.locator("[data-step=limit-price]").first
    expect(step).to_be_disabled()
    page.keyboard.press("b")
    page.locator("label:has(#type-limit)").click()
    expect(step).to_be_enabled()
    ask = float(page.input_value("#limit-price"))
    page.locator(".side-sell").click()
    assert float(page.input_value("#limit-price")) < ask
    page.fill("#limit-price", "2,000.5")
    page.locator(".side-buy").click()
    expect(page.locator("#limit-price")).to_have_value("2,000.5")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-result")).to_contain_text("Working: buy 1 XAUUSD at 2,000.5")


def test_the_switcher_finds_an_account_by_name_or_number(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = on_account(browser, running_desk, "A-2036", errors)
    page.locator("#switcher summary").click()
    rows = page.locator("#accounts tbody tr:visible")
    expect(rows).not_to_have_count(0)
    page.fill("#switcher-search", "2035")
    expect(rows).to_have_count(1)
    page.fill("#switcher-search", "nobody at all")
    expect(page.locator("#switcher")).to_contain_text("No account of that number or name.")
    page.fill("#switcher-search", "2035")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/trade/A-2035/$"))


def test_a_phone_shows_status_and_reason_of_an_order(browser: Any, running_desk: RunningDesk, errors: list[str]) -> None:
    page = on_account(browser, running_desk, "A-2034", errors, {"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.locator(".side-buy").tap()
    page.fill("#quantity", "500")
    page.locator("#ticket-submit").tap()
    expect(page.locator("#ticket-result")).to_contain_text("QTY_OVER_MAXIMUM")
    page.locator("#ticket-form [data-clear]").tap()
    page.locator("#tab-orders").tap()
    row = page.locator("#orders tbody tr").first
    for cell, text in ((".status-of", "Denied"), (".reason", "The quantity is above the maximum")):
        box = row.locator(cell).bounding_box()
        expect(row.locator(cell)).to_contain_text(text)
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_the_web_process_answers_a_broken_form_as_it_answers_everything(running_desk: RunningDesk, content_type: str) -> None:
    request = urllib.request.Request(f"{running_desk.url}/api/v1/orders/", b"side=BUY", {"Content-Type": content_type})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code in {403, 415}
    assert set(json.loads(refused.value.read())) == {"code", "message", "extra"}
