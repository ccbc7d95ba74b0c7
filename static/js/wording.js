// Hints at the wording, below the field that is being written: [data-wording] holds the address that gives them.
// Offers only: nothing waits for them, and without this script the last step lists them all.
const PAUSE = 900;
const waiting = new WeakMap();
const asked = new WeakMap();
const stood = new WeakMap();
const status = document.createElement("p");
status.className = "visually-hidden";
status.setAttribute("role", "status");
document.body.append(status);

const isProse = (element) => element instanceof Element && element.matches("[data-wording]");

function placeOf(field) {
  const id = `hints-${field.id || field.name}`;
  let place = document.getElementById(id);
  if (!place) {
    place = document.createElement("div");
    place.id = id;
    place.className = "field-hints";
    field.after(place);
  }
  if (place.hintsOf !== field) {
    place.hintsOf = field;
    place.setAttribute("aria-live", "polite");
    const told = field.getAttribute("aria-describedby");
    field.setAttribute("aria-describedby", told ? `${told} ${id}` : id);
  }
  return place;
}

const keyOf = (hint) => `${hint.dataset.slug} ${hint.dataset.phrase.toLowerCase()}`;

function show(field, html) {
  const place = placeOf(field);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  for (const hint of parsed.querySelectorAll("li")) {
    if (stood.get(field)?.has(keyOf(hint))) hint.remove();
  }
  const list = parsed.querySelector("ul.hints");
  const isEmpty = !list?.querySelector("li");
  // The same hints again are not read out again.
  if (!isEmpty && place.firstElementChild?.outerHTML === list.outerHTML) return;
  place.replaceChildren(...(isEmpty ? [] : [list]));
}

async function ask(field) {
  const text = field.value;
  if (asked.get(field) === text) return;
  asked.set(field, text);
  if (!text.trim()) return show(field, "");
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  try {
    const answer = await fetch(field.dataset.wording, {
      method: "POST",
      headers: { "X-CSRFToken": token, "HX-Request": "true" },
      // Not a form's body: that would make two characters of a line break, and every offset wrong.
      body: new URLSearchParams({ text }),
      redirect: "manual",
    });
    if (answer.ok && field.value === text) show(field, await answer.text());
    else asked.delete(field);
  } catch {
    asked.delete(field); // no connection, or signed out: the words matter, the hints do not
  }
}

function soon(field, pause = PAUSE) {
  clearTimeout(waiting.get(field));
  waiting.set(field, setTimeout(() => ask(field), pause));
}

// Offsets count code points; a field counts UTF-16 units.
const unitsBefore = (text, points) => [...text].slice(0, points).join("").length;

function put(field, hint) {
  const { phrase, rewrite, offset } = hint.dataset;
  const text = field.value;
  let start = unitsBefore(text, Number(offset));
  if (text.slice(start, start + phrase.length) !== phrase) start = text.indexOf(phrase);
  if (start < 0) return ask(field);
  let end = start + phrase.length;
  let words = rewrite;
  if (!words) {
    // Left out: with the space behind it, and the capital goes to the next word.
    while (text[end] === " ") end += 1;
    if (/^\p{Lu}/u.test(phrase) && end < text.length) {
      const next = String.fromCodePoint(text.codePointAt(end));
      words = next.toUpperCase();
      end += next.length;
    }
  }
  field.focus();
  field.setSelectionRange(start, end);
  // The one way to replace text that the field's own undo takes back.
  const isDone = words ? document.execCommand("insertText", false, words) : document.execCommand("delete");
  if (!isDone) {
    field.setRangeText(words, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const said = rewrite ? `“${phrase}” is now “${rewrite}”.` : `“${phrase}” is left out.`;
  status.textContent = `${said} Undo takes it back.`;
  hint.remove();
  asked.delete(field); // undone at once, the text is the one asked for before, and its hints are gone
  soon(field, 200);
}

function letStand(field, hint) {
  if (!stood.has(field)) stood.set(field, new Set());
  stood.get(field).add(keyOf(hint));
  const list = hint.parentElement;
  const next = hint.nextElementSibling ?? hint.previousElementSibling;
  hint.remove();
  if (next) next.querySelector("button")?.focus();
  else {
    list.remove();
    field.focus();
  }
  status.textContent = `“${hint.dataset.phrase}” stands.`;
}

document.addEventListener("input", (event) => {
  if (isProse(event.target)) soon(event.target);
});
document.addEventListener("focusin", (event) => {
  if (!isProse(event.target)) return;
  placeOf(event.target);
  soon(event.target, 200);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-put], [data-stand]");
  const place = button?.closest(".field-hints");
  const field = place?.hintsOf ?? place?.previousElementSibling; // the page brings some hints along
  if (!isProse(field)) return;
  const hint = button.closest("li");
  if (button.matches("[data-put]")) put(field, hint);
  else letStand(field, hint);
});
