curl '{{ api }}/openapi.json' -o openapi.json
