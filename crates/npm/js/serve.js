// A worker of a page, whatever is said to its module: it opens what the first message says, { name, options, bytes }, and answers
// requests (service.js).

import { Engine } from './engine.js';
import { Service, partsOf } from './service.js';
import { Tab } from './tab.js';

/** What is opened by this name is in memory alone, and of this worker. */
const MEMORY = ':memory:';

const answer = (message, transfer = []) => postMessage(message, transfer);

/** Opens; what requests go to, and what closes it. */
const open = async (compiled, texts, { name, options, bytes }) => {
  const module = await compiled;
  if (name === MEMORY) {
    const { pageSize = null, cacheBytes = null, databaseId = null } = options;
    const engine = await Engine.load(module);
    const memory = bytes === null ? ['memory', null] : ['bytes', bytes];
    const replace = (last, bytes) => {
      const next = engine.open('bytes', bytes, null, cacheBytes, null);
      engine.close(last);
      return next;
    };
    const service = new Service(engine, engine.open(...memory, pageSize, cacheBytes, databaseId), texts, replace);
    return { ask: (request) => service.handle(request, answer), close: () => service.close(), freeze() {}, resume() {} };
  }
  const tab = new Tab(module, texts, name, options, answer);
  await tab.open();
  return tab;
};

/** Serves a database of the module at this address. */
export const serve = (address, texts) => {
  const compiled = WebAssembly.compileStreaming(fetch(address));
  // Who opens hears of it.
  compiled.catch(() => {});
  onmessage = async ({ data: first }) => {
    // What comes while it is being opened waits.
    const waiting = [];
    onmessage = ({ data }) => waiting.push(data);
    try {
      const opened = await open(compiled, texts, first);
      const take = (request) => {
        if (request.op === 'freeze' || request.op === 'resume') {
          return opened[request.op]();
        }
        if (request.op !== 'close') {
          return opened.ask(request);
        }
        try {
          opened.close();
          answer({ id: request.id, result: undefined });
        } catch (error) {
          answer({ id: request.id, error: partsOf(error) });
        }
      };
      onmessage = ({ data }) => take(data);
      answer({ opened: true });
      waiting.forEach(take);
    } catch (error) {
      answer({ failed: partsOf(error) });
    }
  };
};
