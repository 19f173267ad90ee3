curl '{{ api }}/assets?limit=3'
