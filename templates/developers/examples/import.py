import json
import os
import sys
import time
from urllib.request import Request, urlopen

ADDRESS = "{{ api }}/imports?kind=placements&asset={{ partner }}-prova"
HEADERS = {"Authorization": "Bearer " + os.environ["REGISTRY_TOKEN"]}
FILE = "code,address,latitude,longitude\nR3,Via Cavour 1,43.7745,11.2571\nR4,Via Cavour 9,43.7751,11.2577\n"


def read(address):
    with urlopen(Request(address, headers=HEADERS)) as answer:
        return json.load(answer)


with urlopen(Request(ADDRESS, FILE.encode(), {**HEADERS, "Content-Type": "text/csv"})) as answer:
    receipt, address = json.load(answer), answer.headers["Location"]

while not receipt["finished"]:
    time.sleep(2)
    receipt = read(address)

print(receipt["state"], receipt["counts"])
wrong = receipt["rows"] + "?state=wrong&limit=200"
while wrong:
    page = read(wrong)
    for row in page["results"]:
        for problem in row["problems"]:
            print("line", row["number"], problem["column"], problem["found"], problem["message"], sep=" | ")
    wrong = page["next"]

if receipt["state"] != "stored":
    why = receipt["refusal"] or receipt["questions"] or "Correct what is wrong, and bring the file again."
    sys.exit(f"Nothing was stored. {why}")
