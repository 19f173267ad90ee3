curl -X POST '{{ api }}/webhooks' \
  -H "Authorization: Bearer $REGISTRY_TOKEN" \
  -H 'Content-Type: application/json' \
  -d '{
    "partner": "{{ partner }}",
    "url": "https://systems.example.org/registry",
    "kinds": ["assets", "placements"]
  }'
