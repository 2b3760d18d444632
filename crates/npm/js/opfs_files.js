// Files of the origin, replaced whole.

import { DatabaseError } from './wire.js';

/**
 * Puts these bytes in the place of a file: they are written to another file and flushed, then `release` closes the one that is
 * there, and the browser moves the other over it. Killed before the move, the old file is what there is.
 */
export const replaceFile = async (name, bytes, release) => {
  const folders = name.split('/');
  const file = folders.pop();
  let directory = await navigator.storage.getDirectory();
  for (const folder of folders) {
    directory = await directory.getDirectoryHandle(folder, { create: true });
  }
  const spare = await directory.getFileHandle(`${file}.import`, { create: true });
  if (typeof spare.move !== 'function') {
    throw new DatabaseError({ kind: 'other', message: 'this browser cannot replace a file: open the copy under another name' });
  }
  const handle = await spare.createSyncAccessHandle();
  try {
    handle.truncate(0);
    if (handle.write(bytes, { at: 0 }) !== bytes.length) {
      throw new DatabaseError({ kind: 'full', message: `${file}: there is no room for the import` });
    }
    handle.flush();
  } catch (error) {
    handle.truncate(0);
    throw error.name === 'QuotaExceededError' ? new DatabaseError({ kind: 'full', message: `${file}: ${error}` }) : error;
  } finally {
    handle.close();
  }
  release();
  await spare.move(file);
};
