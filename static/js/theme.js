// The reader's choice of light or dark, before the first paint. Without a choice (or without this
// file) the style sheets follow the system. The admin keeps its choice under the same key.
(() => {
  const root = document.documentElement;
  const order = ["auto", "light", "dark"];

  function chosen() {
    try {
      const stored = localStorage.getItem("theme");
      return order.includes(stored) ? stored : "auto";
    } catch {
      return "auto"; // storage may be forbidden
    }
  }

  function show(theme) {
    root.dataset.theme = theme;
    if (theme === "auto") {
      delete root.dataset.bsTheme;
    } else {
      root.dataset.bsTheme = theme;
    }
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    }
  }

  root.classList.add("scripted");
  show(chosen());
  document.addEventListener("DOMContentLoaded", () => show(chosen()));
  window.addEventListener("storage", (event) => event.key === "theme" && show(chosen()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try {
      localStorage.setItem("theme", button.dataset.themeChoice);
    } catch {
      // The choice then lasts as long as the page.
    }
    show(button.dataset.themeChoice);
  });
})();
