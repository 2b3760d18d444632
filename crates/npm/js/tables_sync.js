// The tables in this thread, answering at once: as sync.js.

import { load as loadTexts } from './sync.js';
import { Tables } from './tables.js';

export * from './tables_words.js';

/** Loads the module. `files` gives it files: `new NodeFiles()`, or an `Opfs` inside a dedicated worker. */
export const load = async (module, files) => {
  const databases = await loadTexts(module, files);
  return {
    /** A new database in memory, or one that was exported. */
    memory: (options) => new Tables(databases.memory(options)),
    /** The database in a file that `files` has prepared under this name. */
    file: (name, options) => new Tables(databases.file(name, options)),
  };
};
