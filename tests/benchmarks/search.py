"""The search box at 10,000 assets and 1,000,000 placements against 1 % of it: `python -m tests.benchmarks.search`.

Suggestions and the search page, for words that are hard on it. Both databases are asked in turn.
"""

import statistics
import sys
import time

from tests.benchmarks.asking import client_of
from tests.benchmarks.database import LARGE, SMALL, databases, use

ROUNDS = 9
ALLOWED_MILLISECONDS = 100
PEOPLE = ("anonymous", "referent", "staff")
ADDRESSES = {"suggestions": "/search/suggest/", "page": "/search/"}
ASKED = {
    "one letter": "s",
    "two letters": "pi",
    "what addresses begin with": "via",
    "a street": "via roma",
    "a street half typed": "pisa",
    "a street and a number": "roma 12",
    "two frequent words": "dei servi",
    "beginning of a code": "S0001",
    "a whole code": "S00012345",
    "a code of an asset": "sample-004711",
    "a typing error": "piazza dalmatia",
    "two typing errors": "artina azenda",
    "five words": "bene di prova roma via 12",
    "what everything has": "bene di prova",
    "words that never meet": "roma dalmazia",
    "nothing": "xyzzy",
    "200 characters": "roma dei servi europa aretina dalmazia pisana faentina bene prova azienda dati " * 2,
}


def main() -> None:
    with databases():
        slowest = 0.0
        for page, address in ADDRESSES.items():
            for told, text in ASKED.items():
                for person in PEOPLE:
                    taken = compared(page, address, told, text, person)
                    slowest = max(slowest, taken) if page == "suggestions" else slowest
    sys.stdout.write(f"slowest suggestions: {slowest:.0f} ms (allowed: {ALLOWED_MILLISECONDS})\n")


def compared(page, address, told, text, person) -> float:
    """Print the median times in both databases and their ratio, and return the time in the large one, in ms."""
    clients = {}
    for size, *_ in (SMALL, LARGE):
        use(size)
        clients[size] = client_of(person)
    times = {size: [] for size in clients}
    for _ in range(ROUNDS):
        for size, client in clients.items():
            use(size)
            client.get("/api/v1/status")
            started = time.perf_counter()
            answer = client.get(address, {"q": text})
            times[size].append(time.perf_counter() - started)
            assert answer.status_code == 200, (address, text, answer.status_code)
    small, large = (1000 * statistics.median(times[size]) for size in (SMALL[0], LARGE[0]))
    sys.stdout.write(f"{page}, {told}, {person}: {small:.1f} ms → {large:.1f} ms, × {large / small:.2f}\n")
    sys.stdout.flush()
    return large


if __name__ == "__main__":
    main()
