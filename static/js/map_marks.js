// Marks of the map: numbers that lead nearer, and single units that say what they are.

import { asText } from "./map_ground.js";

const L = window.L;
const LISTED = 6;

export class Marks {
  constructor(map, words, language) {
    this.map = map;
    this.words = words;
    this.numbers = new Intl.NumberFormat(language);
    this.layer = L.layerGroup().addTo(map);
    this.shown = new Map();
    this.answer = { marks: [], units: [], assets: [] };
  }

  /** Show what the server answered; marks that stay where they are keep the focus. */
  show(answer) {
    this.answer = answer;
    const wanted = new Map(answer.marks.map((mark) => [JSON.stringify([mark.slice(0, 4), this.keys(mark)]), mark]));
    const hadFocus = document.activeElement?.classList.contains("map-mark");
    for (const [key, marker] of this.shown) {
      if (wanted.has(key)) continue;
      this.layer.removeLayer(marker);
      this.shown.delete(key);
    }
    for (const [key, mark] of wanted) {
      if (!this.shown.has(key)) this.shown.set(key, this.draw(mark));
    }
    if (hadFocus && !document.activeElement?.classList.contains("map-mark")) {
      this.map.getContainer().focus({ preventScroll: true });
    }
    this.limitFocus();
  }

  /** Only marks within the window take the focus: the others would be out of sight. */
  limitFocus() {
    const seen = this.map.getBounds();
    for (const marker of this.shown.values()) {
      marker.getElement().tabIndex = seen.contains(marker.getLatLng()) ? 0 : -1;
    }
  }

  /** Open what is told of a unit, where it is shown. */
  open(key) {
    for (const { options } of this.shown.values()) {
      if (options.keys.includes(key)) options.tell();
    }
  }

  keys(mark) {
    return mark[5].map((index) => {
      const unit = this.answer.units[index];
      return `${this.answer.assets[unit[5]][0]}:${unit[0]}`;
    });
  }

  draw(mark) {
    const [latitude, longitude, count, told, diameter, indexes] = mark;
    const { units: known, assets } = this.answer;
    const units = indexes.map((index) => ({ told: known[index], asset: assets[known[index][5]] }));
    const single = count === 1 && units.length === 1;
    const icon = L.divIcon({
      className: single ? "map-mark map-unit" : "map-mark",
      html: single ? "" : asText(told),
      iconSize: [diameter, diameter],
    });
    const tell = (focus = false) => this.tell(marker, units, count, focus);
    const marker = L.marker([latitude, longitude], { icon, autoPanOnFocus: false, keys: this.keys(mark), tell });
    const whole = units.length && !this.splits(units) ? this.words.wordHere : this.words.wordUnits;
    const name = single ? nameOf(units[0]) : whole.replace("{n}", this.numbers.format(count));
    marker.on("add", () => marker.getElement().setAttribute("aria-label", name));
    marker.on("click", () => this.act(marker, units));
    marker.on("keydown", ({ originalEvent }) => {
      if (originalEvent.key !== "Enter" && originalEvent.key !== " ") return;
      originalEvent.preventDefault();
      this.act(marker, units, true);
    });
    return marker.addTo(this.layer);
  }

  splits(units) {
    const places = new Set(units.map(({ told }) => `${told[3]},${told[4]}`));
    return places.size > 1 && this.map.getZoom() < this.map.getMaxZoom();
  }

  /** Tell what a mark stands for, or come nearer to it. */
  act(marker, units, byKey = false) {
    if (units.length && !this.splits(units)) {
      marker.options.tell(byKey);
      return;
    }
    if (this.map.getZoom() >= this.map.getMaxZoom()) {
      document.getElementById("map-list-title").focus();
      return;
    }
    this.map.getContainer().focus({ preventScroll: true });
    if (units.length) {
      const bounds = L.latLngBounds(units.map(({ told }) => [told[3], told[4]]));
      const nearest = Math.max(this.map.getBoundsZoom(bounds.pad(0.2)), this.map.getZoom() + 1);
      this.map.setView(bounds.getCenter(), Math.min(nearest, this.map.getMaxZoom()));
    } else {
      this.map.setView(marker.getLatLng(), Math.min(this.map.getZoom() + 2, this.map.getMaxZoom()));
    }
  }

  tell(marker, units, count, focus) {
    const popup = L.popup({ maxWidth: 300, offset: [0, -4] }).setLatLng(marker.getLatLng());
    popup.setContent(this.listOf(units, count)).openOn(this.map);
    const element = popup.getElement();
    element.querySelector(".leaflet-popup-close-button").setAttribute("aria-label", this.words.wordClose);
    element.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return;
      this.map.closePopup(popup);
      (marker.getElement() ?? this.map.getContainer()).focus({ preventScroll: true });
    });
    if (focus) element.querySelector("a").focus();
  }

  listOf(units, count) {
    const list = document.createElement("ul");
    for (const unit of units.slice(0, LISTED)) list.append(told(unit));
    if (count > LISTED) list.append(made("li", this.words.wordMore.replace("{n}", this.numbers.format(count - LISTED))));
    return list;
  }
}

function told({ told: [code, address, status], asset: [, name, url, owner] }) {
  const item = made("li");
  item.append(made("strong", code), ` · ${status}`, made("br"));
  if (address) item.append(address, made("br"));
  item.append(Object.assign(made("a", name), { href: url }), ` · ${owner}`);
  return item;
}

function made(tag, text = "") {
  return Object.assign(document.createElement(tag), { textContent: text });
}

function nameOf({ told: [code, address, status], asset: [, name] }) {
  return [code, address, name, status].filter(Boolean).join(", ");
}
