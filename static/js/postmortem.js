// The postmortem form: no word is lost, and the keyboard is enough. Each step works without this file.
//
// What is typed is kept twice: on the server (a draft of its own, apart from the record), and in this browser
// until the server has said that it has it. A restricted incident is kept for this tab only; signing out
// clears both (page.js).
const form = document.getElementById("step-form");
const PREFIX = "hindcast:draft:";
const PAUSE = 1200; // ms without a key before the server is told
const AGAIN = [4000, 10000, 30000]; // ms until it is told again after a failure
const TOO_OLD = 14 * 86400000;
const NOT_KEPT = new Set(["csrfmiddlewaretoken", "do", "page", "version"]);

function store() {
  return form.dataset.restricted === "yes" ? sessionStorage : localStorage;
}

function safely(act) {
  try {
    return act();
  } catch {
    return null; // storage full or forbidden: the server's draft is what remains
  }
}

function hidden(name) {
  return form.querySelector(`#form-state [name="${name}"]`)?.value ?? "";
}

function keyOf(version) {
  return `${PREFIX}${form.dataset.user}:${form.dataset.incident}:${form.dataset.step}:${version}`;
}

function fieldsNow() {
  return [...new FormData(form)].filter(([name, value]) => !NOT_KEPT.has(name) && typeof value === "string");
}

// --- the copy in this browser -------------------------------------------------------------------------------

function keepHere() {
  const copy = { at: Date.now(), page: hidden("page"), version: hidden("version"), fields: fieldsNow() };
  return safely(() => (store().setItem(keyOf(copy.version), JSON.stringify(copy)), true)) === true;
}

function forgetHere() {
  for (const [key] of copiesHere()) safely(() => store().removeItem(key));
}

function copiesHere() {
  const mine = keyOf("");
  return safely(() => Object.entries(store()).filter(([key]) => key.startsWith(mine))) ?? [];
}

// Copies of another person, of long ago, and those that a page has saved since.
function sweep() {
  const mine = `${PREFIX}${form.dataset.user}:`;
  const saved = new Set((form.dataset.saved ?? "").split(" ").filter(Boolean));
  for (const where of [localStorage, sessionStorage]) {
    for (const [key, text] of safely(() => Object.entries(where)) ?? []) {
      if (!key.startsWith(PREFIX)) continue;
      const copy = safely(() => JSON.parse(text));
      const old = !copy || Date.now() - copy.at > TOO_OLD;
      if (old || !key.startsWith(mine) || saved.has(copy.page)) safely(() => where.removeItem(key));
    }
  }
}

function restore() {
  const copies = copiesHere().map(([, text]) => safely(() => JSON.parse(text))).filter(Boolean);
  const copy = copies.sort((one, other) => other.at - one.at)[0];
  if (!copy || copy.page === form.dataset.answers) return;
  if (form.dataset.step === "publish" && copy.version !== hidden("version")) return forgetHere();
  if (copy.at <= Number(form.dataset.draftAt || 0)) return; // the server's draft, shown already, is newer
  if (!fill(copy.fields)) return forgetHere();
  const version = form.querySelector('#form-state [name="version"]');
  if (version && copy.version) version.value = copy.version;
  document.getElementById("kept-here")?.removeAttribute("hidden");
  unsaved = touched = true;
  tellServer();
}

// Puts kept words into the fields; true when anything on the page changed.
function fill(fields) {
  const kept = new Map();
  for (const [name, value] of fields) kept.set(name, [...(kept.get(name) ?? []), value]);
  let changed = false;
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || NOT_KEPT.has(field.name)) continue;
    const values = kept.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") {
      const checked = values.includes(field.value);
      changed ||= field.checked !== checked;
      field.checked = checked;
    } else if (values.length && field.value !== values[0]) {
      field.value = values[0];
      changed = true;
    }
  }
  return changed;
}

// --- the draft on the server --------------------------------------------------------------------------------

let unsaved = false; // typed since the server was last told
let touched = false; // typed since the page was opened or saved
let timer = 0;
let failures = 0;
let running = false;
let leaving = false;

function say(words, tone = "", link = null) {
  const state = document.getElementById("draft-state");
  if (!state) return;
  const line = document.createElement("span");
  line.className = `saved ${tone}`;
  line.append(words);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.textContent = link.words;
    line.append(" ", anchor);
  }
  state.replaceChildren(line);
}

function lost(kept) {
  const where = kept ? "kept in this browser" : "keep this page open";
  say(`Not saved: no connection, ${where}.`, "tone-warning");
}

function signedOut(kept) {
  const after = kept ? "your words are kept." : "keep this page open and sign in in another tab.";
  say(`Signed out: sign in again, ${after}`, "tone-warning", {
    href: `${form.dataset.signIn}?next=${encodeURIComponent(location.pathname)}`,
    words: "Sign in",
  });
}

function later(pause) {
  clearTimeout(timer);
  timer = setTimeout(tellServer, pause);
}

async function tellServer() {
  clearTimeout(timer);
  if (!unsaved || leaving) return;
  if (running) return later(300);
  running = true;
  unsaved = false;
  const kept = keepHere();
  try {
    const answer = await fetch(form.dataset.draft, {
      method: "POST",
      body: new FormData(form),
      redirect: "manual",
      headers: { "HX-Request": "true" },
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) {
      unsaved = true;
      signedOut(kept);
    } else if (answer.ok) {
      failures = 0;
      if (!unsaved) forgetHere();
      show(await answer.text());
    } else {
      unsaved = true;
      refused(answer.status, kept);
    }
  } catch {
    unsaved = true;
    if (!leaving) {
      lost(kept);
      later(AGAIN[Math.min(failures++, AGAIN.length - 1)]);
    }
  } finally {
    running = false;
  }
}

function refused(status, kept) {
  if (status === 403 || status === 404) {
    say(`Not saved: this page is out of date${kept ? ", your words are kept" : ""}.`, "tone-warning", {
      href: location.pathname,
      words: "Open it again",
    });
  } else if (status === 413) {
    say("Not saved: too long for one step.", "tone-warning");
  } else {
    say(`Not saved: the server had an error${kept ? ", kept in this browser" : ""}.`, "tone-warning");
    later(AGAIN[Math.min(failures++, AGAIN.length - 1)]);
  }
}

// The answer: when it was saved, who else writes here, and hints at the wording.
function show(text) {
  const told = new DOMParser().parseFromString(text, "text/html");
  const saved = told.querySelector(".saved");
  if (saved) document.getElementById("draft-state")?.replaceChildren(document.importNode(saved, true));
  for (const part of told.querySelectorAll("[id]")) {
    const here = document.getElementById(part.id);
    if (here && !here.contains(document.activeElement) && here.innerHTML !== part.innerHTML) {
      here.innerHTML = part.innerHTML;
      window.htmx?.process(here);
    }
  }
}

// --- events -------------------------------------------------------------------------------------------------

function typed() {
  unsaved = touched = true;
  later(PAUSE);
}

// What is typed or chosen in the rows while their answer is under way is put back into what that brings.
let sent = null; // what the fields held when the rows were sent; null when nothing is under way
let since = new Map(); // what they hold instead by the time the answer is here
let waiting = null; // the button that was pressed meanwhile: it takes its turn

function heldNow() {
  const held = new Map();
  for (const [name, value] of fieldsNow()) held.set(name, [...(held.get(name) ?? []), value]);
  return held;
}

function typedSince() {
  const now = heldNow();
  const names = new Set([...document.querySelectorAll("#rows [name]")].map((field) => field.name));
  const differ = (name) => JSON.stringify(sent.get(name) ?? []) !== JSON.stringify(now.get(name) ?? []);
  return new Map([...names].filter(differ).map((name) => [name, now.get(name) ?? []]));
}

function putBack() {
  for (const field of form.elements) {
    const values = since.get(field.name);
    if (!values || field.type === "hidden" || field.type === "submit") continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else field.value = values[0] ?? "";
  }
  since = new Map();
}

function leave() {
  if (unsaved) keepHere();
}

function isSignIn(address) {
  return Boolean(address) && new URL(address, location.href).pathname === form.dataset.signIn;
}

function savesStep(event) {
  const config = event.detail.requestConfig;
  return config?.verb === "post" && new URL(config.path, location.href).pathname === new URL(form.action).pathname;
}

// The next open point of this step, round and round; the button that goes on when nothing is open.
let visited = -1;
const FIELDS = "input[type=radio]:checked, textarea, input:not([type=hidden]), select, button";
function focusNext() {
  const here = [...document.querySelectorAll("#open-points a[href*='#']")]
    .filter((link) => link.pathname === location.pathname)
    .map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))))
    .map((place) => (place?.matches(FIELDS) ? place : place?.querySelector(FIELDS)))
    .filter(Boolean);
  const field = here.length ? here[++visited % here.length] : form.querySelector("[data-first], [data-go-on]");
  field?.focus();
  return Boolean(field);
}

function goOn() {
  const button = form.querySelector("[data-go-on]") ?? form.querySelector('[name="do"][value="save"]');
  form.requestSubmit(button);
}

if (form) {
  sweep();
  form.addEventListener("input", typed);
  form.addEventListener("change", typed);
  form.addEventListener("focusout", () => unsaved && later(200));
  form.addEventListener("submit", (event) => {
    if (sent) {
      event.preventDefault();
      waiting = event.submitter;
      return;
    }
    leaving = true;
    if (event.submitter?.value === "discard") forgetHere();
    // Kept until the page that follows says that it was saved: the answer may be a lost connection, or a
    // page to sign in.
    else if (touched) keepHere();
  });
  document.addEventListener("submit", (event) => {
    // Signing out clears what this browser keeps (page.js): nothing is written to it again on the way.
    if (event.target.matches("form[action$='/sign-out/']")) {
      unsaved = touched = false;
      leaving = true;
      clearTimeout(timer);
    }
  }, true);
  window.addEventListener("online", () => unsaved && tellServer());
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") leave();
    else if (unsaved) tellServer();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) leaving = false; // back from a page that could not be reached
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved && !leaving && !keepHere()) event.preventDefault();
  });

  // Buttons that save the step and swap its rows.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (!savesStep(event)) return;
    clearTimeout(timer);
    keepHere();
    unsaved = false;
    sent = heldNow();
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (isSignIn(event.detail.xhr.responseURL)) event.detail.shouldSwap = false;
    else if (sent && savesStep(event)) since = typedSince();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (!savesStep(event)) return;
    sent = null;
    putBack();
    if (isSignIn(event.detail.xhr.responseURL)) {
      unsaved = touched = true;
      signedOut(keepHere());
    } else if (event.detail.successful) {
      if (!unsaved) forgetHere();
      touched = unsaved;
    } else {
      unsaved = touched = true;
      lost(keepHere());
      later(AGAIN[0]);
    }
    if (waiting) form.requestSubmit(waiting);
    waiting = null;
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      goOn();
    } else if (event.key === "." && focusNext()) {
      event.preventDefault();
    }
  });
  if (!location.hash && matchMedia("(pointer: fine)").matches) focusNext();

  restore();
}

// The question of the kind that is chosen, in place of the general one.
document.addEventListener("change", (event) => {
  if (event.target.id !== "id_factor-kind") return;
  const prompt = document.querySelector(`[data-prompt-of="${CSS.escape(event.target.value)}"]`);
  const shown = document.getElementById("factor-prompt");
  if (prompt?.textContent && shown) shown.textContent = prompt.textContent;
});
