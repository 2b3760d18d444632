// `wasm-dbms` in a browser: each database has a dedicated worker, so that the page never waits; all tabs of the origin have a
// file together (tab.js).

import { Database } from './client.js';
import { DatabaseError } from './wire.js';

export { DatabaseError };

/** Opens the database of this name, or, under the name `:memory:`, one in memory: a new one, or that of `bytes`. */
export const open = (name, { bytes = null, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    const port = { post: (message) => worker.postMessage(message) };
    const fail = (error) => {
      worker.terminate();
      reject(error);
      port.onend?.(error);
    };
    worker.onerror = ({ message }) =>
      fail(new DatabaseError({ kind: 'other', message: `the worker cannot go on: ${message ?? 'it did not load'}` }));
    worker.onmessage = ({ data }) => {
      if ('failed' in data) {
        return fail(new DatabaseError(data.failed));
      }
      if (!('opened' in data)) {
        return port.onmessage(data);
      }
      resolve(new Database(port, async (connection) => {
        await connection.call('close').finally(() => worker.terminate());
      }));
    };
    worker.postMessage({ name, options, bytes });
  });

/**
 * What the browser grants the files of this origin: whether it may remove them when it runs out of room, how many bytes there
 * may be, and how many there are.
 */
export const storage = async () => {
  const [isPersistent, { quota, usage }] = await Promise.all([navigator.storage.persisted(), navigator.storage.estimate()]);
  return { isPersistent, quotaBytes: quota, usedBytes: usage };
};

/** Asks the browser, and in some browsers the user, to keep the files of this origin; whether it does. */
export const persist = () => navigator.storage.persist();
