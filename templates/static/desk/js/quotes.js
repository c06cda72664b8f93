// The newest quote of the page's instrument, painted into the ticket; and how old it is.
export function quoteBoard(config, at) {
  const format = new Intl.NumberFormat("en", { minimumFractionDigits: config.decimals, maximumFractionDigits: config.decimals });
  const board = { quote: null, direction: "", receivedAt: null, text: (price) => format.format(price) };
  if (config.quote_age_seconds !== null) board.receivedAt = at - config.quote_age_seconds * 1000;

  // A pushed tick is as old as its arrival; the first frame after connecting repeats the last quote and says nothing about age.
  board.take = (frame, isSnapshot) => {
    if (board.quote && frame.seq <= board.quote.seq) return false;
    const bid = Number(frame.bid);
    if (board.quote && bid !== board.quote.bid) board.direction = bid > board.quote.bid ? "up" : "down";
    board.quote = { seq: frame.seq, time: frame.time, bid, ask: Number(frame.ask) };
    if (!isSnapshot) board.receivedAt = Date.now();
    board.paint();
    return true;
  };

  // The newest quote as the desk has it now: after hints may have been lost.
  board.ask = async () => {
    try {
      const response = await fetch(config.quotes, { headers: { Accept: "application/json" } });
      const found = response.ok && (await response.json()).quotes.find((quote) => quote.instrument === config.instrument);
      if (!found || !board.take(found, true)) return false;
      board.receivedAt = Date.now() - found.age_seconds * 1000;
      return true;
    } catch {
      return false;
    }
  };

  board.paint = () => {
    if (!board.quote || !document.getElementById("bid")) return;
    const { bid, ask } = board.quote;
    write("bid", format.format(bid));
    write("ask", format.format(ask));
    write("spread", format.format(ask - bid));
    document.getElementById("direction").dataset.direction = board.direction;
  };

  board.ageSeconds = () => (board.receivedAt === null ? null : (Date.now() - board.receivedAt) / 1000);
  return board;
}

function write(id, text) {
  const element = document.getElementById(id);
  if (element.textContent !== text) element.textContent = text;
}

// "live", "reconnecting", "no answer" or "quotes 12 s old": always visible, because nobody should deal on a price that stands still unnoticed. The ticket says
// it too where orders would be denied for it.
export function connectionLight(config, board) {
  const element = document.getElementById("connection");
  let socketState = "connecting";
  let isTroubled = false;
  const show = () => {
    const age = board.ageSeconds();
    const [state, text] = describe(isTroubled && socketState === "open" ? "no answer" : socketState, age, config.stale_seconds);
    element.dataset.state = state;
    if (element.textContent !== text) element.textContent = text;
    markStale(staleness(age, config.stale_seconds));
  };
  document.body.addEventListener("desk:trouble", (event) => {
    isTroubled = event.detail;
    show();
  });
  setInterval(show, 500);
  return (state) => {
    socketState = state;
    show();
  };
}

// A quote from the future says that the desk's clock was set back: it is not dealt on, however new it looks.
const AHEAD = -1; // s

function staleness(age, staleSeconds) {
  if (age === null) return "no quote";
  if (age < AHEAD) return "ahead of the clock";
  return age <= staleSeconds ? "" : `stale ${duration(age)}`;
}

function markStale(text) {
  const ticket = document.getElementById("ticket");
  if (ticket.classList.contains("is-stale") !== Boolean(text)) ticket.classList.toggle("is-stale", Boolean(text));
  if (document.getElementById("stale")) write("stale", text);
}

const duration = (seconds) => (seconds < 120 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / 60)} min`);

function describe(socketState, age, staleSeconds) {
  if (socketState !== "open") return [socketState, socketState];
  if (age === null) return ["old", "no quotes yet"];
  if (age < AHEAD) return ["old", "quotes ahead of the clock"];
  if (age <= Math.min(staleSeconds, 5)) return ["live", "live"];
  return ["old", `quotes ${duration(age)} old`];
}
