// The map page: what is in view is asked of the server, shown as marks and as the list beside, and kept in the address.

import { drawGround } from "./map_ground.js";
import { Marks } from "./map_marks.js";

const L = window.L;
const WAIT = 250; // milliseconds without a move before the server is asked
const canvas = document.getElementById("map");
const words = { ...canvas.dataset };
const problem = document.getElementById("map-problem");
const frame = canvas.parentElement;

const map = startMap();
const marks = new Marks(map, words, document.documentElement.lang);
let asking = null;
let waiting = null;

start();

function startMap() {
  canvas.replaceChildren();
  canvas.tabIndex = 0;
  const map = L.map(canvas, {
    zoomControl: false,
    minZoom: 5,
    maxZoom: Number(words.mostZoom),
    maxBounds: [[-85, -180], [85, 180]],
    zoomSnap: 1,
    fadeAnimation: false,
    markerZoomAnimation: false,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  map.attributionControl.setPrefix(false);
  L.control.zoom({ zoomInTitle: words.wordZoomIn, zoomOutTitle: words.wordZoomOut }).addTo(map);
  const [west, south, east, north] = words.box.split(",").map(Number);
  if (new URL(location).searchParams.has("bbox") || words.place) {
    map.setView([(south + north) / 2, (west + east) / 2], Number(words.zoom));
  } else {
    map.fitBounds([[south, west], [north, east]]);
  }
  return map;
}

function start() {
  drawGround(map, words).catch(() => {});
  showPlace();
  const paged = new URL(location).searchParams.has("cursor");
  ask({ list: !paged });
  map.on("moveend", () => {
    keepInAddress();
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT);
    marks.limitFocus();
  });
  problem.querySelector("button").addEventListener("click", () => ask());
  document.getElementById("map-list").addEventListener("click", showUnit);
  prepareSharing();
  addEventListener("beforeprint", () => map.invalidateSize({ animate: false }));
  addEventListener("afterprint", () => map.invalidateSize({ animate: false }));
}

/** What is in view, as the server reads it. */
function viewOf(parameters) {
  const bounds = map.getBounds();
  const edges = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  const limits = [[-180, 180], [-90, 90], [-180, 180], [-90, 90]];
  const kept = edges.map((edge, index) => Math.min(Math.max(edge, limits[index][0]), limits[index][1]).toFixed(6));
  parameters.set("bbox", kept.join(","));
  parameters.set("zoom", map.getZoom());
  parameters.delete("cursor");
  return parameters;
}

async function ask({ list = true } = {}) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const query = viewOf(new URL(location).searchParams);
  frame.classList.add("map-busy");
  canvas.setAttribute("aria-busy", "true");
  try {
    const [answer, units] = await Promise.all([
      load(`${words.clusters}?${query}`, signal).then((response) => response.json()),
      list ? load(`${words.list}?${query}`, signal).then((response) => response.text()) : null,
    ]);
    problem.hidden = true;
    marks.show(answer);
    document.getElementById("map-told").textContent = answer.told;
    if (units !== null) document.getElementById("map-list").innerHTML = units;
    if (words.placeKey) openPlace();
  } catch (error) {
    if (error.name === "AbortError") return;
    problem.querySelector("span").textContent = error.told ?? words.wordOffline;
    problem.hidden = false;
  }
  frame.classList.remove("map-busy");
  canvas.removeAttribute("aria-busy");
}

async function load(address, signal) {
  const response = await fetch(address, { signal });
  if (response.ok) return response;
  const told = response.headers.get("Content-Type") === "application/json" ? (await response.json()).problem : undefined;
  throw Object.assign(new Error(response.statusText), { told });
}

/** The address follows the view, and so do the links and the form that lead to the same map. */
function keepInAddress() {
  const address = new URL(location);
  viewOf(address.searchParams).delete("place");
  history.replaceState(null, "", address);
  const kept = { bbox: address.searchParams.get("bbox"), zoom: address.searchParams.get("zoom") };
  for (const link of document.querySelectorAll(".in-use a")) {
    const url = new URL(link.href);
    for (const name in kept) url.searchParams.set(name, kept[name]);
    link.href = url;
  }
  const form = document.querySelector("form.filters");
  for (const name in kept) {
    const input = form.elements[name] ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
    input.value = kept[name];
  }
}

function showPlace() {
  if (!words.place) return;
  const ring = { radius: 22, color: getComputedStyle(canvas).getPropertyValue("--fd-accent"), weight: 3, fill: false, interactive: false };
  L.circleMarker(words.place.split(",").map(Number), ring).addTo(map);
}

function openPlace() {
  marks.open(words.placeKey);
  words.placeKey = "";
}

/** “Show on the map” in the list moves the map that is already there. */
function showUnit(event) {
  const link = event.target.closest(".map-show");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  words.place = link.dataset.at;
  words.placeKey = new URL(link.href).searchParams.get("place");
  showPlace();
  map.setView(words.place.split(",").map(Number), Math.max(map.getZoom(), 18));
  canvas.scrollIntoView({ block: "nearest" });
  canvas.focus({ preventScroll: true });
}

function prepareSharing() {
  const told = document.getElementById("map-copied");
  document.getElementById("map-copy").addEventListener("click", async () => {
    told.textContent = "";
    try {
      await navigator.clipboard.writeText(sharedAddress());
      told.textContent = words.wordCopied;
    } catch {
      told.textContent = words.wordNotCopied;
    }
  });
  told.parentElement.hidden = false;
}

/** The address of this view, also where nobody has moved the map yet. */
function sharedAddress() {
  const address = new URL(location);
  if (!address.searchParams.has("place")) viewOf(address.searchParams);
  return address.href;
}
