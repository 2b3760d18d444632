// What the service says itself, in the notation of tables (crates/tables/src/notation): as sql_texts.js.

export const texts = {
  language: 'tables',
  requests:
    'create "wasm_dbms_requests" column "client" text column "request" i64 column "changed" i64 column "has_rows" bool ' +
    'key "client" key "request" unless',
  putDown: 'insert "wasm_dbms_requests" into "client" into "request" into "changed" into "has_rows"',
  find: 'select "wasm_dbms_requests" "client" ? = "request" ? = and where "changed" out "has_rows" out',
  forget: 'delete "wasm_dbms_requests" "client" ? = "request" ? < and where',
};
