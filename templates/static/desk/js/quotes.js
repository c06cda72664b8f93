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

// "live", "reconnecting" or "quotes 12 s old": always visible, because nobody should deal on a price that stands still unnoticed.
export function connectionLight(config, board) {
  const element = document.getElementById("connection");
  let socketState = "connecting";
  const show = () => {
    const [state, text] = describe(socketState, board.ageSeconds(), config.stale_seconds);
    element.dataset.state = state;
    if (element.textContent !== text) element.textContent = text;
  };
  setInterval(show, 500);
  return (state) => {
    socketState = state;
    show();
  };
}

function describe(socketState, age, staleSeconds) {
  if (socketState !== "open") return [socketState, socketState];
  if (age === null) return ["old", "no quotes yet"];
  if (age <= Math.min(staleSeconds, 5)) return ["live", "live"];
  return ["old", `quotes ${age < 120 ? `${Math.floor(age)} s` : `${Math.floor(age / 60)} min`} old`];
}
