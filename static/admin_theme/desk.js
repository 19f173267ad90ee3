// Gives the fields that are looked up by typing the name of their label, for who does not see the page.

function nameField(select) {
  const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
  const shown = select.parentElement?.querySelector(".select2-container");
  if (!label || !shown) return;
  const name = label.textContent.trim().replace(/:$/, "");
  for (const field of shown.querySelectorAll("[role=combobox], [role=textbox], .select2-search__field")) {
    field.setAttribute("aria-label", name);
  }
}

function nameFields() {
  document.querySelectorAll("select.admin-autocomplete").forEach(nameField);
}

// After the look-ups have been set up, which the admin does when its jQuery is ready.
window.django?.jQuery?.(nameFields);
document.addEventListener("formset:added", () => setTimeout(nameFields));

// A form whose answer shows a secret goes out once: the answer to a second click would take the secret's place.
let sent = false;
document.addEventListener("submit", (event) => {
  if (!event.target.elements.namedItem("_once")) return;
  if (sent) event.preventDefault();
  sent = true;
});
// Who comes back to it by the browser's own memory needs a form that has not gone out yet.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && sent) window.location.reload();
});
