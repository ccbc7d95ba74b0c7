// The confirm queue: the next entry stands at once, the answer is sent behind it. Keys are static/js/keys.js
// pressing the buttons. Nothing is decided of an entry that was not on the screen.
const entry = document.getElementById("queue-entry");
const note = document.getElementById("queue-note");
const kept = new Map(); // entries by change, to show one again where its answer could not be kept
const answered = new Set(); // sent or on its way
let shown = entry.dataset.pk;
let ahead = [];
let sending = Promise.resolve();

function remember(part) {
  const now = part.querySelector("#queue-entry");
  const next = part.querySelector("#queue-next");
  ahead = [];
  // What this page has already is not sent again.
  if (now?.dataset.pk && !now.innerHTML.trim()) now.innerHTML = kept.get(now.dataset.pk) ?? "";
  if (now?.dataset.pk) ahead.push([now.dataset.pk, now.innerHTML]);
  if (next?.dataset.pk) ahead.push([next.dataset.pk, next.innerHTML]);
  for (const [pk, html] of ahead) kept.set(pk, html);
}

function show(pk, html) {
  shown = pk;
  entry.dataset.pk = pk;
  entry.innerHTML = html;
  entry.removeAttribute("aria-busy");
  delete entry.dataset.waits;
  entry.querySelector("h2")?.focus({ preventScroll: true });
  if (entry.getBoundingClientRect().top < 0) entry.scrollIntoView({ block: "start" });
}

function wait() {
  entry.dataset.waits = "";
  entry.setAttribute("aria-busy", "true");
}

function goOn() {
  const next = ahead.find(([pk]) => pk !== shown && !answered.has(pk));
  if (next) show(...next);
  else wait();
}

function take(text, stays) {
  const part = new DOMParser().parseFromString(text, "text/html").getElementById("queue-part");
  if (!part) throw new Error("the answer is no part of the queue");
  remember(part);
  document.getElementById("queue-side").replaceWith(part.querySelector("#queue-side"));
  note.textContent = part.dataset.said;
  const now = part.querySelector("#queue-entry");
  if (stays) {
    answered.delete(now.dataset.pk);
    show(now.dataset.pk, now.innerHTML);
  } else if ("waits" in entry.dataset) {
    if (answered.has(now.dataset.pk)) goOn();
    else show(now.dataset.pk, now.innerHTML);
  }
}

async function send(address, options, pk, stays) {
  try {
    const answer = await fetch(address, { ...options, headers: { "HX-Request": "true" }, redirect: "error" });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    take(await answer.text(), stays);
  } catch (error) {
    answered.delete(pk);
    if (kept.has(pk)) show(pk, kept.get(pk));
    else show(shown, entry.innerHTML);
    note.textContent = `Not kept: ${error.message}. The entry is shown again.`;
  }
}

function queue(...step) {
  sending = sending.then(() => send(...step));
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-queue]");
  if (!form) return;
  event.preventDefault();
  if ("waits" in entry.dataset) return;
  const body = new FormData(form);
  if (event.submitter?.name) body.append(event.submitter.name, event.submitter.value);
  const pk = form.dataset.pk;
  const next = ahead.find(([one]) => one !== shown && !answered.has(one));
  if (next) body.append("have", next[0]);
  const stays = !pk || "stays" in (event.submitter?.dataset ?? {});
  if (pk) {
    kept.set(pk, entry.innerHTML);
    answered.add(pk);
  }
  if (stays) wait();
  else goOn();
  queue(form.action, { method: "POST", body }, pk, stays);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-queue]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if ("waits" in entry.dataset) return;
  wait();
  queue(link.href, {}, shown, true);
});

// A key that is held down decides once.
document.addEventListener("keydown", (event) => {
  if (event.repeat && event.key.length === 1 && event.key !== " " && !event.target.closest("input, textarea, select")) event.preventDefault();
}, true);

remember(document);
