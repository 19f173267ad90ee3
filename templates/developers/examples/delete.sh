curl -i -X DELETE '{{ api }}/assets/{{ partner }}-prova' \
  -H "Authorization: Bearer $REGISTRY_TOKEN" \
  -H 'If-Match: *'
