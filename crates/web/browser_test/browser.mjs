// A headless Chromium with a profile on disk, and a page of the test in it.

import { setTimeout as sleep } from 'node:timers/promises';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Nothing that is waited for takes as long. */
const CALL_SECONDS_MAX = 40;

export class Browser {
  #chromium;
  #options;
  #origin;
  #context;

  /** The open page. */
  page;

  constructor(chromium, { executable, profile, origin }) {
    this.#chromium = chromium;
    this.#options = { executable, profile };
    this.#origin = origin;
  }

  async start() {
    const { executable, profile } = this.#options;
    this.#context = await this.#chromium.launchPersistentContext(profile, {
      executablePath: executable,
      args: ARGUMENTS,
      timeout: 60_000,
    });
    this.page = await this.newPage();
  }

  version() {
    return this.#context.browser().version();
  }

  async newPage() {
    const page = await this.#context.newPage();
    page.on('pageerror', (error) => console.log(`error in the page: ${error}`));
    await page.goto(this.#origin);
    await page.waitForFunction(() => globalThis.isReady === true);
    return page;
  }

  /** Calls one of the functions of page.js. */
  async call(name, ...values) {
    const answer = this.page.evaluate(([name, values]) => globalThis[name](...values), [name, values]);
    const bound = new AbortController();
    const tooLong = sleep(CALL_SECONDS_MAX * 1000, null, bound).then(async () => {
      const states = await this.page.evaluate(() => globalThis.states());
      throw new Error(`${name}(${JSON.stringify(values)}) hangs; ${JSON.stringify(states)}`);
    });
    tooLong.catch(() => {});
    try {
      return await Promise.race([answer, tooLong]);
    } finally {
      bound.abort();
    }
  }

  /** Lets the origin store so many bytes until the function that this returns is called. */
  async limitQuota(quotaSize) {
    const session = await this.#context.newCDPSession(this.page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: this.#origin, quotaSize });
    // The limit ends with its session.
    return () => session.detach();
  }

  async usage() {
    return this.page.evaluate(async () => (await navigator.storage.estimate()).usage);
  }

  /** What makes a page `frozen`, and `active` again. */
  async lifecycle(page) {
    const session = await this.#context.newCDPSession(page);
    return (state) => session.send('Page.setWebLifecycleState', { state });
  }

  /** Kills (-9) the processes of all tabs, and opens another. */
  async killTabs() {
    const killed = this.page;
    const crash = killed.waitForEvent('crash');
    for (const { id } of await this.#processes('renderer')) {
      process.kill(id, 'SIGKILL');
    }
    await crash;
    this.page = await this.newPage();
    await killed.close();
  }

  /** Kills (-9) the whole browser, and starts it again on the same profile. */
  async kill() {
    const closed = this.#context.waitForEvent('close');
    const processes = await this.#processes();
    for (const { id } of processes) {
      process.kill(id, 'SIGKILL');
    }
    await closed;
    while (processes.some(({ id }) => isAlive(id))) {
      await sleep(10);
    }
    await this.start();
  }

  close() {
    return this.#context.close();
  }

  async #processes(type) {
    const session = await this.#context.browser().newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    return processInfo.filter((found) => type === undefined || found.type === type);
  }
}

function isAlive(id) {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}
