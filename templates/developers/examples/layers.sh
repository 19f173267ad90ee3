curl '{{ api }}/ogc/collections/placements/items?limit=2'
