// This project's npm package, in memory, in this thread, by prepared statements, many rows at once by `insert`.

import * as sql from './sql.mjs';

const SCHEMA = `
  CREATE TABLE users (
    id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL, age integer NOT NULL, balance bigint NOT NULL);
  CREATE INDEX users_email ON users (email);
  CREATE TABLE posts (
    id integer PRIMARY KEY, author_id integer NOT NULL REFERENCES users (id), title text NOT NULL, body text NOT NULL,
    score integer NOT NULL);
  CREATE INDEX posts_author ON posts (author_id)`;
const TOTALS = 'SELECT age, count(*), sum(balance), CAST(avg(balance) AS double precision) FROM users GROUP BY age';
const ARRAYS = { rows: 'arrays' };

/** The engine, of what the package has loaded. */
export const engine = (databases) => ({ title: 'wasm-dbms, npm', create: () => new Ours(databases.memory()) });

const user = ([id, name, email, age, balance]) => ({ id, name, email, age, balance });

/** The workloads on a database that is empty. */
export class Ours {
  #database;

  constructor(database) {
    this.#database = database;
    database.exec(SCHEMA);
  }

  close() {
    this.#database.close();
  }

  #prepared(text, work) {
    const statement = this.#database.prepare(text);
    try {
      return work(statement);
    } finally {
      statement.free();
    }
  }

  #readUsers(statement, parameters, answer) {
    for (const row of statement.query(parameters, ARRAYS)) {
      answer.addUser(user(row));
    }
  }

  #insert(users) {
    this.#prepared(sql.INSERT_USER, (statement) => {
      for (const { id, name, email, age, balance } of users) {
        statement.execute([id, name, email, age, balance]);
      }
    });
  }

  insertUsers(users) {
    this.#database.insert('users', [], users.map(({ id, name, email, age, balance }) => [id, name, email, age, balance]));
  }

  insertUsersSingly(users) {
    this.#insert(users);
  }

  insertPosts(posts) {
    this.#database.insert('posts', [], posts.map(({ id, authorId, title, body, score }) => [id, authorId, title, body, score]));
  }

  #readEach(text, all, parameters, answer) {
    this.#prepared(text, (statement) => {
      for (const one of all) {
        this.#readUsers(statement, parameters(one), answer);
      }
    });
  }

  usersById(ids, answer) {
    this.#readEach(sql.BY_ID, ids, (id) => [id], answer);
  }

  usersByEmail(emails, answer) {
    this.#readEach(sql.BY_EMAIL, emails, (email) => [email], answer);
  }

  usersInRanges(ranges, answer) {
    this.#readEach(sql.IN_RANGE, ranges, ({ first, last }) => [first, last], answer);
  }

  usersOfAges(first, last, answer) {
    this.#readEach(sql.OF_AGES, [0], () => [first, last], answer);
  }

  totalsByAge(answer) {
    this.#database.query(TOTALS, [], ARRAYS).forEach((row) => answer.addTotal(...row));
  }

  poorestUsers(limit, answer) {
    this.#readEach(sql.POOREST, [0], () => [limit], answer);
  }

  postsOfAge(age, answer) {
    for (const [id, authorId, title, body, score, ...author] of this.#database.query(sql.POSTS_OF_AGE, [age], ARRAYS)) {
      answer.addPair({ id, authorId, title, body, score }, user(author));
    }
  }

  #change(text, all, parameters) {
    return this.#database.transaction(() =>
      this.#prepared(text, (statement) => all.reduce((found, one) => found + statement.execute(parameters(one)), 0)),
    );
  }

  updateBalances(changes) {
    return this.#change(sql.UPDATE_BALANCE, changes, ({ id, balance }) => [balance, id]);
  }

  deleteUsers(ids) {
    return this.#change(sql.DELETE_USER, ids, (id) => [id]);
  }
}
