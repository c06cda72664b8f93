// One WebSocket that comes back by itself. Calls onFrame for every frame and onState with "connecting", "open" or "reconnecting".
const FIRST_DELAY = 500; // ms
const LONGEST_DELAY = 8000; // ms
const SIGNED_OUT = 4401;
const NOT_YOURS = 4404;
const HELD = 5000; // ms after which a connection has been one: closed with NOT_YOURS then, the account was taken away

export function connect(path, { onFrame, onState }) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  let delay = FIRST_DELAY;
  let timer;
  let socket;
  let hasHeld = false;

  const open = () => {
    clearTimeout(timer);
    socket = new WebSocket(url);
    socket.onopen = () => {
      delay = FIRST_DELAY;
      onState("open");
      const opened = socket;
      setTimeout(() => (hasHeld ||= opened.readyState === WebSocket.OPEN), HELD);
    };
    socket.onmessage = (event) => onFrame(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (event.code === SIGNED_OUT) return location.reload();
      if (event.code === NOT_YOURS && hasHeld) return location.assign("/");
      onState("reconnecting");
      timer = setTimeout(open, delay * (0.75 + Math.random() / 2));
      delay = Math.min(delay * 2, LONGEST_DELAY);
    };
  };
  const retryNow = () => {
    if (socket.readyState === WebSocket.CLOSED) open();
  };

  onState("connecting");
  open();
  addEventListener("online", retryNow);
  document.addEventListener("visibilitychange", () => document.hidden || retryNow());
}
