/* Tells before it is sent that a file is too large; the server says the same, after the wait. */

for (const input of document.querySelectorAll("input[type=file][data-max-bytes]")) {
  const told = document.createElement("p");
  told.className = "errorlist";
  told.setAttribute("role", "alert");
  input.after(told);
  input.addEventListener("change", () => {
    const limit = Number(input.dataset.maxBytes);
    const message = [...input.files].some((file) => file.size > limit) ? input.dataset.tooLarge : "";
    told.textContent = message;
    input.setCustomValidity(message);
  });
}
