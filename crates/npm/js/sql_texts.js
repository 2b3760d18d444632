// What the service says itself, in SQL.
//
// What was asked with a key { client, request, settled } is put down by it in the same transaction, so that it is done once,
// however often it is asked. What the client has had an answer to is forgotten after a while.

export const texts = {
  language: 'sql',
  requests: `CREATE TABLE IF NOT EXISTS wasm_dbms_requests (
    client text, request bigint, changed bigint NOT NULL, has_rows boolean NOT NULL, PRIMARY KEY (client, request))`,
  putDown: 'INSERT INTO wasm_dbms_requests VALUES (?, ?, ?, ?)',
  find: 'SELECT changed, has_rows FROM wasm_dbms_requests WHERE client = ? AND request = ?',
  forget: 'DELETE FROM wasm_dbms_requests WHERE client = ? AND request < ?',
};
