// Candles as values: asked for, moved by ticks, put together. Nothing here knows the chart.
export const FRAME_SECONDS = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86400 };

// Stored bars of the bid, ascending; null when the desk did not answer (the connection light tells, and it is asked again on reconnecting).
export async function fetchBars(address, frame, options) {
  const query = new URLSearchParams({ frame, price: "bid", ...options });
  try {
    const response = await fetch(`${address}&${query}`, { headers: { Accept: "application/json" } });
    if (!response.ok) return null;
    const { bars } = await response.json();
    return bars.map((bar) => ({ time: bar.time, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close) }));
  } catch {
    return null;
  }
}

// Older bars in front of what is there.
export function withOlder(older, bars) {
  return [...older.filter((bar) => bar.time < bars[0].time), ...bars];
}

// Stored bars replace what the ticks drew for the same time; what was drawn beyond them stays.
export function withStored(stored, bars) {
  if (!stored.length) return bars;
  const first = stored[0].time;
  const last = stored.at(-1).time;
  return [...bars.filter((bar) => bar.time < first), ...stored, ...bars.filter((bar) => bar.time > last)];
}

// The last bar moved by a tick, or the next one begun: a candle is [start, start + width), labelled by its start. A trading day's candle
// ends when the desk says so, not by the clock.
export function withTick(bars, quote, frame) {
  const width = FRAME_SECONDS[frame];
  const at = Math.floor(quote.time / 1000);
  const last = bars.at(-1);
  if (last && (frame === "1d" || at < last.time + width)) {
    last.high = Math.max(last.high, quote.bid);
    last.low = Math.min(last.low, quote.bid);
    last.close = quote.bid;
    return { bar: last, isNew: false };
  }
  const bar = { time: at - (at % width), open: quote.bid, high: quote.bid, low: quote.bid, close: quote.bid };
  bars.push(bar);
  return { bar, isNew: true };
}
