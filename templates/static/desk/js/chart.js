// Candles of the bid. History comes from the bars API; the current candle moves with the ticks and is corrected from the API as it ends.
import { fetchBars, withOlder, withStored, withTick } from "./candles.js";
import { candleColours, colour, look } from "./colours.js";
import { LineTitles } from "./titles.js";

const PAGE = 500; // bars per request
const TAIL = 3; // bars asked for again when one has ended
const EDGE = 20; // bars left of the view at which older ones are asked for
const SETTLED_AFTER = 1500; // ms after a candle's end at which its stored bar is complete
const SOLID = 0;
const DOTTED = 1;
const DASHED = 2;

const mark = (price, isBuy, style, text) => ({ price: Number(price), tone: isBuy ? "--buy" : "--sell", style, text });

export class Chart {
  constructor(config) {
    const { createChart, CandlestickSeries } = window.LightweightCharts;
    const priceFormat = { type: "price", precision: config.decimals, minMove: 10 ** -config.decimals };
    this.config = config;
    this.view = createChart(document.getElementById("chart"), { autoSize: true, ...look() });
    this.series = this.view.addSeries(CandlestickSeries, { ...candleColours(), priceFormat, priceLineVisible: false, lastValueVisible: false });
    this.frame = "1m";
    this.bars = [];
    this.day = null; // the trading day of the newest bar
    this.isComplete = false; // there are no older bars
    this.isLoading = false;
    this.quoteLines = {};
    this.ownLines = []; // positions and working orders
    this.titles = new LineTitles();
    this.series.attachPrimitive(this.titles);
    this.listen();
    this.load();
    this.own();
  }

  listen() {
    this.view.timeScale().subscribeVisibleLogicalRangeChange((range) => range && range.from < EDGE && this.loadOlder());
    this.view.subscribeCrosshairMove((move) => this.describe(move.seriesData.get(this.series) ?? this.bars.at(-1)));
    document.addEventListener("desk:theme", () => this.recolour());
    document.querySelector(".frames").addEventListener("click", (event) => this.choose(event.target.closest("[data-frame]")));
    const rows = { childList: true, subtree: true, attributeFilter: ["data-quantity", "data-average", "data-price", "data-lots"] };
    for (const panel of [".positions-panel", "#book"]) new MutationObserver(() => this.own()).observe(document.querySelector(panel), rows);
  }

  // Asks for bars of the frame shown; an answer for a frame that has been left meanwhile is dropped.
  async ask(options, use) {
    const { frame } = this;
    const answer = await fetchBars(this.config.bars, frame, options);
    if (!answer || frame !== this.frame) return;
    this.day = answer.day;
    use(answer.bars);
  }

  async load() {
    this.isLoading = true;
    await this.ask({ limit: PAGE }, (bars) => {
      this.isComplete = bars.length < PAGE;
      this.show(withStored(bars, this.bars));
      document.getElementById("chart-empty").hidden = this.bars.length > 0;
    });
    this.isLoading = false;
  }

  async loadOlder() {
    if (this.isComplete || this.isLoading || !this.bars.length) return;
    this.isLoading = true;
    await this.ask({ limit: PAGE, before: this.bars[0].time }, (bars) => {
      this.isComplete = bars.length < PAGE;
      this.show(withOlder(bars, this.bars));
    });
    this.isLoading = false;
  }

  // After a reconnect and after each candle's end: what was missed comes from the stored bars.
  refresh() {
    return this.bars.length ? this.ask({ limit: PAGE }, (bars) => this.show(withStored(bars, this.bars))) : this.load();
  }

  correctSoon() {
    this.correction ??= setTimeout(() => {
      this.correction = undefined;
      this.ask({ limit: TAIL }, (bars) => this.show(withStored(bars, this.bars)));
    }, SETTLED_AFTER);
  }

  show(bars) {
    this.bars = bars;
    this.series.setData(bars);
    this.describe(bars.at(-1));
  }

  choose(button) {
    if (!button || button.dataset.frame === this.frame) return;
    for (const each of document.querySelectorAll("[data-frame]")) each.setAttribute("aria-pressed", each === button);
    this.frame = button.dataset.frame;
    this.view.timeScale().applyOptions({ timeVisible: this.frame !== "1d" });
    this.bars = [];
    this.load().then(() => this.view.timeScale().resetTimeScale());
  }

  tick(quote) {
    this.quoteLine("Bid", quote.bid, "--sell");
    this.quoteLine("Ask", quote.ask, "--buy");
    if (this.isLoading) return;
    const moved = withTick(this.bars, quote, this.frame, this.day);
    if (!moved) return this.correctSoon();
    const { bar, isNew } = moved;
    this.series.update(bar);
    if (isNew) this.correctSoon();
    document.getElementById("chart-empty").hidden = true;
    this.describe(bar);
  }

  quoteLine(name, price, tone) {
    const line = this.quoteLines[name];
    if (line) return line.applyOptions({ price });
    return (this.quoteLines[name] = this.line(price, tone, DOTTED, { axisLabelVisible: true, title: name }));
  }

  // What the account has at stake here: a dashed line at each position's basis, a thin one at each working order's limit, named at the left.
  own() {
    for (const line of this.ownLines) this.series.removePriceLine(line);
    const here = (selector) => [...document.querySelectorAll(selector)].map((row) => row.dataset).filter((data) => data.instrument === this.config.instrument);
    const marks = [
      ...here("[data-position]").map(({ side, quantity, average }) => mark(average, side === "LONG", DASHED, `Basis ${side === "LONG" ? "+" : "−"}${quantity}`)),
      ...here("[data-working]").map(({ side, lots, price }) => mark(price, side === "BUY", SOLID, `${side === "BUY" ? "Buy" : "Sell"} ${lots}`)),
    ];
    this.ownLines = marks.map(({ price, tone, style }) => this.line(price, tone, style, { axisLabelVisible: false }));
    this.titles.show(marks.map(({ price, tone, text }) => ({ price, text, tone: colour(tone) })));
  }

  line(price, tone, lineStyle, options) {
    return this.series.createPriceLine({ price, color: colour(tone), lineWidth: 1, lineStyle, ...options });
  }

  recolour() {
    this.view.applyOptions(look());
    this.view.timeScale().applyOptions({ timeVisible: this.frame !== "1d" });
    this.series.applyOptions(candleColours());
    this.quoteLines.Bid?.applyOptions({ color: colour("--sell") });
    this.quoteLines.Ask?.applyOptions({ color: colour("--buy") });
    this.own();
  }

  describe(bar) {
    if (!bar) return;
    const text = (price) => price.toFixed(this.config.decimals);
    document.getElementById("candle").textContent = `O ${text(bar.open)}  H ${text(bar.high)}  L ${text(bar.low)}  C ${text(bar.close)}`;
  }
}
