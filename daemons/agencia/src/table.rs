//! Tables for people.

use crate::error::CommandError;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// A column: its title, and whether it holds numbers.
pub(crate) type Column<'a> = (&'a str, bool);

/// A table of these rows; on a terminal it fits its width.
pub(crate) fn table(columns: &[Column<'_>], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(columns.iter().map(|(title, _)| *title));
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.add_rows(rows);
    for (place, (_, is_number)) in columns.iter().enumerate() {
        if let (true, Some(column)) = (*is_number, table.column_mut(place)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Prints to standard output.
pub(crate) fn print(text: &impl std::fmt::Display) -> Result<(), CommandError> {
    printed(writeln!(io::stdout(), "{text}"))
}

/// Prints as JSON, for programs.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(value);
    printed(text.map_err(io::Error::from).and_then(|text| writeln!(io::stdout(), "{text}")))
}

/// What came of writing to standard output; whoever closed it has seen enough.
pub(crate) fn printed(written: io::Result<()>) -> Result<(), CommandError> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CommandError::Output(error)),
        _ => Ok(()),
    }
}

/// A number with its thousands apart: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }
}
