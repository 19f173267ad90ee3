curl -i -X POST '{{ api }}/assets' \
  -H "Authorization: Bearer $REGISTRY_TOKEN" \
  -H 'Content-Type: application/json' \
  -H 'Idempotency-Key: example-1' \
  -d '{
    "code": "{{ partner }}-prova",
    "name_it": "Rastrelliere di prova",
    "owner": "{{ partner }}",
    "category": "rastrelliere",
    "visibility": "restricted"
  }'
