curl '{{ api }}/assets?owner={{ partner }}' \
  -H "Authorization: Bearer $REGISTRY_TOKEN"
