//! The map as a picture: a square a page, its colour says what it is, the filled part how full.

use std::fmt::Write;

use super::map::{Kind, Map};
use crate::cell;

/// Squares in a line, and how wide each is with the space around it.
const LINE_PAGES: usize = 64;
const SQUARE: usize = 12;
const GAP: usize = 2;

/// Room around the squares, and for a line of the legend.
const MARGIN: usize = 12;
const LEGEND_LINE: usize = 18;

/// Colours that people who see few can tell apart too.
fn colour(kind: Kind) -> &'static str {
    match kind {
        Kind::TableLeaf => "#0072b2",
        Kind::IndexLeaf => "#e69f00",
        Kind::Branch => "#009e73",
        Kind::Overflow => "#cc79a7",
        Kind::Registry => "#56b4e9",
        Kind::Unclaimed => "#999999",
        Kind::Free => "#dddddd",
        Kind::Other => "#f0e442",
        Kind::Damaged => "#d50000",
    }
}

/// Text between tags.
fn text(raw: &str) -> String {
    cell::escaped(raw).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The picture.
pub(super) fn draw(map: &Map) -> String {
    let shown: Vec<(Kind, &str)> =
        Kind::ALL.into_iter().filter(|(kind, _)| map.pages.iter().any(|page| page.kind == *kind)).collect();
    let lines = map.pages.len().div_ceil(LINE_PAGES);
    let width = 2 * MARGIN + LINE_PAGES * SQUARE;
    let legend_at = MARGIN + lines * SQUARE + MARGIN;
    let height = legend_at + (shown.len() + 1) * LEGEND_LINE + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let mut add = |line: String| {
        let _a_string_takes_everything = writeln!(svg, "{line}");
    };
    let side = SQUARE - GAP;
    for (number, page) in map.pages.iter().enumerate() {
        let (x, y) = (MARGIN + number % LINE_PAGES * SQUARE, MARGIN + number / LINE_PAGES * SQUARE);
        let colour = colour(page.kind);
        let is_filled = !matches!(page.kind, Kind::Free | Kind::Damaged | Kind::Unclaimed);
        let opacity = if is_filled { 0.25 } else { 1.0 };
        let (word, owner, fill) = (page.kind.word(), text(&page.owner), page.fill);
        let says = if is_filled { format!("{owner}, {word}, {fill} %") } else { word.to_owned() };
        add(format!("<g><title>page {number}: {says}</title>"));
        add(format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" fill=\"{colour}\" fill-opacity=\"{opacity}\"/>"
        ));
        if is_filled {
            let part = side as u64 * fill.min(100) / 100;
            let top = y as u64 + side as u64 - part;
            add(format!("<rect x=\"{x}\" y=\"{top}\" width=\"{side}\" height=\"{part}\" fill=\"{colour}\"/>"));
        }
        add("</g>".into());
    }
    for (line, (kind, word)) in shown.iter().enumerate() {
        let y = legend_at + line * LEGEND_LINE;
        let count = map.pages.iter().filter(|page| page.kind == *kind).count();
        add(format!("<rect x=\"{MARGIN}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" fill=\"{}\"/>", colour(*kind)));
        add(format!("<text x=\"{}\" y=\"{}\">{word}: {count}</text>", MARGIN + SQUARE + GAP, y + side));
    }
    let y = legend_at + shown.len() * LEGEND_LINE + side;
    add(format!("<text x=\"{MARGIN}\" y=\"{y}\">{} pages of {} bytes</text>", map.pages.len(), map.page_bytes));
    svg.push_str("</svg>\n");
    svg
}
