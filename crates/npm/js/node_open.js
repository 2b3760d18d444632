// Databases in Node, in memory and in files, in this thread.

import { Database } from './client.js';
import { Engine } from './engine.js';
import { NodeFiles } from './node_files.js';
import { Service } from './service.js';

/** What is opened by this name is in memory alone. */
const MEMORY = ':memory:';

/** Opens the database in a file by a compiled module, or, under the name `:memory:`, one in memory: a new one, or that of `bytes`. */
export const openWith = async (module, texts, name, { bytes = null, pageSize = null, cacheBytes = null, databaseId = null } = {}) => {
  const files = new NodeFiles();
  const engine = await Engine.load(module, files);
  const options = [pageSize, cacheBytes, databaseId];
  const memory = bytes === null ? ['memory', null] : ['bytes', bytes];
  const database = engine.open(...(name === MEMORY ? memory : ['file', name]), ...options);
  const replace = (last, bytes) => {
    if (name === MEMORY) {
      const next = engine.open('bytes', bytes, null, cacheBytes, null);
      engine.close(last);
      return next;
    }
    return files.replace(name, bytes, () => engine.close(last), () => engine.open('file', name, null, cacheBytes, null));
  };
  const service = new Service(engine, database, texts, replace);
  const port = {
    post: (message) => queueMicrotask(() => service.handle(message, (answer) => port.onmessage(answer))),
  };
  return new Database(port, async () => service.close());
};
