// The search box as a combobox (ARIA Authoring Practices 1.2): it offers results while somebody types.
// Without this file the box is a form that leads to the search page.

const PAUSE = 120; // ms without a key before the registry is asked
const SHORTEST = 2;

class SearchBox {
  constructor(form) {
    this.input = form.querySelector("input[name=q]");
    this.popup = form.querySelector(".search-popup");
    this.status = form.querySelector("[role=status]");
    this.address = form.dataset.suggest;
    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-expanded", "false");
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || this.close());
    // A press on an option must not take the focus away before the click arrives.
    this.popup.addEventListener("mousedown", (event) => event.preventDefault());
  }

  get options() {
    return [...this.popup.querySelectorAll("[role=option]")];
  }

  get active() {
    return this.popup.querySelector("[aria-selected=true]");
  }

  typed() {
    clearTimeout(this.timer);
    this.request?.abort();
    const text = this.input.value.trim();
    if (text.length < SHORTEST) {
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.ask(text), PAUSE);
  }

  async ask(text) {
    this.request = new AbortController();
    try {
      const answer = await fetch(`${this.address}?q=${encodeURIComponent(text)}`, { signal: this.request.signal });
      if (answer.status !== 200 && answer.status !== 400) throw new Error(`status ${answer.status}`);
      const found = await answer.text();
      if (document.activeElement === this.input) this.show(found);
    } catch (error) {
      // The form still leads to the search page, so nobody needs to be told.
      if (error.name !== "AbortError") this.close();
    }
  }

  show(found) {
    this.popup.innerHTML = found;
    const hasOptions = this.options.length > 0;
    this.popup.hidden = false;
    this.choose(null);
    this.input.setAttribute("aria-expanded", String(hasOptions));
    if (hasOptions) this.input.setAttribute("aria-controls", "search-options");
    else this.input.removeAttribute("aria-controls");
    this.status.textContent = this.popup.querySelector("[data-told]")?.textContent ?? "";
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.popup.hidden = true;
    this.popup.replaceChildren();
    this.choose(null);
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-controls");
    this.status.textContent = "";
  }

  choose(option) {
    this.active?.setAttribute("aria-selected", "false");
    if (!option) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  pressed(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && this.active) {
      event.preventDefault();
      location.assign(this.active.href);
    } else if (event.key === "Escape") {
      if (!this.popup.hidden) event.preventDefault();
      else this.input.value = "";
      this.close();
    }
  }

  // Through the options and, past either end, back to what was typed.
  move(step) {
    const options = this.options;
    if (!options.length) {
      if (step > 0) this.typed();
      return;
    }
    const places = options.length + 1;
    const now = options.indexOf(this.active) + 1;
    const next = (now + step + places) % places;
    this.choose(next ? options[next - 1] : null);
  }
}

for (const form of document.querySelectorAll("form[data-suggest]")) new SearchBox(form);
