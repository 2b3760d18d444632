//! `ratios.svg`: the CPU time of the other engines in units of ours, one group of bars per workload.
//!
//! A logarithmic axis, because a ratio of 2 and one of 1/2 are the same distance from 1. Bars begin at 1: to the
//! right the other engine took more time than ours, to the left less.

use std::fmt::Write as _;

use clap::ValueEnum as _;

use workloads::Workload;

use crate::arena::Results;
use crate::engines::EngineKind;

/// The engines compared, all in memory, with what they do without; the index is the CSS class of the bar.
const OTHERS: [(EngineKind, &str); 3] =
    [(EngineKind::Sqlite, ""), (EngineKind::Redb, " (no index)"), (EngineKind::Btree, " (no transactions)")];
const WIDTH: f64 = 760.0;
const PLOT_LEFT: f64 = 236.0;
/// Leaves room for the figure behind the longest bar.
const PLOT_RIGHT: f64 = WIDTH - 64.0;
const PLOT_TOP: f64 = 92.0;
const LEGEND_STEP: f64 = 128.0;
const BAR_HEIGHT: f64 = 11.0;
const BAR_STEP: f64 = 13.0;
const GROUP_GAP: f64 = 11.0;
/// Ticks of the axis, as far as bars reach.
const TICKS: [f64; 13] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];

/// Follows the reader's colour scheme; every text keeps a contrast of at least 4.5 on white and on GitHub's dark.
const STYLE: &str = "
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .quiet { fill: #59636e }
  .figure { font-size: 10.5px; fill: #59636e }
  .end { text-anchor: end } .middle { text-anchor: middle }
  .grid { stroke: #d1d9e0 } .one { stroke: #59636e; stroke-width: 1.5 }
  .bar0 { fill: #2f6fd0 } .bar1 { fill: #d9822b } .bar2 { fill: #3f9c74 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet, .figure { fill: #9198a1 }
    .grid { stroke: #3d444d } .one { stroke: #9198a1 }
    .bar0 { fill: #5b95ec } .bar1 { fill: #e39a4c } .bar2 { fill: #55b98c }
  }
";

/// The bars of one workload.
struct Group {
    label: String,
    /// Index into [`OTHERS`], and the other's time in units of ours.
    bars: Vec<(usize, f64)>,
}

/// The logarithmic axis.
struct Axis {
    smallest: f64,
    largest: f64,
}

impl Axis {
    /// Reaches from tick to tick around all bars and 1.
    fn around(groups: &[Group]) -> Self {
        let values = || groups.iter().flat_map(|group| group.bars.iter().map(|(_, value)| *value));
        let lowest = values().fold(1.0, f64::min);
        let highest = values().fold(2.0, f64::max);
        let below = TICKS.iter().rev().find(|tick| **tick <= lowest);
        let above = TICKS.iter().find(|tick| **tick >= highest);
        Self { smallest: *below.unwrap_or(&lowest), largest: *above.unwrap_or(&highest) }
    }

    fn x(&self, value: f64) -> f64 {
        let share = (value / self.smallest).ln() / (self.largest / self.smallest).ln();
        PLOT_LEFT + share * (PLOT_RIGHT - PLOT_LEFT)
    }
}

/// Draws a run. None if this project's engine, or everything it is compared with, did not take part.
pub fn draw(results: &Results) -> Option<String> {
    let groups = groups(results);
    if groups.is_empty() {
        return None;
    }
    let axis = Axis::around(&groups);
    let mut bars = String::new();
    let mut top = PLOT_TOP;
    for group in &groups {
        top = draw_group(&mut bars, group, &axis, top);
    }
    let bottom = top;
    let height = bottom + 30.0;
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"CPU time of other engines relative to wasm-dbms\">\n\
         <style>{STYLE}</style>\n"
    );
    draw_heading(&mut picture, results);
    draw_axis(&mut picture, &axis, bottom);
    picture.push_str(&bars);
    let one = axis.x(1.0);
    let _ = writeln!(
        picture,
        "<line class=\"one\" x1=\"{one:.1}\" x2=\"{one:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\"/>\n</svg>",
        PLOT_TOP - 6.0
    );
    Some(picture)
}

fn groups(results: &Results) -> Vec<Group> {
    let mut groups = Vec::new();
    for workload in Workload::value_variants().iter().copied() {
        let ratio = |(index, (other, _)): (usize, &(EngineKind, &str))| {
            results.cpu_ratio(workload, *other, EngineKind::Ours).map(|ratio| (index, ratio))
        };
        let bars: Vec<(usize, f64)> = OTHERS.iter().enumerate().filter_map(ratio).collect();
        if !bars.is_empty() {
            groups.push(Group { label: format!("{}  {}", workload.name(), workload.title()), bars });
        }
    }
    groups
}

/// Title and legend.
fn draw_heading(picture: &mut String, results: &Results) {
    let _ = writeln!(picture, "<text class=\"title\" x=\"12\" y=\"24\">CPU time relative to wasm-dbms = 1</text>");
    let _ = writeln!(
        picture,
        "<text class=\"quiet\" x=\"12\" y=\"43\">In memory, {} rows, best of {} rounds. Logarithmic; to the right \
         of 1 an engine takes longer than wasm-dbms.</text>",
        results.rows, results.rounds
    );
    for (index, (other, lacking)) in OTHERS.iter().enumerate() {
        let left = PLOT_LEFT + LEGEND_STEP * index as f64;
        let _ = writeln!(
            picture,
            "<rect class=\"bar{index}\" x=\"{left:.1}\" y=\"57\" width=\"11\" height=\"11\" rx=\"2\"/>\
             <text x=\"{:.1}\" y=\"67\">{}{lacking}</text>",
            left + 17.0,
            other.title()
        );
    }
}

fn draw_axis(picture: &mut String, axis: &Axis, bottom: f64) {
    for tick in TICKS.iter().filter(|tick| (axis.smallest..=axis.largest).contains(*tick)) {
        let x = axis.x(*tick);
        let _ = writeln!(
            picture,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\"/>\
             <text class=\"quiet middle\" x=\"{x:.1}\" y=\"{:.1}\">{tick}</text>",
            PLOT_TOP - 6.0,
            bottom + 17.0
        );
    }
}

/// Draws a group from `top` and returns where the next begins.
fn draw_group(picture: &mut String, group: &Group, axis: &Axis, top: f64) -> f64 {
    let height = BAR_STEP * group.bars.len() as f64;
    let _ = writeln!(
        picture,
        "<text class=\"end\" x=\"{:.1}\" y=\"{:.1}\" xml:space=\"preserve\">{}</text>",
        PLOT_LEFT - 12.0,
        top + height / 2.0 + 4.0,
        group.label
    );
    for (position, (index, ratio)) in group.bars.iter().enumerate() {
        let y = top + BAR_STEP * position as f64;
        let (one, end) = (axis.x(1.0), axis.x(*ratio));
        let (left, width) = (one.min(end), (end - one).abs().max(1.0));
        // The figure stands behind the bar's end on the right; for a bar to the left, on the free side of 1.
        let _ = writeln!(
            picture,
            "<rect class=\"bar{index}\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" \
             rx=\"2\"/><text class=\"figure\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            left + width + 5.0,
            y + BAR_HEIGHT - 2.0,
            if *ratio >= 10.0 { format!("{ratio:.0}") } else { format!("{ratio:.2}") }
        );
    }
    top + height + GROUP_GAP
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::measure::BestCost;

    fn results(costs: &[(Workload, EngineKind, f64)]) -> Results {
        let best = |us| BestCost { cpu_us: us, wall_us: us };
        let costs = costs.iter().map(|(workload, kind, us)| ((*workload, *kind), best(*us))).collect();
        Results { seed: 1, rows: 1_000, rounds: 1, costs, stored: BTreeMap::new(), append_us: None }
    }

    #[test]
    fn nothing_is_drawn_without_our_engine() {
        assert!(draw(&results(&[(Workload::W2, EngineKind::Sqlite, 1.0)])).is_none());
    }

    #[test]
    fn every_compared_engine_gets_a_bar_with_its_figure() {
        let picture = draw(&results(&[
            (Workload::W2, EngineKind::Ours, 2.0),
            (Workload::W2, EngineKind::Sqlite, 5.0),
            (Workload::W2, EngineKind::Btree, 1.0),
            (Workload::W9, EngineKind::Ours, 1.0),
            (Workload::W9, EngineKind::Sqlite, 50.0),
        ]))
        .expect("our engine took part");
        for figure in [">2.50<", ">0.50<", ">50<"] {
            assert!(picture.contains(figure), "{figure} is missing");
        }
        // Three bars and three squares of the legend.
        assert_eq!(picture.matches("<rect").count(), 6);
    }
}
