// Serves the playground on 127.0.0.1, as any host of static files would:
//
//     node serve.mjs FOLDER [PORT]

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm' };

/** Resolves to the server when it listens. */
export const serve = (folder, port) =>
  new Promise((resolve) => {
    const server = createServer(async (request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
      try {
        const bytes = await readFile(join(folder, path.endsWith('/') ? `${path}index.html` : path));
        response.setHeader('content-type', TYPES[extname(path)] ?? (path.endsWith('/') ? 'text/html' : 'application/octet-stream'));
        response.end(bytes);
      } catch {
        response.writeHead(404).end();
      }
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, port = '8080'] = process.argv.slice(2);
  const server = await serve(folder, Number(port));
  console.log(`http://127.0.0.1:${server.address().port}`);
}
