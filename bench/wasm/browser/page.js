// Starts the worker that does it all, and keeps what it says for drive.mjs.

globalThis.measure = (options) =>
  new Promise((resolve, reject) => {
    const worker = new Worker('bench/browser/worker.js', { type: 'module' });
    worker.onerror = ({ message }) => reject(new Error(message ?? 'the worker did not load'));
    worker.onmessage = ({ data: { told, failed, result } }) => {
      if (told !== undefined) {
        console.log(told);
      } else {
        failed === undefined ? resolve(result) : reject(new Error(failed));
      }
    };
    worker.postMessage(options);
  });
globalThis.isReady = true;
