curl -X POST '{{ api }}/placements/bulk' \
  -H "Authorization: Bearer $REGISTRY_TOKEN" \
  -H 'Content-Type: application/json' \
  -d '{
    "mode": "each",
    "rows": [
      {"asset": "{{ partner }}-prova", "code": "R1", "latitude": 43.7731, "longitude": 11.256},
      {"asset": "{{ partner }}-prova", "code": "R2", "latitude": 437.731, "longitude": 11.256}
    ]
  }'
