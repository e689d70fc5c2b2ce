"""OpenTelemetry's SDK with the instrumentations of Flask, requests and the runtime. The second argument opts in to conventions."""
import gc
import os
import sys
import threading
import time

os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = sys.argv[2] if len(sys.argv) > 2 else ""

import requests
from flask import Flask, abort
from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.system_metrics import SystemMetricsInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, REGISTRY, start_http_server
from werkzeug.serving import make_server

# Only what OpenTelemetry measures.
for collector in (GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR):
    REGISTRY.unregister(collector)
metrics.set_meter_provider(
    MeterProvider(resource=Resource({"service.name": "orders"}), metric_readers=[PrometheusMetricReader()])
)
# What it measures of the process by default, and nothing of the machine.
SystemMetricsInstrumentor(
    config={
        "process.cpu.time": ["user", "system"],
        "process.cpu.utilization": ["user", "system"],
        "process.memory.usage": None,
        "process.memory.virtual": None,
        "process.open_file_descriptor.count": None,
        "process.thread.count": None,
        "cpython.gc.collections": None,
        "cpython.gc.collected_objects": None,
        "cpython.gc.uncollectable_objects": None,
    }
).instrument()
RequestsInstrumentor().instrument()
app = Flask("orders")
FlaskInstrumentor().instrument_app(app)


@app.route("/orders/<name>")
def order(name):
    if name == "broken":
        abort(500)
    if name == "missing":
        abort(404)
    return "ok"


server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
for i in range(50):
    name = {3: "broken", 4: "missing"}.get(i % 10, "7")
    requests.get(f"http://127.0.0.1:{server.server_port}/orders/{name}")
start_http_server(int(sys.argv[1]), addr="127.0.0.1")
while True:
    time.sleep(0.5)
    gc.collect()
