// The trader's page: wires socket, quotes, chart, ticket and panels together.
import { Chart } from "./chart.js";
import { notes } from "./notes.js";
import { countWorking, panels, shownVersion, tabs } from "./panels.js";
import { connectionLight, quoteBoard } from "./quotes.js";
import { connect } from "./socket.js";
import { switcher } from "./switcher.js";
import { Ticket } from "./ticket.js";

const element = document.getElementById("desk-config");
const config = element && JSON.parse(element.textContent);
const panel = panels();
notes();
tabs();
countWorking();
switcher();
// The session's own token at the moment of sending: a page that has been open through another sign-in still works.
document.body.addEventListener("htmx:configRequest", (event) => {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (token && event.detail.verb !== "get") event.detail.parameters.csrfmiddlewaretoken = token[1];
});
setInterval(() => {
  document.getElementById("clock").textContent = `${new Date().toISOString().slice(11, 19)} UTC`;
}, 500);
if (config?.instrument) start();

function start() {
  const board = quoteBoard(config, Date.now());
  const candles = new Chart(config);
  const light = connectionLight(config, board);
  let hasBeenOpen = false;
  let snapshot = true; // the first frame of an instrument after connecting is its latest quote, not news

  new Ticket(config, board);
  document.body.addEventListener("htmx:afterSettle", countWorking);

  // Frames may have been lost: everything is asked for again.
  const resync = async () => {
    panel.changed();
    candles.refresh();
    if (await board.ask()) candles.tick(board.quote);
  };

  connect(config.socket, {
    onState: (state) => {
      light(state);
      snapshot = true;
      if (state === "open") {
        if (hasBeenOpen) candles.refresh();
        hasBeenOpen = true;
        panel.changed();
      }
    },
    onFrame: (frame) => {
      if (frame.type === "account") {
        if (frame.account === config.account && frame.version > shownVersion()) panel.changed();
        return;
      }
      if (frame.type === "resync") return resync();
      if (frame.type !== "tick") return;
      panel.moved();
      if (frame.instrument !== config.instrument) return;
      if (board.take(frame, snapshot)) candles.tick(board.quote);
      snapshot = false;
    },
  });
}
