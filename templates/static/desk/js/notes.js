// Notes beside the ticket: what was done goes by itself, a refusal stays until it is dismissed or three newer ones stand above it.
const DONE_FOR = 6000; // ms
const AT_MOST = 4;

export function notes() {
  const list = document.getElementById("notes");
  new MutationObserver(() => {
    for (const note of [...list.children].slice(AT_MOST)) note.remove();
    for (const note of list.querySelectorAll(".note-done:not([data-timed])")) {
      note.dataset.timed = "";
      setTimeout(() => note.remove(), DONE_FOR);
    }
  }).observe(list, { childList: true });
  list.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.parentElement.remove());

  // An error the desk worded comes with its own place on the page; anything else (a proxy, a dead process) must not be swapped in.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400 || xhr.status === 422) return;
    event.detail.shouldSwap = xhr.getResponseHeader("HX-Retarget") !== null && event.detail.requestConfig.verb !== "get";
    if (!event.detail.shouldSwap) unanswered(list, event.detail.requestConfig, `The desk did not answer properly (${xhr.status}).`);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, (event) => unanswered(list, event.detail.requestConfig, "The desk cannot be reached."));
  }
}

// Reads are silent: they are tried again, and the connection light tells. An order without an answer is not: it may have been placed.
function unanswered(list, request, sentence) {
  if (request.verb === "get") return;
  const note = document.createElement("div");
  note.className = "note note-refused";
  note.setAttribute("role", "alert");
  note.innerHTML = '<div class="message"><p class="message-sentence"></p></div><button type="button" class="note-close" aria-label="Dismiss" data-dismiss>×</button>';
  note.querySelector("p").textContent = `${sentence} Look at your orders; sending the same ticket again never makes a second order.`;
  list.prepend(note);
}
