// A database in a browser: each has a dedicated worker, so that the page never waits; all tabs of the origin have a file together
// (tab.js).

import { Database } from './client.js';
import { DatabaseError } from './wire.js';

/**
 * Opens the database of this name in a worker, or, under the name `:memory:`, one in memory: a new one, or that of `bytes`.
 */
export const openIn = (worker, name, { bytes = null, onStall, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const port = { post: (message) => worker.postMessage(message), onstall: onStall };
    const standStill = watchPage((op) => port.post({ op }));
    const fail = (error) => {
      standStill.abort();
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
        standStill.abort();
        await connection.call('close').finally(() => worker.terminate());
      }));
    };
    worker.postMessage({ name, options, bytes });
  });

/** Tells when the page is about to stand still (`freeze`) and goes on (`resume`), until it is aborted. */
const watchPage = (tell) => {
  const watching = new AbortController();
  const { signal } = watching;
  if (globalThis.document !== undefined) {
    document.addEventListener('freeze', () => tell('freeze'), { signal });
    document.addEventListener('resume', () => tell('resume'), { signal });
    addEventListener('pagehide', ({ persisted }) => persisted && tell('freeze'), { signal });
    addEventListener('pageshow', ({ persisted }) => persisted && tell('resume'), { signal });
  }
  return watching;
};

/**
 * What the browser grants the files of this origin: whether there can be any (private windows of some browsers refuse), whether it
 * may remove them when it runs out of room, how many bytes there may be, and how many there are.
 */
export const storage = async () => {
  const { storage: granted } = navigator;
  const hasFiles = await (granted?.getDirectory?.() ?? Promise.reject()).then(() => true, () => false);
  const isPersistent = (await granted?.persisted?.().catch(() => false)) ?? false;
  const { quota, usage } = (await granted?.estimate?.().catch(() => ({}))) ?? {};
  return { hasFiles, isPersistent, quotaBytes: quota, usedBytes: usage };
};

/** Asks the browser, and in some browsers the user, to keep the files of this origin; whether it does. */
export const persist = () => navigator.storage.persist();
