// Light or dark as the system says, unless the reader chose; runs before the first paint, so nothing flashes.
(() => {
  const KEY = "desk-theme";
  const root = document.documentElement;
  const apply = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  const shown = () => root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

  apply(localStorage.getItem(KEY));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = shown() === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, next);
    apply(next);
    document.dispatchEvent(new CustomEvent("desk:theme"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("desk:theme")));
})();
