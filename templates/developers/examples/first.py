import json
from urllib.request import urlopen

with urlopen("{{ api }}/assets?limit=3") as answer:
    page = json.load(answer)

for asset in page["results"]:
    print(asset["code"], asset["name_it"], asset["exchange_status"], sep=" | ")
