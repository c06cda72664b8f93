// The ticket at the keyboard: B and S choose a side, Enter sends, Esc clears. What it says is judged by the desk, not here.
const ESTIMATE_AFTER = 180; // ms

const field = (name) => document.getElementById("ticket-form")?.elements[name];
const chosen = (name) => field(name)?.value ?? "";

export function ticket(config, board) {
  const root = document.getElementById("ticket");
  if (!root.querySelector("form")) return;
  let estimateTimer;

  const update = () => {
    const submit = document.getElementById("ticket-submit");
    if (!submit) return;
    const isLimit = chosen("type") === "LIMIT";
    for (const name of ["limit_price", "time_in_force"]) field(name).disabled = !isLimit;
    if (isLimit && !field("limit_price").value) prefill();
    submit.dataset.side = chosen("side");
    submit.textContent = sentence(config, isLimit);
  };
  const prefill = () => {
    const price = board.quote && (chosen("side") === "SELL" ? board.quote.bid : board.quote.ask);
    if (price) field("limit_price").value = price.toFixed(config.decimals);
  };
  const estimate = () => {
    clearTimeout(estimateTimer);
    estimateTimer = setTimeout(() => document.body.dispatchEvent(new CustomEvent("desk:estimate")), ESTIMATE_AFTER);
  };
  const clear = () => {
    for (const radio of root.querySelectorAll("[name=side]")) radio.checked = false;
    field("effect").value = "OPEN";
    field("type").value = "MARKET";
    field("quantity").value = "1";
    field("limit_price").value = "";
    document.getElementById("ticket-result").replaceChildren();
    document.activeElement?.blur();
    update();
    estimate();
  };
  const choose = (side) => {
    field("side").value = side;
    update();
    estimate();
    field("quantity").focus();
    field("quantity").select();
  };

  root.addEventListener("input", (event) => {
    document.getElementById("ticket-result").replaceChildren();
    if (event.target.name === "type" && chosen("type") === "MARKET") field("limit_price").value = "";
    update();
    estimate();
  });
  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-clear]")) return clear();
    const step = event.target.closest("[data-step]");
    if (step) nudge(config, step);
  });
  document.addEventListener("keydown", (event) => onKey(event, choose, clear));
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "ticket") return;
    board.paint();
    update();
    estimate();
    if (!chosen("side")) document.activeElement?.blur();
  });
  update();
  estimate();
}

function sentence(config, isLimit) {
  const side = { BUY: "Buy", SELL: "Sell" }[chosen("side")];
  if (!side) return "Choose sell or buy";
  const closing = chosen("effect") === "CLOSE" ? " to close" : "";
  return `${side} ${chosen("quantity") || "…"}${closing} ${isLimit ? `at ${chosen("limit_price") || "…"}` : "at market"}`;
}

function nudge(config, button) {
  const input = document.getElementById(button.dataset.step);
  if (input.disabled) return;
  const isPrice = input.name === "limit_price";
  const step = Number(isPrice ? config.tick : config.step) || 0.01;
  const digits = isPrice ? config.decimals : (config.step.split(".")[1] ?? "").length;
  const next = (Number(input.value) || 0) + step * Number(button.dataset.by);
  input.value = Math.max(step, next).toFixed(digits);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function onKey(event, choose, clear) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return clear();
  const side = { b: "BUY", s: "SELL" }[event.key.toLowerCase()];
  const isChoosing = event.target.matches?.("select");
  if (!side || isChoosing) return;
  event.preventDefault();
  choose(side);
}
