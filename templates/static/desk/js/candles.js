// Candles as values: asked for, moved by ticks, put together. Nothing here knows the chart.
export const FRAME_SECONDS = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86400 };

// Stored bars of the bid, ascending, and the trading day the newest belongs to: { bars, day }; null when the desk did not answer (the connection light tells,
// and it is asked again on reconnecting).
export async function fetchBars(address, frame, options) {
  const query = new URLSearchParams({ frame, price: "bid", ...options });
  try {
    const response = await fetch(`${address}&${query}`, { headers: { Accept: "application/json" } });
    if (!response.ok) return null;
    const { bars, day } = await response.json();
    return { day, bars: bars.map((bar) => ({ time: bar.time, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close) })) };
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

// The label of the candle that an instant (seconds) belongs to. A trading day's candles are counted from where it begins, as the desk counts them.
export function labelOf(at, frame, day) {
  if (frame === "1d") return day && (at < day.ends ? day.label : day.next_label);
  const origin = day ? (at < day.ends ? day.begins : day.ends) : 0;
  const width = FRAME_SECONDS[frame];
  return origin + Math.floor((at - origin) / width) * width;
}

// The last bar moved by a tick, or the next one begun: a candle is [start, start + width), labelled by its start. Nothing where the day is not known yet.
export function withTick(bars, quote, frame, day) {
  const time = labelOf(Math.floor(quote.time / 1000), frame, day);
  const last = bars.at(-1);
  if (last && (time ?? last.time) <= last.time) {
    last.high = Math.max(last.high, quote.bid);
    last.low = Math.min(last.low, quote.bid);
    last.close = quote.bid;
    return { bar: last, isNew: false };
  }
  if (time == null) return null;
  const bar = { time, open: quote.bid, high: quote.bid, low: quote.bid, close: quote.bid };
  bars.push(bar);
  return { bar, isNew: true };
}
