// How often the browser's files are called.

const calls = { read: 0, write: 0, flush: 0 };

for (const name of Object.keys(calls)) {
  const original = FileSystemSyncAccessHandle.prototype[name];
  FileSystemSyncAccessHandle.prototype[name] = function (...values) {
    calls[name] += 1;
    return original.apply(this, values);
  };
}

/** How many calls of each kind this makes. */
export const counted = (work) => {
  const before = { ...calls };
  work();
  return Object.fromEntries(Object.keys(calls).map((name) => [name, calls[name] - before[name]]));
};
