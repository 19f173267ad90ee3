curl -X POST '{{ api }}/assets' \
  -H "Authorization: Bearer $REGISTRY_TOKEN" \
  -H 'Content-Type: application/json' \
  -H 'Accept-Language: en' \
  -d '{
    "code": "Prova 1",
    "name_it": "Prova",
    "owner": "{{ partner }}",
    "category": "rastrelliera"
  }'
