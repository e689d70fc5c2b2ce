"""prometheus_client's default collectors of a process that does a little."""
import gc, sys, time
from prometheus_client import start_http_server

start_http_server(int(sys.argv[1]), addr="127.0.0.1")
kept = []
while True:
    a, b = {}, {}
    a["b"], b["a"] = b, a
    kept.append([object() for _ in range(10000)])
    if len(kept) > 20:
        kept.clear()
        gc.collect()
    time.sleep(0.05)
