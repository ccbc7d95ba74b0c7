// Small comforts on every page; each page works without them.

// Menus made of <details> close on a click outside, on Escape, and when another one opens.
function openMenus() {
  return document.querySelectorAll("details.menu[open]");
}
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Copy buttons: data-copy holds the text, or data-copy-from the id of what to copy.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? source.textContent.trim() : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (source) getSelection().selectAllChildren(source); // plain http: one Ctrl+C away
    return;
  }
  button.dataset.copied = "";
  setTimeout(() => delete button.dataset.copied, 1500);
});

// Dialogs: data-open-dialog names one; data-close-dialog inside closes it, as does a click beside it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
  if (event.target.closest("[data-close-dialog]") || event.target.matches("dialog")) {
    event.target.closest("dialog")?.close();
  }
});

// Messages can be put away.
document.addEventListener("click", (event) => {
  event.target.closest(".messages .dismiss")?.closest("li").remove();
});

// Filters act on change; without scripts their button does it.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-submit-on-change]");
  if (form && !event.target.matches("[data-search]")) form.requestSubmit();
});

// "5 min ago" stays true while the page is open.
const UNITS = [["year", 31557600], ["month", 2629800], ["d", 86400], ["h", 3600], ["min", 60]];
function inWords(moment) {
  const gap = (Date.now() - moment) / 1000;
  const size = Math.abs(gap);
  if (size < 45) return "just now";
  const [unit, length] = UNITS.find(([name, seconds]) => {
    if (name === "year") return size >= 700 * 86400;
    if (name === "month") return size >= 60 * 86400;
    return name === "d" ? size >= 36 * 3600 : size >= seconds || name === "min";
  });
  const count = Math.max(1, Math.round(size / length));
  const words = `${count} ${unit === "month" || unit === "year" ? `${unit}s` : unit}`;
  return gap > 0 ? `${words} ago` : `in ${words}`;
}
function refreshTimes() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const words = inWords(Date.parse(time.dateTime));
    if (time.textContent !== words) time.textContent = words;
  }
}
setInterval(() => document.hidden || refreshTimes(), 60000);
document.addEventListener("visibilitychange", () => document.hidden || refreshTimes());

// Signing out leaves no words of a form behind in this browser (postmortem.js keeps them while they are typed).
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[action$='/sign-out/']")) return;
  for (const store of [localStorage, sessionStorage]) {
    for (const key of Object.keys(store)) if (key.startsWith("hindcast:draft:")) store.removeItem(key);
  }
});
