// Which part of the page is asked for again, and when. The socket says what changed; HTMX fetches.
const MOVED_EVERY = 1000; // ms: floating figures follow the ticks at most this often
const CHANGED_AFTER = 60; // ms: an answer and its frame arrive together and are one refetch
const AGAIN_AFTER = 2000; // ms: a part that could not be fetched is asked for again
const LOOK_EVERY = 15000; // ms: a hint may be lost without a word, so the figures are looked at unasked

const fire = (name, detail) => document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));

export function panels() {
  let movedAt = 0;
  let movedTimer;
  let changedTimer;

  const moved = () => {
    if (document.hidden || movedTimer) return;
    movedTimer = setTimeout(() => {
      movedTimer = undefined;
      movedAt = Date.now();
      // Nothing floats without a position, and nobody reads an estimate before a side is chosen.
      if (document.querySelector("[data-position]")) fire("desk:moved");
      if (document.querySelector("#ticket [name=side]:checked")) fire("desk:estimate");
    }, Math.max(0, movedAt + MOVED_EVERY - Date.now()));
  };
  const changed = (after = CHANGED_AFTER) => {
    clearTimeout(changedTimer);
    changedTimer = setTimeout(() => fire("desk:account"), after);
  };

  // A part that stayed behind says so by the light, and is fetched again until it comes.
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!["live", "book"].includes(event.detail.elt.id)) return;
    const failed = !event.detail.successful;
    fire("desk:trouble", failed);
    if (failed) changed(AGAIN_AFTER);
    // Figures that are newer than the book: something changed that nobody told of.
    else if (version("figures") > version("book-version")) changed();
  });
  setInterval(() => document.hidden || fire("desk:moved"), LOOK_EVERY);

  document.body.addEventListener("desk:changed", () => changed());
  document.addEventListener("visibilitychange", () => document.hidden || changed());
  return { moved, changed };
}

// Of what is shown, the part that is farthest behind: figures are fetched more often than the book, and must not hide that it is old.
export function shownVersion() {
  return Math.min(version("figures"), version("book-version"));
}

function version(id) {
  return Number(document.getElementById(id)?.dataset.version ?? 0);
}

export function tabs() {
  const list = document.querySelector("[role=tablist]");
  const all = [...list.querySelectorAll("[role=tab]")];
  const select = (tab) => {
    for (const each of all) {
      each.setAttribute("aria-selected", each === tab);
      each.tabIndex = each === tab ? 0 : -1;
    }
    document.getElementById("book").dataset.tab = tab.getAttribute("aria-controls");
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) select(tab);
  });
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = all[(all.indexOf(document.activeElement) + by + all.length) % all.length];
    select(next);
    next.focus();
  });
}

// How many orders are working, beside the tab's name.
export function countWorking() {
  const rows = document.querySelectorAll("#working tbody tr").length;
  document.getElementById("tab-working").textContent = rows ? `Working ${rows}` : "Working";
}
