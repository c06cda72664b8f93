// The ticket at the keyboard: B and S choose a side, Enter sends, Esc clears. What it says is judged by the desk, not here.
const ESTIMATE_AFTER = 180; // ms
const DONE_FOR = 8000; // ms that the last success stays in sight; a refusal stays until something is typed
const SIDES = { b: "BUY", s: "SELL" };
const VERBS = { BUY: "Buy", SELL: "Sell" };

const field = (name) => document.getElementById("ticket-form").elements[name];

export class Ticket {
  constructor(config, board) {
    this.config = config;
    this.board = board;
    this.root = document.getElementById("ticket");
    if (!this.root.querySelector("form")) return; // whoever may only watch the account has none
    this.root.addEventListener("input", (event) => this.typed(event.target));
    this.root.addEventListener("click", (event) => this.clicked(event.target));
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.body.addEventListener("htmx:afterSettle", (event) => event.target === this.root && this.answered());
    this.followsSide = !field("limit_price").value; // the limit price is ours until somebody writes one
    this.update();
  }

  typed(input) {
    if (input.name === "limit_price") this.followsSide = false;
    if (input.name === "side" && this.followsSide) field("limit_price").value = "";
    document.getElementById("ticket-result").replaceChildren();
    if (input.name === "type" && input.value === "MARKET") this.forgetLimit();
    this.update();
  }

  clicked(target) {
    if (target.closest("[data-clear]")) return this.clear();
    const step = target.closest("[data-step]");
    if (step) this.nudge(document.getElementById(step.dataset.step), Number(step.dataset.by));
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return this.clear();
    const side = SIDES[event.key.toLowerCase()];
    if (!side || event.target.matches?.("select")) return;
    event.preventDefault();
    this.choose(side);
  }

  answered() {
    this.board.paint();
    this.update();
    if (!field("side").value) document.activeElement?.blur();
    const done = document.querySelector("#ticket-result > .done");
    if (done) setTimeout(() => done.remove(), DONE_FOR);
  }

  choose(side) {
    field("side").value = side;
    if (this.followsSide) field("limit_price").value = "";
    this.update();
    field("quantity").focus();
    field("quantity").select();
  }

  clear() {
    for (const radio of field("side")) radio.checked = false;
    const blank = { effect: "OPEN", type: "MARKET", quantity: "1", limit_price: "" };
    for (const [name, value] of Object.entries(blank)) field(name).value = value;
    this.forgetLimit();
    document.getElementById("ticket-result").replaceChildren();
    document.activeElement?.blur();
    this.update();
  }

  forgetLimit() {
    field("limit_price").value = "";
    this.followsSide = true;
  }

  nudge(input, by) {
    if (input.disabled) return;
    const step = input.name === "limit_price" ? this.config.tick : this.config.step;
    const digits = input.name === "limit_price" ? this.config.decimals : (step.split(".")[1] ?? "").length;
    const size = Number(step) || 10 ** -digits;
    input.value = Math.max(size, (Number(input.value.replaceAll(",", "")) || 0) + size * by).toFixed(digits);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Brings the form in line with what was chosen: which fields count, what the button will do, what it would cost.
  update() {
    const isLimit = field("type").value === "LIMIT";
    for (const each of [field("limit_price"), field("time_in_force"), ...this.root.querySelectorAll("[data-step=limit-price]")]) each.disabled = !isLimit;
    if (isLimit && !field("limit_price").value) this.prefill();
    const submit = document.getElementById("ticket-submit");
    submit.dataset.side = field("side").value;
    submit.textContent = this.sentence(isLimit);
    clearTimeout(this.estimate);
    this.estimate = setTimeout(() => document.body.dispatchEvent(new CustomEvent("desk:estimate")), ESTIMATE_AFTER);
  }

  prefill() {
    const { quote } = this.board;
    if (quote) field("limit_price").value = (field("side").value === "SELL" ? quote.bid : quote.ask).toFixed(this.config.decimals);
  }

  sentence(isLimit) {
    const verb = VERBS[field("side").value];
    if (!verb) return "Choose sell or buy";
    const closing = field("effect").value === "CLOSE" ? " to close" : "";
    return `${verb} ${field("quantity").value || "…"}${closing} ${isLimit ? `at ${field("limit_price").value || "…"}` : "at market"}`;
  }
}
