// prom-client's default metrics of a process that does a little.
const client = require('prom-client');
const http = require('http');
client.collectDefaultMetrics();
setInterval(() => { const end = Date.now() + 30; while (Date.now() < end); global.kept = Array.from({ length: 1e5 }, (_, i) => ({ i })); }, 200);
http.createServer(async (request, response) => {
  response.setHeader('content-type', client.register.contentType);
  response.end(await client.register.metrics());
}).listen(Number(process.argv[2]), '127.0.0.1');
