#!/usr/bin/env python3
"""Whether time tells anything: Welch's t-test (|t| < 4.5, as in dudect, Reparaz et al. 2017) of
  - hmac_verify() with a signature that is wrong in its first or in its last byte,
  - webhook_trigger() for an unknown id or with a wrong signature.
Run by hand against a server with helix whose helix.webhook_unverified_rate is 1000000; the connection is psql's (PGHOST ...).
  test/bench/webhook_timing.py UUID_OF_A_WEBHOOK [CALLS]
The two kinds of call come in random order; the slowest tenth of each, where the machine did something else, is left out."""
import hashlib
import hmac
import math
import random
import statistics
import subprocess
import sys

KEY, BODY = b"key", b"x" * 1000


def measure(statements, calls):
    order = [random.randrange(2) for _ in range(calls)]
    commands = ["SET synchronous_commit = off;"] + [
        f"SELECT EXTRACT(epoch FROM clock_timestamp()), {statements[kind]}, EXTRACT(epoch FROM clock_timestamp());"
        for kind in order]
    output = subprocess.run(["psql", "-XAtq"], input="\n".join(commands), capture_output=True, text=True, check=True).stdout
    times = ([], [])
    for kind, line in zip(order, output.splitlines()):
        began, _, ended = line.split("|")
        times[kind].append((float(ended) - float(began)) * 1e6)
    return [sorted(kind[len(kind) // 20:])[:len(kind) * 17 // 20] for kind in times]


def report(name, statements, calls):
    one, other = measure(statements, calls)
    t = (statistics.mean(one) - statistics.mean(other)) / math.sqrt(
        statistics.variance(one) / len(one) + statistics.variance(other) / len(other))
    print(f"{name}: {statistics.mean(one):.2f} us, {statistics.mean(other):.2f} us,",
          f"{len(one)} and {len(other)} calls, t = {t:.2f}:",
          "nothing to see" if abs(t) < 4.5 else "the time tells")


def main():
    webhook, calls = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    right = hmac.new(KEY, BODY, hashlib.sha256).hexdigest()
    first, last = [right[:i] + ("1" if right[i] == "0" else "0") + right[i + 1:] for i in (0, 63)]
    timed = [f"(SELECT bool_or(helix.hmac_verify(('{BODY.decode()}' || CASE WHEN n < 0 THEN 'x' ELSE '' END)::bytea,"
             f" '{signature}', 'key'))"
             " FROM generate_series(1, 20) n)" for signature in (first, last)]
    report("hmac_verify, wrong first byte and wrong last byte (20 calls)", timed, calls)
    trigger = "helix.webhook_trigger('{}', '" + BODY.decode() + "', '" + "0" * 64 + "')->>'error' = ''"
    report("webhook_trigger, unknown id and wrong signature",
           [trigger.format("00000000-0000-4000-8000-00000000dead"), trigger.format(webhook)],
           min(calls, 10000))


main()
