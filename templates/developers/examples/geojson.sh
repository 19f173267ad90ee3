curl '{{ api }}/placements?format=geojson&bbox=11.24,43.76,11.27,43.79' \
  -o placements.geojson
