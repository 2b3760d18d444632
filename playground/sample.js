// What there is to play with: tables of a small shop, and questions about them.

export const SAMPLE = `DROP TABLE IF EXISTS orders;
DROP TABLE IF EXISTS customers;
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, city text, since date);
CREATE TABLE orders (
  id integer PRIMARY KEY,
  customer integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  amount numeric NOT NULL CHECK (amount > 0),
  day date NOT NULL);
CREATE INDEX orders_customer ON orders (customer);
CREATE INDEX orders_day ON orders (day);
INSERT INTO customers VALUES
  (1, 'Ada', 'London', '2024-01-15'), (2, 'Grace', 'New York', '2024-03-02'), (3, 'Edsger', 'Austin', '2024-06-21'),
  (4, 'Barbara', 'Boston', '2025-02-11'), (5, 'Alan', 'Manchester', '2025-05-30'), (6, 'Radia', 'Seattle', '2025-11-08');
INSERT INTO orders
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
  SELECT i, 1 + (i * 7919) % 6, CAST(5 + (i * 104729) % 9000 AS numeric) / 100, CAST('2026-01-01' AS date) + (i * 31) % 330 FROM n;`;

export const EXAMPLES = [
  ['Best customers', `SELECT c.name, count(*) AS orders, sum(o.amount) AS total
FROM customers c JOIN orders o ON o.customer = c.id
GROUP BY c.name
ORDER BY total DESC;`],
  ['Running total', `SELECT day, amount, sum(amount) OVER (ORDER BY day, id) AS so_far
FROM orders
WHERE customer = 1
ORDER BY day, id
LIMIT 12;`],
  ['By an index', `SELECT id, amount FROM orders WHERE day = '2026-03-01';`],
  ['Change a few rows', `UPDATE orders SET amount = amount + 1 WHERE customer = 3 AND day < '2026-02-01';
SELECT count(*) AS orders, max(amount) AS most FROM orders WHERE customer = 3;`],
  ['Delete a customer', `DELETE FROM customers WHERE id = 6;
SELECT count(*) AS left_over FROM orders;`],
  ['A mistake', `SELECT nam FROM customers;`],
];
