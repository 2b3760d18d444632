// The plain model every engine is checked against: the obvious loop for every question. Never timed.

export class Model {
  #users = new Map();
  #posts = [];

  #sorted() {
    return [...this.#users.values()].sort((one, two) => one.id - two.id);
  }

  insertUsers(users) {
    users.forEach((user) => this.#users.set(user.id, { ...user }));
  }

  insertUsersSingly(users) {
    this.insertUsers(users);
  }

  insertPosts(posts) {
    posts.forEach((post) => this.#posts.push(post));
  }

  usersById(ids, answer) {
    ids.filter((id) => this.#users.has(id)).forEach((id) => answer.addUser(this.#users.get(id)));
  }

  usersByEmail(emails, answer) {
    const byEmail = new Map([...this.#users.values()].map((user) => [user.email, user]));
    emails.filter((email) => byEmail.has(email)).forEach((email) => answer.addUser(byEmail.get(email)));
  }

  usersInRanges(ranges, answer) {
    const users = this.#sorted();
    for (const { first, last } of ranges) {
      users.filter(({ id }) => first <= id && id <= last).forEach((user) => answer.addUser(user));
    }
  }

  usersOfAges(first, last, answer) {
    this.#sorted()
      .filter(({ age }) => first <= age && age <= last)
      .forEach((user) => answer.addUser(user));
  }

  totalsByAge(answer) {
    const totals = new Map();
    for (const { age, balance } of this.#users.values()) {
      const { count = 0, sum = 0 } = totals.get(age) ?? {};
      totals.set(age, { count: count + 1, sum: sum + balance });
    }
    totals.forEach(({ count, sum }, age) => answer.addTotal(age, count, sum, sum / count));
  }

  poorestUsers(limit, answer) {
    const users = this.#sorted().sort((one, two) => one.balance - two.balance);
    users.slice(0, limit).forEach((user) => answer.addUser(user));
  }

  postsOfAge(age, answer) {
    for (const post of this.#posts) {
      const user = this.#users.get(post.authorId);
      if (user?.age === age) {
        answer.addPair(post, user);
      }
    }
  }

  updateBalances(changes) {
    const found = changes.filter(({ id }) => this.#users.has(id));
    found.forEach(({ id, balance }) => (this.#users.get(id).balance = balance));
    return found.length;
  }

  deleteUsers(ids) {
    return ids.filter((id) => this.#users.delete(id)).length;
  }

  close() {}
}
