"""What the other scripts here have in common: a small load on an installation, by its REST API."""

import json
import math
import socket
import time
import urllib.error
import urllib.request

KEY = "observe-bootstrap-key-0123456789"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ask(url: str, body: object = None) -> object:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
    if body is not None:
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{url} was not ready in time")


def publish(api: str) -> None:
    ask(f"{api}/meters", {"slug": "tokens", "eventType": "prompt", "aggregation": "SUM", "valueProperty": "$.tokens"})
    ask(f"{api}/features", {"key": "tokens", "name": "Tokens", "meterSlug": "tokens"})
    fee = {"type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": "P1M"}
    fee["price"] = {"type": "flat", "amount": "49", "paymentTerm": "in_advance"}
    usage = {"type": "usage_based", "key": "tokens", "name": "Tokens", "billingCadence": "P1M", "featureKey": "tokens"}
    usage["price"] = {"type": "unit", "amount": "0.01"}
    usage["entitlementTemplate"] = {"type": "metered", "issueAfterReset": 1000}
    phase = {"key": "only", "name": "Only", "duration": None, "rateCards": [fee, usage]}
    plan = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    made = ask(f"{api}/plans", plan)
    ask(f"{api}/plans/{made['id']}/publish", {})


def load(api: str, seconds: float) -> None:
    """Customers who subscribe, use and look at what they owe; some ask for what is not there. More and less of them in turn."""
    publish(api)
    started, number = time.monotonic(), 0
    while (passed := time.monotonic() - started) < seconds:
        number += 1
        key = f"customer-{number}"
        ask(f"{api}/customers", {"key": key, "name": key, "usageAttribution": {"subjectKeys": [key]}})
        ask(f"{api}/subscriptions", {"customerKey": key, "plan": {"key": "pro"}})
        event = {"specversion": "1.0", "type": "prompt", "source": "load", "subject": key, "data": {"tokens": 7}}
        ask(f"{api}/events", [event | {"id": f"{key}-{one}"} for one in range(20)])
        ask(f"{api}/customers/{key}/entitlements/tokens/value")
        ask(f"{api}/billing/invoices?pageSize=10")
        try:
            ask(f"{api}/subscriptions/01K00000000000000000000000")
        except urllib.error.HTTPError as refusal:
            if refusal.code != 404:
                raise
        time.sleep(0.25 + 0.2 * math.sin(passed / 8))
