// How often the browser's files are called, and how long that takes.

const NAMES = ['read', 'write', 'flush'];
const calls = Object.fromEntries(NAMES.flatMap((name) => [[name, 0], [`${name}_us`, 0]]));

for (const name of NAMES) {
  const original = FileSystemSyncAccessHandle.prototype[name];
  FileSystemSyncAccessHandle.prototype[name] = function (...values) {
    calls[name] += 1;
    const start = performance.now();
    try {
      return original.apply(this, values);
    } finally {
      calls[`${name}_us`] += (performance.now() - start) * 1000;
    }
  };
}

/** How many calls of each kind this makes, and how many microseconds they take. */
export const counted = (work) => {
  const before = { ...calls };
  work();
  return Object.fromEntries(Object.keys(calls).map((name) => [name, calls[name] - before[name]]));
};
