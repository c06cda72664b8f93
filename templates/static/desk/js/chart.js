// Candles of the bid. History comes from the bars API; the current candle moves with the ticks and is corrected from the API as it ends.
const FRAME_SECONDS = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600, "1d": 86400 };
const PAGE = 500; // bars per request
const EDGE = 20; // bars left of the view at which older ones are asked for
const SETTLED_AFTER = 1500; // ms after a candle's end at which its stored bar is complete

export function chart(config) {
  const { createChart, CandlestickSeries } = window.LightweightCharts;
  const host = document.getElementById("chart");
  const view = createChart(host, { autoSize: true, ...look() });
  const format = { type: "price", precision: config.decimals, minMove: 10 ** -config.decimals };
  const series = view.addSeries(CandlestickSeries, { ...candleColours(), priceFormat: format, priceLineVisible: false, lastValueVisible: false });
  const state = { frame: "1m", bars: [], complete: false, loading: 0, lines: new Map(), averages: [], reload: undefined };

  const load = async (before) => {
    const asked = ++state.loading;
    const bars = await fetchBars(config, state.frame, before ? { limit: PAGE, before } : { limit: PAGE });
    if (!bars || asked !== state.loading) return;
    state.complete = bars.length < PAGE;
    state.bars = before ? [...bars.filter((bar) => bar.time < state.bars[0].time), ...state.bars] : withNewer(bars, state.bars);
    series.setData(state.bars);
    document.getElementById("chart-empty").hidden = state.bars.length > 0;
    state.loading = 0;
  };
  const correct = async () => {
    const frame = state.frame;
    const bars = await fetchBars(config, frame, { limit: 3 });
    if (!bars || frame !== state.frame || state.loading) return;
    if (state.bars.length === 0) return load();
    const newest = state.bars.at(-1).time;
    state.bars = [...state.bars.filter((bar) => !bars.length || bar.time < bars[0].time), ...withNewer(bars, state.bars.filter((bar) => bar.time >= newest))];
    series.setData(state.bars);
  };

  const api = {
    refresh: () => (state.bars.length ? correct() : load()),
    tick: (quote) => {
      line("bid", quote.bid, "--sell");
      line("ask", quote.ask, "--buy");
      if (state.loading || (state.frame === "1d" && !state.bars.length)) return;
      const bar = withTick(state.bars, quote, state.frame, correctSoon);
      series.update(bar);
      document.getElementById("chart-empty").hidden = true;
      showCandle(config, bar);
    },
    positions: () => {
      for (const old of state.averages) series.removePriceLine(old);
      state.averages = [...document.querySelectorAll("[data-position]")].filter((row) => row.dataset.instrument === config.instrument).map(averageLine);
    },
  };
  const correctSoon = () => {
    clearTimeout(state.reload);
    state.reload = setTimeout(correct, SETTLED_AFTER);
  };
  const line = (name, price, colour) => {
    if (state.lines.has(name)) return state.lines.get(name).applyOptions({ price });
    const options = { price, color: resolved(colour), lineWidth: 1, lineStyle: 1, axisLabelVisible: true, title: "" };
    return state.lines.set(name, series.createPriceLine(options));
  };
  const averageLine = (row) => {
    const isLong = row.dataset.side === "LONG";
    const title = `${isLong ? "+" : "−"}${row.dataset.quantity}`;
    return series.createPriceLine({ price: Number(row.dataset.average), color: resolved(isLong ? "--buy" : "--sell"), lineWidth: 1, lineStyle: 2, axisLabelVisible: true, title });
  };

  view.timeScale().subscribeVisibleLogicalRangeChange((range) => {
    if (range && range.from < EDGE && !state.complete && !state.loading && state.bars.length) load(state.bars[0].time);
  });
  view.subscribeCrosshairMove((move) => showCandle(config, move.seriesData.get(series) ?? state.bars.at(-1)));
  document.addEventListener("desk:theme", () => {
    view.applyOptions(look());
    series.applyOptions(candleColours());
    state.lines.get("bid")?.applyOptions({ color: resolved("--sell") });
    state.lines.get("ask")?.applyOptions({ color: resolved("--buy") });
    api.positions();
  });
  document.querySelector(".frames").addEventListener("click", (event) => {
    const button = event.target.closest("[data-frame]");
    if (!button || button.dataset.frame === state.frame) return;
    for (const each of document.querySelectorAll("[data-frame]")) each.setAttribute("aria-pressed", each === button);
    Object.assign(state, { frame: button.dataset.frame, bars: [], complete: false });
    load().then(() => view.timeScale().resetTimeScale());
  });
  load();
  return api;
}

async function fetchBars(config, frame, options) {
  const query = new URLSearchParams({ frame, price: "bid", ...options });
  try {
    const response = await fetch(`${config.bars}&${query}`, { headers: { Accept: "application/json" } });
    if (!response.ok) return null;
    const { bars } = await response.json();
    return bars.map((bar) => ({ time: bar.time, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close) }));
  } catch {
    return null; // the socket's light tells that the desk is away; it asks again when it is back
  }
}

// Stored bars, then what the ticks have drawn beyond them.
function withNewer(stored, drawn) {
  const last = stored.at(-1)?.time ?? 0;
  return [...stored, ...drawn.filter((bar) => bar.time > last)];
}

// Moves the last bar, or begins the next one; a candle is [start, start + width), labelled by its start.
function withTick(bars, quote, frame, onNewBar) {
  const width = FRAME_SECONDS[frame];
  const at = Math.floor(quote.time / 1000);
  const last = bars.at(-1);
  if (last && (frame === "1d" || at < last.time + width)) {
    last.high = Math.max(last.high, quote.bid);
    last.low = Math.min(last.low, quote.bid);
    last.close = quote.bid;
    return last;
  }
  const bar = { time: at - (at % width), open: quote.bid, high: quote.bid, low: quote.bid, close: quote.bid };
  bars.push(bar);
  onNewBar();
  return bar;
}

function showCandle(config, bar) {
  if (!bar) return;
  const text = (price) => price.toFixed(config.decimals);
  document.getElementById("candle").textContent = `O ${text(bar.open)}  H ${text(bar.high)}  L ${text(bar.low)}  C ${text(bar.close)}`;
}

// A colour as the page resolves it now, light or dark.
function resolved(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function look() {
  const faint = resolved("--line");
  return {
    layout: { background: { type: "solid", color: resolved("--panel") }, textColor: resolved("--muted"), fontSize: 11, fontFamily: getComputedStyle(document.documentElement).fontFamily },
    grid: { vertLines: { color: faint }, horzLines: { color: faint } },
    rightPriceScale: { borderColor: faint },
    timeScale: { borderColor: faint, timeVisible: true, secondsVisible: false, rightOffset: 6, barSpacing: 7 },
    crosshair: { mode: 0 },
  };
}

function candleColours() {
  const up = resolved("--buy");
  const down = resolved("--sell");
  return { upColor: resolved("--panel"), borderUpColor: up, wickUpColor: up, downColor: down, borderDownColor: down, wickDownColor: down };
}
