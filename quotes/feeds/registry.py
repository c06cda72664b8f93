"""Feeds by the name a market gives them. An adapter of another app registers itself by its dotted path."""

from collections.abc import Sequence
from importlib import import_module

from quotes.feeds.base import Feed, Options, Wanted
from tradingdesk.kernel.errors import InvalidRequest

FEEDS: dict[str, str] = {
    "simulator": "quotes.feeds.simulator.Simulator",
    "tick_file": "quotes.feeds.playback.Playback",
}


def open_feed(name: str, options: Options, wanted: Sequence[Wanted]) -> Feed:
    """A running feed; raises InvalidRequest for an unknown name or for options the feed cannot use."""
    if name not in FEEDS:
        raise InvalidRequest("There is no such feed.", code="UNKNOWN_FEED", feed=name, known=sorted(FEEDS))
    module, _, cls = FEEDS[name].rpartition(".")
    feed: Feed = getattr(import_module(module), cls)(options, wanted)
    return feed
