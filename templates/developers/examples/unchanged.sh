curl '{{ api }}/assets' -o assets.json \
  --etag-compare assets.etag --etag-save assets.etag \
  -sS -w '%{http_code}\n'
