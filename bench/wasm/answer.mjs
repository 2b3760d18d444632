// What a workload returned, folded small enough to be checked inside the timed part without distorting it.

/** A number of 32 bits for a text: all of it, or its length and ends. */
const whole = (text) => {
  let hash = text.length;
  for (let index = 0; index < text.length; index += 1) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  }
  return hash;
};
const ends = (text) => text.length + (text.charCodeAt(0) << 8) + (text.charCodeAt(text.length - 1) << 16);

/**
 * Counts and digests of the rows an engine returned. Every column of every row enters; where it is timed, of a text only
 * its length and its ends, so that what is timed is the engine.
 */
export class Answer {
  rows = 0;
  #sum = 0;
  #chain = 0;
  #text;

  constructor({ isTimed }) {
    this.#text = isTimed ? ends : whole;
  }

  #add(digest) {
    this.rows += 1;
    this.#sum = (this.#sum + digest) | 0;
    this.#chain = Math.imul(((this.#chain << 7) | (this.#chain >>> 25)) ^ digest, 0x9e3779b9);
  }

  #ofUser({ id, name, email, age, balance }) {
    const numbers = Math.imul(id, 0x85ebca6b) ^ Math.imul(age, 0xc2b2ae35) ^ (balance | 0);
    return Math.imul(numbers ^ this.#text(name), 0x27d4eb2f) ^ this.#text(email);
  }

  addUser(user) {
    this.#add(this.#ofUser(user));
  }

  addPair({ id, authorId, title, body, score }, user) {
    const numbers = Math.imul(id, 0x85ebca6b) ^ Math.imul(authorId, 0xc2b2ae35) ^ score;
    this.#add(Math.imul(numbers ^ this.#text(title) ^ this.#ofUser(user), 0x27d4eb2f) ^ this.#text(body));
  }

  addTotal(age, count, sum, average) {
    this.#add(Math.imul(age, 0x85ebca6b) ^ Math.imul(count, 0xc2b2ae35) ^ (sum | 0) ^ Math.round(average * 1000));
  }

  addChanged(rows) {
    this.rows += rows;
  }

  /** What is compared: in order only where the workload asks for one. */
  words(isOrdered) {
    return `${this.rows} rows, ${this.#sum}${isOrdered ? `, ${this.#chain}` : ''}`;
  }
}
