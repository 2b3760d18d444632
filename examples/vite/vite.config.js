export default {
  // Vite bundles packages before it serves them, and would lose the worker beside the package's scripts.
  optimizeDeps: { exclude: ['wasm-dbms'] },
};
