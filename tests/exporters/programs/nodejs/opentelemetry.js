// OpenTelemetry's SDK with the instrumentations of HTTP and of the runtime.
const { MeterProvider } = require('@opentelemetry/sdk-metrics');
const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { RuntimeNodeInstrumentation } = require('@opentelemetry/instrumentation-runtime-node');
const reader = new PrometheusExporter({ host: '127.0.0.1', port: Number(process.argv[2]) });
registerInstrumentations({
  meterProvider: new MeterProvider({ readers: [reader] }),
  instrumentations: [new HttpInstrumentation(), new RuntimeNodeInstrumentation()],
});
const http = require('http');
const server = http.createServer((request, response) => {
  const end = Date.now() + 2;
  while (Date.now() < end);
  response.statusCode = request.url.includes('broken') ? 500 : request.url.includes('missing') ? 404 : 200;
  response.end('ok');
}).listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  for (let i = 0; i < 50; i++) {
    const id = i % 10 === 3 ? 'broken' : i % 10 === 4 ? 'missing' : '7';
    await new Promise((done) => http.get(`http://127.0.0.1:${port}/orders/${id}`, (answer) => answer.resume().on('end', done)));
  }
});
