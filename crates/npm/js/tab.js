// One worker's share in a database file that all tabs of the origin have together.
//
// A file in OPFS has one opener. So one tab owns it, which the lock `wasm-dbms/NAME` says (Web Locks: the browser gives it to
// the next that waits when its holder is closed or killed), and the others speak to it over a BroadcastChannel of that name:
//
//     { hello }                       a tab is there: who is the owner?
//     { owner }                       this one is, from now on
//     { to, from, request }           what a tab asks the owner; see service.js
//     { to, from, answer }            what the owner answers
//     { to, from, bye }               a tab is closed
//
// When another tab becomes the owner, what was asked of the last and not answered is asked again if it only reads, or if it
// has a key, under which the owner has put it down in the same transaction (service.js): so it is done once. INSERT, UPDATE,
// DELETE and the COMMIT of a transaction have keys. A transaction that was not committed is undone and refused as a
// `conflict`, after which its client runs it again. What else may have been done without being told is refused as `in-doubt`.
// Subscriptions are made anew, and told that changes may be missed (`lagged`).
// Sessions and subscriptions have numbers of this tab, which stand for those of the owner.

import { Engine } from './engine.js';
import { Opfs } from './opfs.js';
import { Service, partsOf } from './service.js';

/** How long the file of an owner that was killed is waited for: Chromium takes two seconds to end a busy worker. */
const PATIENCE_MILLISECONDS = 10_000;

const CHANGES = /\b(insert|update|delete)\b/i;
const isWrite = (text) => /^\s*(insert|update|delete|with)\b/i.test(text) && CHANGES.test(text);
const isRead = (text) => /^\s*(select|values)\b/i.test(text) || (/^\s*(with|explain)\b/i.test(text) && !CHANGES.test(text));
const COMMIT = /^\s*commit\b/i;

export class Tab {
  #name;
  #module;
  #options;
  /** Answers the page: (message, transfer). */
  #answer;
  #id = crypto.randomUUID();
  #channel;
  #owner;
  #service;
  /** What to call to give the file to the next tab. */
  #resign;
  /** As the owner: what each other tab has open. */
  #clients = new Map();
  #queue = [];
  #sent = new Map();
  #sessions = new Map();
  #subscriptions = new Map();
  #last = 0;
  #opened;
  #isClosed = false;

  constructor(module, name, options, answer) {
    this.#module = module;
    this.#name = name;
    this.#options = options;
    this.#answer = answer;
    this.#channel = new BroadcastChannel(this.#lock());
    this.#channel.onmessage = ({ data }) => this.#hear(data);
  }

  #lock(id = undefined) {
    return id === undefined ? `wasm-dbms/${this.#name}` : `wasm-dbms/${this.#name}/${id}`;
  }

  /** Takes part; resolves when there is an owner. */
  async open() {
    const opened = new Promise((resolve, reject) => (this.#opened = { resolve, reject }));
    // Held as long as this tab lives: that is how the owner hears of its end.
    await new Promise((held) => navigator.locks.request(this.#lock(this.#id), () => {
      held();
      return new Promise(() => {});
    }));
    navigator.locks.request(this.#lock(), () => this.#own());
    this.#channel.postMessage({ hello: this.#id });
    await opened;
  }

  /** Has the lock, until what this returns resolves. */
  async #own() {
    if (this.#isClosed) {
      return;
    }
    try {
      const opfs = new Opfs();
      await opfs.prepare(this.#name, { patience: PATIENCE_MILLISECONDS });
      const engine = await Engine.load(this.#module, opfs);
      const { pageSize = null, cacheBytes = null, databaseId = null } = this.#options;
      this.#service = new Service(engine, engine.open('file', this.#name, pageSize, cacheBytes, databaseId));
    } catch (error) {
      // Whoever waits for an owner hears why there is none.
      this.#opened.reject(error);
      this.#refuseAll(partsOf(error));
      return;
    }
    const resigned = new Promise((resign) => (this.#resign = resign));
    this.#channel.postMessage({ owner: this.#id });
    this.#follow(this.#id);
    await resigned;
  }

  /** What the page asks. */
  ask(request) {
    this.#owner === undefined ? this.#queue.push(request) : this.#send(request);
  }

  /** Ends this tab's part; the file goes to the next tab. */
  close() {
    this.#isClosed = true;
    if (this.#service !== undefined) {
      const service = this.#service;
      this.#service = undefined;
      try {
        service.close();
      } finally {
        this.#resign();
      }
    } else if (this.#owner !== undefined) {
      this.#channel.postMessage({ to: this.#owner, from: this.#id, bye: true });
    }
  }

  #hear(message) {
    if (this.#isClosed) {
      return;
    }
    if ('hello' in message) {
      if (this.#service !== undefined) {
        this.#channel.postMessage({ owner: this.#id });
      }
    } else if ('owner' in message) {
      this.#follow(message.owner);
    } else if (message.to === this.#id) {
      this.#hearMine(message);
    }
  }

  #hearMine({ from, request, answer, bye }) {
    if (answer !== undefined) {
      if (from === this.#owner) {
        this.#receive(answer);
      }
    } else if (this.#service !== undefined) {
      bye ? this.#release(from) : this.#serve(from, request);
    }
  }

  // As the owner

  /** Does what another tab asks, in a session of its own. */
  #serve(from, request) {
    const reply = (answer) => this.#channel.postMessage({ to: from, from: this.#id, answer });
    let client = this.#clients.get(from);
    if (client === undefined) {
      client = { sessions: new Set(), subscriptions: new Set(), session: this.#service.begin() };
      client.sessions.add(client.session);
      this.#clients.set(from, client);
      navigator.locks.request(this.#lock(from), () => this.#release(from));
    }
    this.#service.handle({ ...request, session: request.session ?? client.session }, (answer) => {
      if (answer.id === request.id && 'result' in answer) {
        note(client, request, answer.result);
      }
      reply(answer);
    });
  }

  /** Ends what a tab has open that is gone. */
  #release(from) {
    const client = this.#clients.get(from);
    this.#clients.delete(from);
    if (client !== undefined && this.#service !== undefined) {
      this.#service.release(from, client);
    }
  }

  // As one who asks

  #send(request) {
    const { id, op, session, text } = request;
    if (this.#service === undefined && (session === undefined ? op === 'query' && isWrite(text) : COMMIT.test(text))) {
      const settled = Math.min(id, ...[...this.#sent.keys()].filter(Number.isInteger));
      request.key ??= { client: this.#id, request: id, settled };
    }
    const translated = { ...request };
    for (const [kind, known] of [['session', this.#sessions], ['subscription', this.#subscriptions]]) {
      if (request[kind] === undefined) {
        continue;
      }
      const mine = known.get(request[kind]);
      if (op === 'end' || op === 'unsubscribe') {
        known.delete(request[kind]);
      }
      if (mine?.owner !== this.#owner) {
        const isOver = op === 'end' || op === 'unsubscribe';
        return this.#answer(isOver ? { id, result: undefined } : { id, error: undone });
      }
      translated[kind] = mine.number;
    }
    this.#sent.set(id, request);
    if (this.#service !== undefined) {
      this.#service.handle(translated, (answer, transfer) => this.#receive(answer, transfer));
    } else {
      this.#channel.postMessage({ to: this.#owner, from: this.#id, request: translated });
    }
  }

  /** What the owner answers, on to the page. */
  #receive(answer, transfer) {
    if ('event' in answer) {
      for (const [event, { owner, number }] of this.#subscriptions) {
        if (owner === this.#owner && number === answer.event) {
          this.#answer({ ...answer, event });
        }
      }
      return;
    }
    const request = this.#sent.get(answer.id);
    if (request === undefined || 'batch' in answer) {
      return request && this.#answer(answer, transfer);
    }
    this.#sent.delete(answer.id);
    if (request.op === 'find') {
      const isCommitted = answer.result === true;
      return this.#answer(isCommitted ? { id: answer.id, result: undefined } : { id: answer.id, error: answer.error ?? undone });
    }
    if ('result' in answer && (request.op === 'begin' || request.op === 'subscribe')) {
      return this.#begun(request, answer);
    }
    this.#answer(answer, transfer);
  }

  /** A session or subscription of the owner gets a number of this tab. */
  #begun({ id, op, tables, again }, { result: number }) {
    const owner = this.#owner;
    if (op === 'begin') {
      const session = (this.#last += 1);
      this.#sessions.set(session, { owner, number });
      return this.#answer({ id, result: session });
    }
    const subscription = again ?? (this.#last += 1);
    this.#subscriptions.set(subscription, { owner, number, tables });
    again === undefined ? this.#answer({ id, result: subscription }) : this.#answer({ event: again, error: lagged });
  }

  /** Another tab is the owner now, or this one. */
  #follow(owner) {
    if (owner === this.#owner) {
      return;
    }
    this.#owner = owner;
    this.#opened.resolve();
    const unanswered = [...this.#sent.values()];
    this.#sent.clear();
    for (const [again, { tables }] of this.#subscriptions) {
      this.#send({ id: `again ${again}`, op: 'subscribe', tables, again });
    }
    unanswered.forEach((request) => this.#retry(request));
    this.#queue.splice(0).forEach((request) => this.#send(request));
  }

  /** What was asked of an owner that is gone. */
  #retry(request) {
    const { id, op, session, text, again, key } = request;
    if (again !== undefined) {
      return;
    }
    if (op === 'find' || (session !== undefined && key !== undefined)) {
      return this.#send({ id, op: 'find', key });
    }
    if (session !== undefined) {
      const isDone = op === 'end';
      return this.#answer(isDone ? { id, result: undefined } : { id, error: COMMIT.test(text) ? inDoubt : undone });
    }
    if (key === undefined && (op === 'exec' || (op === 'query' && !isRead(text)))) {
      return this.#answer({ id, error: inDoubt });
    }
    this.#answer({ id, restart: true });
    this.#send(request);
  }

  #refuseAll(error) {
    [...this.#sent.values(), ...this.#queue.splice(0)].forEach(({ id }) => this.#answer({ id, error }));
    this.#sent.clear();
  }
}

const undone = { kind: 'conflict', message: 'the tab that had the database open is gone, and the transaction is undone' };
const inDoubt = {
  kind: 'in-doubt',
  message: 'the tab that had the database open is gone, and it is not known whether this was committed',
};
const lagged = { kind: 'lagged', message: 'another tab has the database open now; changes may be missed' };

/** Notes what a tab opens and ends. */
const note = ({ sessions, subscriptions }, { op, session, subscription }, result) => {
  switch (op) {
    case 'begin':
      return sessions.add(result);
    case 'end':
      return sessions.delete(session);
    case 'subscribe':
      return subscriptions.add(result);
    case 'unsubscribe':
      return subscriptions.delete(subscription);
    default:
  }
};
