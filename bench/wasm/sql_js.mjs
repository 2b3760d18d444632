// sql.js, in memory, by its prepared statements.

import * as sql from './sql.mjs';

/** The engine, of what the package has loaded. */
export const engine = ({ Database }) => {
  const database = new Database();
  const [{ values }] = database.exec('SELECT sqlite_version()');
  database.close();
  return { title: 'sql.js', version: values[0][0], create: () => new SqlJs(new Database()) };
};

const user = ([id, name, email, age, balance]) => ({ id, name, email, age, balance });

class SqlJs {
  #database;

  constructor(database) {
    this.#database = database;
    database.run(sql.SCHEMA);
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

  #inTransaction(work) {
    this.#database.run('BEGIN');
    const result = work();
    this.#database.run('COMMIT');
    return result;
  }

  #readUsers(statement, parameters, answer) {
    statement.bind(parameters);
    while (statement.step()) {
      answer.addUser(user(statement.get()));
    }
    statement.reset();
  }

  #insert(users) {
    this.#prepared(sql.INSERT_USER, (statement) => {
      for (const { id, name, email, age, balance } of users) {
        statement.run([id, name, email, age, balance]);
      }
    });
  }

  insertUsers(users) {
    this.#inTransaction(() => this.#insert(users));
  }

  insertUsersSingly(users) {
    this.#insert(users);
  }

  insertPosts(posts) {
    this.#inTransaction(() =>
      this.#prepared(sql.INSERT_POST, (statement) => {
        for (const { id, authorId, title, body, score } of posts) {
          statement.run([id, authorId, title, body, score]);
        }
      }),
    );
  }

  #readEach(text, all, parameters, answer) {
    this.#inTransaction(() =>
      this.#prepared(text, (statement) => {
        for (const one of all) {
          this.#readUsers(statement, parameters(one), answer);
        }
      }),
    );
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
    this.#prepared(sql.OF_AGES, (statement) => this.#readUsers(statement, [first, last], answer));
  }

  totalsByAge(answer) {
    this.#prepared(sql.TOTALS, (statement) => {
      while (statement.step()) {
        answer.addTotal(...statement.get());
      }
    });
  }

  poorestUsers(limit, answer) {
    this.#prepared(sql.POOREST, (statement) => this.#readUsers(statement, [limit], answer));
  }

  postsOfAge(age, answer) {
    this.#prepared(sql.POSTS_OF_AGE, (statement) => {
      statement.bind([age]);
      while (statement.step()) {
        const [id, authorId, title, body, score, ...author] = statement.get();
        answer.addPair({ id, authorId, title, body, score }, user(author));
      }
    });
  }

  #change(text, all, parameters) {
    return this.#inTransaction(() =>
      this.#prepared(text, (statement) => {
        let found = 0;
        for (const one of all) {
          statement.run(parameters(one));
          found += this.#database.getRowsModified();
        }
        return found;
      }),
    );
  }

  updateBalances(changes) {
    return this.#change(sql.UPDATE_BALANCE, changes, ({ id, balance }) => [balance, id]);
  }

  deleteUsers(ids) {
    return this.#change(sql.DELETE_USER, ids, (id) => [id]);
  }
}
