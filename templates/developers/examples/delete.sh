for row in placements/{{ partner }}-prova:R1 placements/{{ partner }}-prova:R3 \
  placements/{{ partner }}-prova:R4 assets/{{ partner }}-prova
do
  curl -X DELETE "{{ api }}/$row" \
    -H "Authorization: Bearer $REGISTRY_TOKEN" \
    -H 'If-Match: *' \
    -w "%{http_code} $row\n"
done
