// The reference of the API: narrows down what is shown, opens what an address names, and tries what reads.

const MOST_CHARACTERS = 20_000;
const MOST_BYTES = 400_000;

function found(item, words) {
  const text = item.dataset.operation.toLowerCase();
  return words.every((word) => text.includes(word));
}

function narrowDown(filter) {
  const told = filter.querySelector("[role=status]");
  const words = filter.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const item of document.querySelectorAll("[data-operation]")) {
    item.hidden = !found(item, words);
    count += item.hidden ? 0 : 1;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("[data-operation]:not([hidden])");
  }
  const { none, one, many } = told.dataset;
  told.textContent = words.length === 0 ? "" : count === 0 ? none : count === 1 ? one : many.replace("COUNT", count);
}

function openNamed() {
  const named = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const operation = named && named.closest("details.operation");
  if (operation) {
    operation.open = true;
    operation.scrollIntoView();
  }
}

// What a form asks for: the address, and headers without the token.
function requestOf(form, api) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const field of form.querySelectorAll("[data-in]")) {
    const value = field.value.trim();
    if (field.dataset.in === "path") {
      path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    } else if (value && field.dataset.in === "query") {
      query.set(field.name, value);
    } else if (value) {
      headers[field.name] = value;
    }
  }
  const asked = query.toString();
  return { address: api + path + (asked ? `?${asked}` : ""), headers };
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function commandOf({ address, headers }, withToken) {
  const lines = [`curl ${quoted(address)}`];
  if (withToken) {
    lines.push('-H "Authorization: Bearer $REGISTRY_TOKEN"');
  }
  for (const [name, value] of Object.entries(headers)) {
    lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  return lines.join(" \\\n  ");
}

// The text of an answer, as far as it is worth showing, and whether that is all.
async function read(response) {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0; reader; ) {
    const { done, value } = await reader.read();
    if (done) {
      break;
    }
    size += value.length;
    text += decoder.decode(value, { stream: true });
    if (size > MOST_BYTES) {
      await reader.cancel();
      return { text, isWhole: false };
    }
  }
  return { text: text + decoder.decode(), isWhole: true };
}

function shown({ text, isWhole }, type, words) {
  let pretty = text;
  if (isWhole && /json/.test(type ?? "")) {
    try {
      pretty = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // Shown as it came.
    }
  }
  const isCut = !isWhole || pretty.length > MOST_CHARACTERS;
  return { text: pretty.slice(0, MOST_CHARACTERS) || words.empty, isCut };
}

async function ask(form, root) {
  const token = form.dataset.takesCredential === "yes" ? document.getElementById("token").value.trim() : "";
  const request = requestOf(form, root.dataset.api);
  const [status, result] = [form.querySelector(".try-status"), form.querySelector(".try-result")];
  const show = (name, text) => (result.querySelector(`${name} code`).textContent = text);
  status.textContent = root.dataset.asking;
  show(".try-command", commandOf(request, token !== ""));
  const began = performance.now();
  try {
    const headers = { ...request.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    const response = await fetch(request.address, { headers, credentials: "omit", cache: "no-store" });
    const body = shown(await read(response), response.headers.get("Content-Type"), root.dataset);
    show(".try-headers", [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n"));
    show(".try-body", body.text);
    const milliseconds = Math.round(performance.now() - began);
    const told = [`${response.status} ${response.statusText}`.trim(), `${milliseconds} ms`];
    status.textContent = [...told, ...(body.isCut ? [root.dataset.cut] : [])].join(" · ");
    status.dataset.failed = response.status >= 400 ? "yes" : "no";
    result.hidden = false;
  } catch {
    status.textContent = root.dataset.failed;
    status.dataset.failed = "yes";
    result.hidden = true;
  }
}

for (const part of document.querySelectorAll("[data-with-script], [data-filter]")) {
  part.hidden = false;
}
for (const filter of document.querySelectorAll("[data-filter]")) {
  filter.addEventListener("input", () => narrowDown(filter));
}
const root = document.getElementById("reference");
// Enter sends the token nowhere by itself.
document.querySelector("form.try-token")?.addEventListener("submit", (event) => event.preventDefault());
for (const form of document.querySelectorAll("form.try")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form, root);
  });
}
addEventListener("hashchange", openNamed);
openNamed();
