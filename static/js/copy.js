// Buttons that copy what an element says: <button data-copy="id of the element" data-copied="what is told" hidden>.

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const told = button.parentElement.querySelector("[role=status]");
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    told.textContent = button.dataset.copied;
  } catch {
    // Not allowed: the text is marked, for the keyboard to copy.
    getSelection().selectAllChildren(source);
  }
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
