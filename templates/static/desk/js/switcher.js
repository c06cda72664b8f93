// The account switcher: a list that is read when it is opened, narrowed as one types.
export function switcher() {
  const box = document.getElementById("switcher");
  if (!box) return;
  const search = document.getElementById("switcher-search");
  const narrow = () => {
    const words = search.value.trim().toLowerCase().split(/\s+/);
    const rows = [...box.querySelectorAll("[data-search]")];
    for (const row of rows) row.hidden = !words.every((word) => row.dataset.search.includes(word));
    const none = box.querySelector("[data-none]");
    if (none) none.hidden = rows.some((row) => !row.hidden);
  };

  box.addEventListener("toggle", () => box.open && search.focus());
  search.addEventListener("input", narrow);
  box.addEventListener("htmx:afterSettle", narrow);
  box.addEventListener("keydown", (event) => {
    event.stopPropagation(); // letters typed here are not the ticket's keys
    if (event.key === "Enter") box.querySelector("[data-search]:not([hidden]) a")?.click();
    if (event.key === "Escape") box.open = false;
  });
  document.addEventListener("click", (event) => {
    if (!box.contains(event.target)) box.open = false;
  });
}
