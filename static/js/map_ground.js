// What the map is drawn on: tiles of a base map where there are any, the districts and the boundary of the city.

const L = window.L;

export async function drawGround(map, words) {
  if (words.tiles) {
    L.tileLayer(words.tiles, {
      attribution: asText(words.tilesAttribution),
      maxZoom: map.getMaxZoom(),
      referrerPolicy: "origin", // what most hosts of tiles ask for, and no more than that
    }).addTo(map);
  }
  const answer = await fetch(words.outlines);
  if (!answer.ok) return;
  const outlines = await answer.json();
  map.createPane("ground").style.zIndex = 350;
  L.geoJSON(outlines, {
    interactive: false,
    pane: "ground",
    attribution: asText(words.wordOutline),
    style: ({ properties }) => styleOf(properties.name, Boolean(words.tiles)),
    onEachFeature: (feature, layer) => nameDistrict(map, feature, layer),
  }).addTo(map);
}

function styleOf(district, onTiles) {
  if (district) return { color: token("--fd-muted"), weight: 2, dashArray: "1 5", lineCap: "round", fill: false };
  return { color: token("--fd-muted"), weight: 2, fillColor: token("--fd-surface"), fillOpacity: onTiles ? 0 : 1 };
}

function nameDistrict(map, { properties }, layer) {
  if (!properties.name) return;
  const name = L.divIcon({ className: "map-district", html: asText(properties.name), iconSize: [0, 0] });
  L.marker(layer.getBounds().getCenter(), { icon: name, interactive: false, keyboard: false, pane: "ground" }).addTo(map);
}

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function asText(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element.innerHTML;
}
