// The page of the test: it starts workers, gathers what they post, and terminates them, as drive.mjs says.

const module = await WebAssembly.compileStreaming(fetch('module.wasm'));
const runs = [];

/** Starts a worker with an order (worker.js has its form) and returns the number of its run. */
globalThis.start = (order) => {
  const worker = new Worker('worker.js', { type: 'module' });
  const run = { worker, said: [], opened: null, committed: null, durable: null, code: null, failed: null, waiting: [] };
  worker.onmessage = ({ data }) => {
    if ('said' in data) {
      run.said.push(data.said);
    } else if ('committed' in data) {
      run.committed = data.committed;
      run.durable = data.isDurable ? data.committed : run.durable;
    } else {
      Object.assign(run, data);
    }
    run.waiting = run.waiting.filter(({ until, resolve }) => !(until(run) && (resolve(state(run)), true)));
  };
  worker.onerror = ({ message }) => worker.onmessage({ data: { failed: message } });
  worker.postMessage({ module, ...order });
  return runs.push(run) - 1;
};

const ended = ({ code, failed }) => code !== null || failed !== null;

/** What a run has posted, as soon as it has ended. */
globalThis.untilEnded = (number) => when(runs[number], ended);

/** What a run has posted, as soon as it has opened its database or ended before. */
globalThis.untilOpened = (number) => when(runs[number], (run) => run.opened !== null || ended(run));

/** What a run has posted so far. */
globalThis.stateOf = (number) => state(runs[number]);

/** Terminates a worker; what it posted before. */
globalThis.terminate = (number) => {
  const { worker } = runs[number];
  worker.terminate();
  worker.onmessage = null;
  return state(runs[number]);
};

/** What the last runs have posted so far, for an error. */
globalThis.states = () => runs.slice(-6).map(state);

globalThis.isReady = true;

function state({ said, opened, committed, durable, code, failed }) {
  return { said, opened, committed: committed ?? opened, durable: durable ?? opened, code, failed };
}

function when(run, until) {
  return until(run) ? state(run) : new Promise((resolve) => run.waiting.push({ until, resolve }));
}
