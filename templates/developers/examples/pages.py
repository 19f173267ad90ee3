import json
import os
from urllib.request import Request, urlopen

address = "{{ api }}/assets?limit=200"
headers = {"Authorization": "Bearer " + os.environ["REGISTRY_TOKEN"]}
codes = []
while address:
    with urlopen(Request(address, headers=headers)) as answer:
        page = json.load(answer)
    codes += [asset["code"] for asset in page["results"]]
    address = page["next"]

print(len(codes), "assets")
