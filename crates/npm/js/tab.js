// One worker's share in a database file that all tabs of the origin have together.
//
// A file in OPFS has one opener. So one tab owns it, which the lock `wasm-dbms/NAME` says (Web Locks: the browser gives it to
// the next that waits when its holder is closed or killed), and the others speak to it over a BroadcastChannel of that name:
//
//     { hello }                       a tab is there: who is the owner?
//     { owner, reign, language }      this one is, from now on; each time under another number
//     { to, from, request }           what a tab asks the owner; see service.js
//     { to, from, answer }            what the owner answers
//     { to, from, bye }               a tab is closed
//
// When another tab becomes the owner, what was asked of the last and not answered is asked again if it only reads, or if it
// has a key, under which the owner has put it down in the same transaction (service.js): so it is done once. INSERT, UPDATE,
// DELETE, `insert` and the COMMIT of a transaction have keys. A transaction that was not committed is undone and refused as a
// `conflict`, after which its client runs it again. What else may have been done without being told is refused as `in-doubt`.
// Subscriptions are made anew, and told that changes may be missed (`lagged`).
// Sessions and subscriptions have numbers of this tab, which stand for those of the owner.
//
// A page that is frozen (freeze, or kept for the way back) leaves before: its worker may stand still for hours with the file
// open. It gives the file back, stands in no queue for it - who is frozen there would keep it from all others - and comes again
// when it is resumed. Where no word of it came the file stays where it is: only one handle is open at a time, which the browser
// sees to, so that a stolen lock would give the file to nobody. The others hear of it (`stalled`) and have the file when the
// browser discards the page. So there are never two who write.
//
// An import takes the file's place whole (opfs_files.js): the owner closes its database, and begins another reign on the new one.

import { Engine } from './engine.js';
import { Opfs } from './opfs.js';
import { replaceFile } from './opfs_files.js';
import { Service, partsOf } from './service.js';
import { DatabaseError } from './wire.js';

/** How long the file of an owner that was killed is waited for: Chromium takes two seconds to end a busy worker. */
const PATIENCE_MILLISECONDS = 10_000;

/** How often an owner is asked whether it is there while answers are missing, and how long it may say nothing. */
const PING_MILLISECONDS = 1_000;
const SILENCE_MILLISECONDS = 5_000;

// In SQL and in the notation of tables alike: a text begins with its verb.
const CHANGES = /\b(insert|update|delete)\b/i;
const isWrite = (text) => /^\s*(insert|update|delete|with)\b/i.test(text) && CHANGES.test(text);
const isRead = (text) => /^\s*(select|values)\b/i.test(text) || (/^\s*(with|explain)\b/i.test(text) && !CHANGES.test(text));
const COMMIT = /^\s*commit\b/i;

export class Tab {
  #name;
  #module;
  #texts;
  #options;
  /** Answers the page: (message, transfer). */
  #answer;
  #id = crypto.randomUUID();
  #channel;
  #owner;
  /** The number of the owner's reign: it may have the file twice. */
  #reign;
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
  #isFrozen = false;
  /** Takes this tab out of the queue for the file. */
  #standing;
  #heardAt = 0;
  #isStalled = false;
  #pulse;

  constructor(module, texts, name, options, answer) {
    this.#module = module;
    this.#texts = texts;
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
    this.#queueUp();
    await opened;
  }

  #queueUp() {
    this.#standing = new AbortController();
    const { signal } = this.#standing;
    navigator.locks.request(this.#lock(), { signal }, () => this.#own()).catch((error) => {
      if (!signal.aborted) {
        this.#fail(error);
      }
    });
    this.#channel.postMessage({ hello: this.#id });
  }

  /** Whoever waits for an owner hears why there is none. */
  #fail(error) {
    this.#opened.reject(error);
    this.#refuseAll(partsOf(error));
  }

  /** Has the lock, until what this returns resolves. */
  async #own() {
    if (this.#isClosed) {
      return;
    }
    try {
      await this.#serveFile();
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#isClosed || this.#isFrozen) {
      return this.#shut();
    }
    const resigned = new Promise((resign) => (this.#resign = resign));
    this.#reignOver();
    await resigned;
  }

  async #serveFile() {
    const opfs = new Opfs();
    await opfs.prepare(this.#name, { patience: PATIENCE_MILLISECONDS });
    const engine = await Engine.load(this.#module, opfs);
    const { pageSize = null, cacheBytes = null, databaseId = null } = this.#options;
    this.#service = new Service(engine, engine.open('file', this.#name, pageSize, cacheBytes, databaseId), this.#texts);
  }

  #tellOwner(reign) {
    this.#channel.postMessage({ owner: this.#id, reign, language: this.#texts.language });
  }

  /** The owner does not speak this tab's language: what is asked waits for one that does, and who opens hears why. */
  #standBack() {
    const message = 'a tab has this database open that speaks another language (SQL or tables)';
    this.#opened.reject(new DatabaseError({ kind: 'locked', message }));
    this.#forgetOwner();
  }

  #reignOver() {
    const reign = crypto.randomUUID();
    this.#tellOwner(reign);
    this.#follow(this.#id, reign);
  }

  /** Closes the file. */
  #shut() {
    const service = this.#service;
    this.#service = undefined;
    this.#clients.clear();
    service.close();
  }

  /** What the page asks. */
  ask(request) {
    this.#owner === undefined ? this.#queue.push(request) : this.#send(request);
  }

  /** Ends this tab's part; the file goes to the next tab. */
  close() {
    this.#isClosed = true;
    this.#leave();
  }

  #leave() {
    clearInterval(this.#pulse);
    this.#pulse = undefined;
    this.#standing?.abort();
    if (this.#service !== undefined) {
      try {
        this.#shut();
      } finally {
        this.#resign();
      }
    } else if (this.#owner !== undefined) {
      this.#channel.postMessage({ to: this.#owner, from: this.#id, bye: true });
    }
  }

  /** The page is about to stand still. */
  freeze() {
    if (this.#isClosed || this.#isFrozen) {
      return;
    }
    this.#isFrozen = true;
    this.#leave();
    this.#forgetOwner();
  }

  /** The page goes on. */
  resume() {
    if (this.#isClosed || !this.#isFrozen) {
      return;
    }
    this.#isFrozen = false;
    this.#queueUp();
  }

  /** What was begun there is over; what is asked waits for the next owner. */
  #forgetOwner() {
    this.#owner = undefined;
    this.#reign = undefined;
    this.#sessions.forEach((mine) => (mine.reign = undefined));
  }

  /** As the owner: puts another database in the place of this one, and begins another reign over it. */
  async #import({ id, bytes }, reply) {
    const reign = this.#reign;
    let isReleased = false;
    const release = () => {
      if (this.#reign !== reign) {
        throw new DatabaseError(undone);
      }
      isReleased = true;
      this.#shut();
      this.#forgetOwner();
    };
    try {
      this.#service.verify(bytes);
      await replaceFile(this.#name, bytes, release);
      reply({ id, result: undefined });
    } catch (error) {
      reply({ id, error: partsOf(error) });
    }
    if (!isReleased) {
      return;
    }
    if (this.#isClosed || this.#isFrozen) {
      return this.#resign();
    }
    try {
      await this.#serveFile();
      this.#reignOver();
    } catch (error) {
      this.#fail(error);
      this.#resign();
    }
  }

  #hear(message) {
    if (this.#isClosed || this.#isFrozen) {
      return;
    }
    if ('hello' in message) {
      if (this.#service !== undefined && this.#owner === this.#id) {
        this.#tellOwner(this.#reign);
      }
    } else if ('owner' in message) {
      message.language === this.#texts.language ? this.#follow(message.owner, message.reign) : this.#standBack();
    } else if (message.to === this.#id) {
      this.#hearMine(message);
    }
  }

  #hearMine({ from, request, answer, bye, ping }) {
    if (from === this.#owner) {
      this.#heardAt = performance.now();
      this.#tellStalled(false);
    }
    if (answer !== undefined) {
      if (from === this.#owner) {
        this.#receive(answer);
      }
    } else if (ping === true) {
      this.#channel.postMessage({ to: from, from: this.#id, ping: false });
    } else if (ping === false) {
      // It is there.
    } else if (this.#service !== undefined) {
      bye ? this.#release(from) : this.#serve(from, request);
    }
  }

  // As the owner

  /** Does what another tab asks, in a session of its own. */
  #serve(from, request) {
    const reply = (answer) => this.#channel.postMessage({ to: from, from: this.#id, answer });
    if (request.op === 'import') {
      return void this.#import(request, reply);
    }
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

  /** While answers of another tab are missing: is it there? */
  #listen() {
    if (this.#pulse !== undefined) {
      return;
    }
    this.#heardAt = performance.now();
    this.#pulse = setInterval(() => {
      if (this.#sent.size === 0 || this.#service !== undefined || this.#owner === undefined) {
        clearInterval(this.#pulse);
        this.#pulse = undefined;
        return this.#tellStalled(false);
      }
      this.#channel.postMessage({ to: this.#owner, from: this.#id, ping: true });
      this.#tellStalled(performance.now() - this.#heardAt > SILENCE_MILLISECONDS);
    }, PING_MILLISECONDS);
  }

  #tellStalled(stalled) {
    if (stalled !== this.#isStalled) {
      this.#isStalled = stalled;
      this.#answer({ stalled });
    }
  }

  #send(request) {
    const { id, op, session, text } = request;
    if (this.#service === undefined && (session === undefined ? op === 'insert' || (op === 'query' && isWrite(text)) : COMMIT.test(text))) {
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
      if (mine?.reign !== this.#reign) {
        const isOver = op === 'end' || op === 'unsubscribe';
        return this.#answer(isOver ? { id, result: undefined } : { id, error: undone });
      }
      translated[kind] = mine.number;
    }
    this.#sent.set(id, request);
    if (this.#service !== undefined && op === 'import') {
      this.#import(request, (answer) => this.#receive(answer));
    } else if (this.#service !== undefined) {
      this.#service.handle(translated, (answer, transfer) => this.#receive(answer, transfer));
    } else {
      this.#channel.postMessage({ to: this.#owner, from: this.#id, request: translated });
      this.#listen();
    }
  }

  /** What the owner answers, on to the page. */
  #receive(answer, transfer) {
    if ('event' in answer) {
      for (const [event, { reign, number }] of this.#subscriptions) {
        if (reign === this.#reign && number === answer.event) {
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
    const reign = this.#reign;
    if (op === 'begin') {
      const session = (this.#last += 1);
      this.#sessions.set(session, { reign, number });
      return this.#answer({ id, result: session });
    }
    const subscription = again ?? (this.#last += 1);
    this.#subscriptions.set(subscription, { reign, number, tables });
    again === undefined ? this.#answer({ id, result: subscription }) : this.#answer({ event: again, error: lagged });
  }

  /** Another tab is the owner now, or this one. */
  #follow(owner, reign) {
    if (reign === this.#reign) {
      return;
    }
    this.#owner = owner;
    this.#reign = reign;
    this.#heardAt = performance.now();
    this.#tellStalled(false);
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
    if (key === undefined && (op === 'exec' || op === 'import' || (op === 'query' && !isRead(text)))) {
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
