SYSTEM_ADDRESS='{{ system }}'

curl -X POST '{{ api }}/webhooks' \
  -H "Authorization: Bearer $REGISTRY_TOKEN" \
  -H 'Content-Type: application/json' \
  -d @- <<BODY
{
  "partner": "{{ partner }}",
  "url": "$SYSTEM_ADDRESS",
  "kinds": ["assets", "placements"]
}
BODY
