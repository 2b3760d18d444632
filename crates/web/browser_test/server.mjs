// A server of static files on 127.0.0.1. It sends no special headers (neither COOP nor COEP), and leaves the request
// `frozen/NUMBER` of a worker without an answer.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.sql': 'text/plain', '.wasm': 'application/wasm' };

/** Serves `files`, a path on disk for each path of a URL. */
export async function serve(files) {
  const waiting = new Map();
  const server = createServer(async (request, response) => {
    const path = request.url.slice(1) || 'index.html';
    if (path.startsWith('frozen/')) {
      const report = JSON.parse(Buffer.concat(await request.toArray()));
      // A browser has six connections to a server; the one of a worker that is gone must not stay. It sends a request
      // again whose connection was cut, even for a worker that is being ended: nobody waits for that one.
      report.release = () => response.destroy();
      const waiter = waiting.get(path);
      waiting.delete(path);
      waiter === undefined ? report.release() : waiter(report);
      return;
    }
    if (!(path in files)) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', TYPES[extname(path)]);
    response.end(await readFile(files[path]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    /** What the worker reports that freezes under this number. */
    frozen: (number) => new Promise((resolve) => waiting.set(`frozen/${number}`, resolve)),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
