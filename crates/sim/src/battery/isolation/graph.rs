//! The graph of dependencies between transactions, after Adya: who overwrote whom (ww), who read what whom wrote (wr), who
//! overwrote what whom read (rw). What may not be:
//!
//! | name | what | serializable | snapshot |
//! |---|---|---|---|
//! | G0 | a cycle of ww | forbidden | forbidden |
//! | G1a | a value was read that was taken back | forbidden | forbidden |
//! | G1b | a value was read that its writer overwrote | forbidden | forbidden |
//! | lost update | a value was read that went without being overwritten | forbidden | forbidden |
//! | G1c | a cycle of ww and wr | forbidden | forbidden |
//! | G-single | a cycle with one rw | forbidden | forbidden |
//! | G2 | a cycle with several rw | forbidden | allowed: write skew |

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasm_dbms::Isolation;

use crate::battery::isolation::workload::{History, KEYS, Record, Step};

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Cycles {
    pub(super) findings: Vec<String>,
    /// Knots of transactions with cycles that snapshot isolation allows.
    pub(super) skews: u64,
}

/// A cell: a register or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Cell {
    Register(u64),
    List(u64),
}

/// A kind of edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    WriteWrite,
    WriteRead,
    ReadWrite,
}

/// Before anybody wrote.
const INITIAL: u64 = 0;

#[derive(Default)]
struct Graph {
    edges: BTreeMap<u64, BTreeSet<(u64, Edge)>>,
}

impl Graph {
    fn add(&mut self, from: Option<u64>, to: Option<u64>, edge: Edge) {
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            self.edges.entry(from).or_default().insert((to, edge));
        }
    }

    fn following(&self, node: u64) -> impl Iterator<Item = (u64, Edge)> {
        self.edges.get(&node).into_iter().flatten().copied()
    }

    /// Whether one leads to the other by edges of these kinds, within a set of nodes.
    fn leads(&self, from: u64, to: u64, allowed: &[Edge], within: &BTreeSet<u64>) -> bool {
        let mut seen = BTreeSet::from([from]);
        let mut pending = vec![from];
        while let Some(node) = pending.pop() {
            for (next, edge) in self.following(node) {
                if !allowed.contains(&edge) || !within.contains(&next) {
                    continue;
                }
                if next == to {
                    return true;
                }
                if seen.insert(next) {
                    pending.push(next);
                }
            }
        }
        false
    }

    /// The nodes that are left when those without a way in, or without a way out, are taken away again and again: every
    /// cycle is among them.
    fn core(&self) -> BTreeSet<u64> {
        let mut left: BTreeSet<u64> = self.edges.keys().copied().collect();
        loop {
            let reached: BTreeSet<u64> =
                left.iter().flat_map(|node| self.following(*node)).map(|(next, _)| next).collect();
            let leads_on = |node: &u64| self.following(*node).any(|(next, _)| left.contains(&next));
            let kept: BTreeSet<u64> =
                left.iter().copied().filter(|node| reached.contains(node) && leads_on(node)).collect();
            if kept.len() == left.len() {
                return kept;
            }
            left = kept;
        }
    }
}

/// Checks a history.
pub(super) fn check(history: &History) -> Cycles {
    let mut cycles = Cycles::default();
    let orders = orders(history);
    let writers = writers(history);
    let mut graph = Graph::default();
    for order in orders.values() {
        let mut last = None;
        for value in order {
            let writer = writers.get(value).map(|writer| writer.number);
            graph.add(last, writer, Edge::WriteWrite);
            last = writer;
        }
    }
    for record in &history.transactions {
        for (cell, value) in outer_reads(record, &mut cycles.findings) {
            let order = orders.get(&cell).map_or(&[][..], Vec::as_slice);
            let next = match (value, writers.get(&value)) {
                (INITIAL, _) => order.first(),
                (_, None) => {
                    let text = format!("transaction {} read {value} of {cell:?}, which nobody wrote", record.number);
                    cycles.findings.push(text);
                    continue;
                }
                (_, Some(writer)) if !writer.is_committed || writer.is_taken_back => {
                    let text = format!("G1a: transaction {} read {value} of {cell:?}, taken back", record.number);
                    cycles.findings.push(text);
                    continue;
                }
                (_, Some(writer)) => {
                    let Some(place) = order.iter().position(|known| *known == value) else {
                        let (name, number) = (if writer.is_overwritten { "G1b" } else { "lost update" }, record.number);
                        let text = format!("{name}: transaction {number} read {value} of {cell:?}, which did not stay");
                        cycles.findings.push(text);
                        continue;
                    };
                    if record.is_committed {
                        graph.add(Some(writer.number), Some(record.number), Edge::WriteRead);
                    }
                    order.get(place + 1)
                }
            };
            let next = next.and_then(|value| writers.get(value)).map(|writer| writer.number);
            if record.is_committed {
                graph.add(Some(record.number), next, Edge::ReadWrite);
            }
        }
    }
    name_cycles(&graph, history.isolation, &mut cycles);
    cycles
}

fn name_cycles(graph: &Graph, isolation: Isolation, cycles: &mut Cycles) {
    use Edge::{ReadWrite, WriteRead, WriteWrite};
    let within = graph.core();
    let mut has_any = false;
    let mut found = Vec::new();
    for node in &within {
        for (next, edge) in graph.following(*node).filter(|(next, _)| within.contains(next)) {
            let closes = |allowed: &[Edge]| graph.leads(next, *node, allowed, &within);
            let name = match edge {
                WriteWrite if closes(&[WriteWrite]) => "G0",
                WriteWrite | WriteRead if closes(&[WriteWrite, WriteRead]) => "G1c",
                ReadWrite if closes(&[WriteWrite, WriteRead]) => "G-single",
                ReadWrite if closes(&[WriteWrite, WriteRead, ReadWrite]) => "G2",
                _ => continue,
            };
            has_any = true;
            if name != "G2" || isolation == Isolation::Serializable {
                found.push(format!("{name}: a cycle by {edge:?} from transaction {node} to {next}"));
            }
        }
    }
    cycles.skews += u64::from(has_any);
    // One cycle shows at each of its edges.
    cycles.findings.extend(found.into_iter().take(3));
}

/// Who wrote a value.
struct Writer {
    number: u64,
    is_committed: bool,
    is_taken_back: bool,
    /// Whether it wrote another value to the same register afterwards.
    is_overwritten: bool,
}

fn writers(history: &History) -> HashMap<u64, Writer> {
    let mut writers = HashMap::new();
    for record in &history.transactions {
        let (number, is_committed) = (record.number, record.is_committed);
        let writer = |is_taken_back, is_overwritten| Writer { number, is_committed, is_taken_back, is_overwritten };
        let mut last = HashMap::new();
        for step in &record.steps {
            if let Step::WriteRegister(key, value) = step {
                if let Some(before) = last.insert(*key, *value) {
                    writers.insert(before, writer(false, true));
                }
                writers.insert(*value, writer(false, false));
            }
            if let Step::Append(_, value) = step {
                writers.insert(*value, writer(false, false));
            }
        }
        for value in &record.taken_back {
            writers.insert(*value, writer(true, false));
        }
    }
    writers
}

/// The values of each cell in the order in which they came to be.
fn orders(history: &History) -> BTreeMap<Cell, Vec<u64>> {
    let mut orders = BTreeMap::new();
    for (key, values) in (0..).zip(&history.registers) {
        orders.insert(Cell::Register(key), values.clone());
    }
    for (key, values) in (0..).zip(&history.lists) {
        orders.insert(Cell::List(key), values.clone());
    }
    orders
}

/// What a transaction read that it had not written itself. What it had written must be what it read.
fn outer_reads(record: &Record, findings: &mut Vec<String>) -> Vec<(Cell, u64)> {
    let mut own: HashMap<Cell, u64> = HashMap::new();
    let mut reads = Vec::new();
    for step in &record.steps {
        let mut seen: Vec<(Cell, u64)> = Vec::new();
        match step {
            Step::WriteRegister(key, value) => _ = own.insert(Cell::Register(*key), *value),
            Step::Append(key, value) => _ = own.insert(Cell::List(*key), *value),
            Step::ReadRegister(key, value) => seen.push((Cell::Register(*key), value.unwrap_or(INITIAL))),
            Step::ReadRange(from, to, rows) => {
                for key in *from..(*to).min(KEYS) {
                    let row = rows.iter().find(|(id, _)| *id == key);
                    seen.push((Cell::Register(key), row.map_or(INITIAL, |(_, value)| *value)));
                }
            }
            Step::ReadKind(_, rows) => seen.extend(rows.iter().map(|(key, value)| (Cell::Register(*key), *value))),
            Step::ReadList(key, items) => seen.push((Cell::List(*key), items.last().copied().unwrap_or(INITIAL))),
            Step::CountRegisters(_) => {}
        }
        for (cell, value) in seen {
            match own.get(&cell) {
                None => reads.push((cell, value)),
                Some(own) if *own == value => {}
                Some(own) => findings.push(format!(
                    "transaction {} read {value} of {cell:?} where it had written {own} itself",
                    record.number
                )),
            }
        }
    }
    reads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(isolation: Isolation, steps: &[&[Step]], registers: &[&[u64]]) -> History {
        let record = |(number, steps): (u64, &&[Step])| Record {
            number,
            steps: steps.to_vec(),
            taken_back: Vec::new(),
            began: 0,
            is_committed: true,
        };
        History {
            isolation,
            transactions: (1..).zip(steps).map(record).collect(),
            order: None,
            registers: registers.iter().map(|values| values.to_vec()).collect(),
            lists: Vec::new(),
            conflicts: 0,
            findings: Vec::new(),
        }
    }

    #[track_caller]
    fn assert_finds(history: &History, name: &str) {
        let findings = check(history).findings;
        assert!(findings.iter().any(|finding| finding.starts_with(name)), "{name}: {findings:?}");
    }

    use Step::{ReadRegister as Read, WriteRegister as Write};

    #[test]
    fn each_anomaly_is_told_by_its_name() {
        let snapshot = Isolation::Snapshot;
        let g0 =
            history(snapshot, &[&[Write(0, 10), Write(1, 11)], &[Write(0, 20), Write(1, 21)]], &[&[10, 20], &[21, 11]]);
        assert_finds(&g0, "G0");
        let mut g1a = history(snapshot, &[&[Write(0, 10)], &[Read(0, Some(10))]], &[&[]]);
        g1a.transactions[0].is_committed = false;
        assert_finds(&g1a, "G1a");
        let g1b = history(snapshot, &[&[Write(0, 10), Write(0, 11)], &[Read(0, Some(10))]], &[&[11]]);
        assert_finds(&g1b, "G1b");
        let g1c = history(
            snapshot,
            &[&[Write(0, 10), Read(1, Some(20))], &[Write(1, 20), Read(0, Some(10))]],
            &[&[10], &[20]],
        );
        assert_finds(&g1c, "G1c");
        let lost =
            history(snapshot, &[&[Read(0, Some(0)), Write(0, 10)], &[Read(0, Some(0)), Write(0, 20)]], &[&[10, 20]]);
        assert_finds(&lost, "G-single");
        let skew: &[&[Step]] = &[&[Read(0, Some(0)), Write(1, 10)], &[Read(1, Some(0)), Write(0, 20)]];
        assert_finds(&history(Isolation::Serializable, skew, &[&[20], &[10]]), "G2");
        let allowed = check(&history(snapshot, skew, &[&[20], &[10]]));
        assert_eq!((allowed.findings.len(), allowed.skews), (0, 1));
    }

    #[test]
    fn what_can_have_been_one_after_the_other_is_fine() {
        let steps: &[&[Step]] = &[
            &[Read(0, Some(0)), Write(0, 10)],
            &[Read(0, Some(10)), Write(1, 20)],
            &[Step::ReadRange(0, 2, vec![(0, 10), (1, 20)])],
        ];
        let found = check(&history(Isolation::Serializable, steps, &[&[10], &[20]]));
        assert_eq!((found.findings, found.skews), (vec![], 0));
    }
}
