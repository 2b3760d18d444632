// `wasm-dbms` in Node: databases in memory and in files, in this thread.

import { Database } from './client.js';
import { Engine } from './engine.js';
import { NodeFiles } from './node_files.js';
import { compile } from './node_sync.js';
import { Service } from './service.js';

export { DatabaseError } from './wire.js';

/** What is opened by this name is in memory alone. */
const MEMORY = ':memory:';

/** Opens the database in a file, or, under the name `:memory:`, one in memory: a new one, or that of `bytes`. */
export const open = async (name, { bytes = null, pageSize = null, cacheBytes = null, databaseId = null } = {}) => {
  const engine = await Engine.load(await compile(), new NodeFiles());
  const options = [pageSize, cacheBytes, databaseId];
  const memory = bytes === null ? ['memory', null] : ['bytes', bytes];
  const database = engine.open(...(name === MEMORY ? memory : ['file', name]), ...options);
  const service = new Service(engine, database);
  const port = {
    post: (message) => queueMicrotask(() => service.handle(message, (answer) => port.onmessage(answer))),
  };
  return new Database(port, async () => service.close());
};
