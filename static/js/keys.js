// Keyboard shortcuts. A link or button says its own: data-keys="c" or data-keys="g i". `/` goes to the
// first field marked data-search, `?` opens the list. All of them rest while somebody types.
const PATIENCE = 1200; // ms between the two letters of "g i"
let first = "";
let forget = 0;

function typing(target) {
  return target.isContentEditable || Boolean(target.closest("input, textarea, select, [contenteditable]"));
}

function press(keys) {
  const target = document.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
  if (!target) return false;
  target.click();
  return true;
}

function act(key) {
  if (key === "?") {
    const help = document.getElementById("shortcut-help");
    if (!help || help.open) return false;
    help.showModal();
    return true;
  }
  if (key === "/") {
    const field = document.querySelector("[data-search]");
    field?.focus();
    field?.select?.();
    return Boolean(field);
  }
  return press(key);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const before = first;
  first = "";
  clearTimeout(forget);
  if (before === "g") {
    if (press(`g ${event.key}`)) event.preventDefault();
    return;
  }
  if (event.key === "g") {
    first = "g";
    forget = setTimeout(() => (first = ""), PATIENCE);
  } else if (act(event.key)) {
    event.preventDefault();
  }
});
