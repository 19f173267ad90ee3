curl -sS -D - -o /dev/null '{{ api }}/assets?limit=1'
