//! Text in aligned columns for people, long cells wrapped so that lines stay readable.

use crate::engine::shown::shown_lines;
use anstyle::Style;

/// How wide a line is, where words allow it.
pub(crate) const WIDTH: usize = 100;

/// Rows of cells under each other. A cell beyond the given columns has what is left of the line.
#[derive(Debug)]
pub(crate) struct Table {
    indent: usize,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// How a column is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    /// Aligned left and as wide as its widest cell, but no wider than this.
    Left(usize),
    /// Aligned right and as wide as its widest cell: numbers.
    Right,
}

/// One cell: a text, which may have several lines, and how it looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            style: Style::new(),
        }
    }
}

impl Cell {
    /// A cell in a style.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl Table {
    /// An empty table.
    pub(crate) fn new(indent: usize, columns: &[Column]) -> Self {
        Self {
            indent,
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; cells that are missing are empty.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        let clean = |cell: Cell| Cell {
            text: shown_lines(&cell.text),
            ..cell
        };
        self.rows.push(cells.map(clean).into());
    }

    /// The lines of the table, each with its line break.
    pub(crate) fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len()).map(|i| self.width(i)).collect();
        let used = self.indent + widths.iter().map(|w| w + GAP).sum::<usize>();
        let last = WIDTH.saturating_sub(used).max(NARROWEST);
        let mut text = String::new();
        for row in &self.rows {
            let width = |index: usize| widths.get(index).copied().unwrap_or(last);
            let cells: Vec<Vec<String>> = row
                .iter()
                .enumerate()
                .map(|(index, cell)| wrap(&cell.text, width(index)))
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..height {
                let parts = cells.iter().map(|c| c.get(line).map_or("", String::as_str));
                self.line(row, parts, &widths, &mut text);
            }
        }
        text
    }

    fn width(&self, index: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(index));
        let lines = cells.flat_map(|cell| cell.text.lines());
        let widest = lines.map(|l| l.chars().count()).max().unwrap_or(0);
        match self.columns.get(index) {
            Some(Column::Left(most)) => widest.min(*most),
            Some(Column::Right) | None => widest,
        }
    }

    fn line<'p>(
        &self,
        row: &[Cell],
        parts: impl Iterator<Item = &'p str>,
        widths: &[usize],
        text: &mut String,
    ) {
        // Blanks are owed until something follows them, so that no line ends in one.
        let mut owed = self.indent;
        for (index, (cell, part)) in row.iter().zip(parts).enumerate() {
            let length = part.chars().count();
            let room = widths.get(index).map_or(0, |w| w.saturating_sub(length));
            let (before, after) = match self.columns.get(index) {
                Some(Column::Right) => (room, GAP),
                Some(Column::Left(_)) => (0, room + GAP),
                None => (0, 0),
            };
            owed += before;
            if !part.is_empty() {
                text.extend(std::iter::repeat_n(' ', owed));
                text.push_str(&paint(cell.style, part));
                owed = 0;
            }
            owed += after;
        }
        text.push('\n');
    }
}

const GAP: usize = 2;
const NARROWEST: usize = 30;

/// A text in a style, which the output drops where nobody sees it.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A text in lines of at most `width` characters; a word longer than that has a line to itself.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|w| !w.is_empty()) {
            let length = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && length > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Column, Table, shown_lines, wrap};

    #[test]
    fn a_terminal_is_told_nothing_by_a_manifest() {
        assert_eq!(shown_lines("a\u{1b}[2J\tb\nc"), "a\u{fffd}[2J\u{fffd}b\nc");
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_stay_whole() {
        let long = "x".repeat(12);
        assert_eq!(
            wrap(&format!("one two {long} three\nfour"), 8),
            ["one two", &long, "three", "four"]
        );
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn columns_are_aligned_and_no_line_ends_in_a_blank() {
        let mut table = Table::new(2, &[Column::Left(6), Column::Right]);
        table.row(["name".into(), "1".into(), "first".into()]);
        table.row(["long name".into(), "100".into(), "".into()]);
        assert_eq!(
            table.render(),
            "  name      1  first\n  long    100\n  name\n"
        );
    }
}
