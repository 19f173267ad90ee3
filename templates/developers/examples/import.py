import json
import os
import time
from urllib.request import Request, urlopen

ADDRESS = "{{ api }}/imports?kind=placements&asset={{ partner }}-prova"
HEADERS = {"Authorization": "Bearer " + os.environ["REGISTRY_TOKEN"], "Content-Type": "text/csv"}
FILE = "code,address,latitude,longitude\nR3,Via Cavour 1,43.7745,11.2571\nR4,Via Cavour 9,43.7751,11.2577\n"

with urlopen(Request(ADDRESS, FILE.encode(), HEADERS)) as answer:
    receipt, address = json.load(answer), answer.headers["Location"]

while not receipt["finished"]:
    time.sleep(2)
    with urlopen(Request(address, headers=HEADERS)) as answer:
        receipt = json.load(answer)

print(receipt["state"], receipt["counts"])
