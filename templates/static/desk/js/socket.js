// One WebSocket that comes back by itself. Calls onFrame for every frame and onState with "connecting", "open" or "reconnecting".
const FIRST_DELAY = 500; // ms
const LONGEST_DELAY = 8000; // ms
const SIGNED_OUT = 4401;

export function connect(path, { onFrame, onState }) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  let delay = FIRST_DELAY;
  let timer;
  let socket;

  const open = () => {
    clearTimeout(timer);
    socket = new WebSocket(url);
    socket.onopen = () => {
      delay = FIRST_DELAY;
      onState("open");
    };
    socket.onmessage = (event) => onFrame(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (event.code === SIGNED_OUT) return location.reload();
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
