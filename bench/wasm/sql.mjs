// The tables and the questions, in the SQL that SQLite speaks.

export const SCHEMA = `
  CREATE TABLE users(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, age INTEGER NOT NULL, balance INTEGER NOT NULL);
  CREATE INDEX users_email ON users(email);
  CREATE TABLE posts(
    id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES users(id), title TEXT NOT NULL, body TEXT NOT NULL,
    score INTEGER NOT NULL);
  CREATE INDEX posts_author ON posts(author_id);
  PRAGMA foreign_keys = ON`;

export const INSERT_USER = 'INSERT INTO users VALUES (?, ?, ?, ?, ?)';
export const INSERT_POST = 'INSERT INTO posts VALUES (?, ?, ?, ?, ?)';
export const BY_ID = 'SELECT * FROM users WHERE id = ?';
export const BY_EMAIL = 'SELECT * FROM users WHERE email = ?';
export const IN_RANGE = 'SELECT * FROM users WHERE id BETWEEN ? AND ? ORDER BY id';
export const OF_AGES = 'SELECT * FROM users WHERE age BETWEEN ? AND ?';
export const TOTALS = 'SELECT age, count(*), sum(balance), avg(balance) FROM users GROUP BY age';
export const POOREST = 'SELECT * FROM users ORDER BY balance LIMIT ?';
export const POSTS_OF_AGE =
  'SELECT posts.*, users.* FROM posts JOIN users ON posts.author_id = users.id WHERE users.age = ?';
export const UPDATE_BALANCE = 'UPDATE users SET balance = ? WHERE id = ?';
export const DELETE_USER = 'DELETE FROM users WHERE id = ?';
