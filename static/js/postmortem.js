// The postmortem form: coaching that follows the chosen factor, and no lost words on leaving.
const form = document.getElementById("step-form");
let unsaved = false;

form?.addEventListener("input", () => { unsaved = true; });
form?.addEventListener("submit", () => { unsaved = false; });
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) unsaved = false;
  else if (event.detail.elt.id === "draft-state") {
    event.detail.elt.textContent = "Not saved: no connection. It is tried again as you type.";
  }
});
window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

// The question of the kind that is chosen, in place of the general one.
document.addEventListener("change", (event) => {
  if (event.target.id !== "id_factor-kind") return;
  const prompt = document.querySelector(`[data-prompt-of="${CSS.escape(event.target.value)}"]`);
  const shown = document.getElementById("factor-prompt");
  if (prompt?.textContent && shown) shown.textContent = prompt.textContent;
});
