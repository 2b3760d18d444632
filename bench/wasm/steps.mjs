// What each step of a round does to an engine that is spoken to from JavaScript; as `bench/workloads` says it in Rust.

const REPETITIONS = 3;

const repeated = (work) => (engine, data, answer) => {
  for (let count = 0; count < REPETITIONS; count += 1) {
    work(engine, data, answer);
  }
};

/** The steps by the name of their workload; those that are not timed in the order in which they come. */
export const STEPS = {
  W1: { act: (engine, data) => engine.insertUsers(data.users), writes: true },
  W1b: { act: (engine, data) => engine.insertUsersSingly(data.lateUsers), writes: true },
  W2: { act: (engine, data, answer) => engine.usersById(data.keys, answer), isOrdered: true },
  W3: { act: (engine, data, answer) => engine.usersByEmail(data.emails, answer), isOrdered: true },
  W4: { act: (engine, data, answer) => engine.usersInRanges(data.ranges, answer), isOrdered: true },
  W5: { act: repeated((engine, data, answer) => engine.usersOfAges(30, 39, answer)) },
  W6: { act: (engine, data, answer) => answer.addChanged(engine.updateBalances(data.changes)), writes: true },
  W7: { act: (engine, data, answer) => answer.addChanged(engine.deleteUsers(data.deletedKeys)), writes: true },
  W8: { act: repeated((engine, data, answer) => engine.postsOfAge(42, answer)) },
  W9: { act: repeated((engine, data, answer) => engine.totalsByAge(answer)) },
  W10: { act: repeated((engine, data, answer) => engine.poorestUsers(10, answer)), isOrdered: true },
  reinsert: { act: (engine, data) => engine.insertUsers(data.deletedUsers), writes: true },
  posts: { act: (engine, data) => engine.insertPosts(data.posts), writes: true },
};

/** Everything there is, for a look after a write. */
export const everything = (data) => [{ first: 0, last: data.users.length + data.lateUsers.length }];
