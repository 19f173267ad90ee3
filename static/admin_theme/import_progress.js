// Asks how far an import has come, every second, and shows its page anew when the work is done.

const box = document.querySelector("[data-progress]");
const bar = box?.querySelector("progress");
const number = box?.querySelector(".desk-percent");
const told = box?.querySelector("[role=status]");
const SECOND = 1000;
let failures = 0;

function show({ percent, told: text }) {
  if (percent === null) {
    bar.removeAttribute("value");
  } else {
    bar.value = percent;
  }
  number.textContent = percent === null ? "" : `${percent} %`;
  // Read aloud whenever it changes, so it changes only when there is something to say.
  if (told.textContent !== text) told.textContent = text;
}

async function ask() {
  try {
    const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    const progress = await answer.json();
    failures = 0;
    if (!progress.at_work) {
      window.location.reload();
      return;
    }
    show(progress);
  } catch {
    failures += 1;
  }
  // A server that does not answer is asked less and less often.
  setTimeout(ask, SECOND * Math.min(30, 2 ** failures));
}

if (box) setTimeout(ask, SECOND);
