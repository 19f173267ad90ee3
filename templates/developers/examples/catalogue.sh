curl '{{ api }}/catalogue.ttl' -o catalogue.ttl
