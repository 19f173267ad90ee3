curl '{{ api }}/placements?format=csv&district=1' -o placements.csv
