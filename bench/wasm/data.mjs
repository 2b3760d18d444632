// The rows and operations of a run, as the module drew them: every engine gets the same objects.

const number = Number;
const text = String;
const user = { id: number, name: text, email: text, age: number, balance: number };
const post = { id: number, authorId: number, title: text, body: text, score: number };

/** Reads everything from the module of the bench. */
export const dataOf = (module) => {
  const rows = (kind, columns) => {
    const entries = Object.entries(columns);
    const row = (line) => {
      const words = line.split('\t');
      return Object.fromEntries(entries.map(([name, read], index) => [name, read(words[index])]));
    };
    return module.lines(kind).map(row);
  };
  const data = {
    users: rows(0, user),
    posts: rows(1, post),
    lateUsers: rows(2, user),
    keys: module.lines(3).map(number),
    emails: module.lines(4),
    ranges: rows(5, { first: number, last: number }),
    changes: rows(6, { id: number, balance: number }),
    deletedKeys: module.lines(7).map(number),
  };
  data.deletedUsers = data.deletedKeys.map((id) => data.users[id - 1]);
  return data;
};
