curl '{{ api }}/assets/{{ partner }}-prova' -o asset.json \
  -H "Authorization: Bearer $REGISTRY_TOKEN" \
  --etag-save asset.etag

curl -X PATCH '{{ api }}/assets/{{ partner }}-prova' \
  -H "Authorization: Bearer $REGISTRY_TOKEN" \
  -H 'Content-Type: application/merge-patch+json' \
  -H "If-Match: $(cat asset.etag)" \
  -d '{"name_en": "Bicycle racks, on trial", "quantity": 12}'
