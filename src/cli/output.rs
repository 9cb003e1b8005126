//! How commands print: text with colours on a terminal only, or JSON.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::Failure;

/// The form of what a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
}

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
pub(super) const HEAD: Style = Style::new().bold();

/// `text` in `style`; anstream takes the style off again where the output is no terminal.
pub(super) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    anstream::println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Lines with aligned columns; the last column is not padded.
pub(super) fn print_table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        anstream::println!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}
