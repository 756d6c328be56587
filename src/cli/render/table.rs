//! Text in aligned columns for people, long cells wrapped so that lines stay readable.

use std::io;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};

use crate::engine::Severity;
use crate::engine::vocabulary::shown_lines;

/// The width of a line if the output is not a terminal.
const WIDTH: usize = 100;
/// Narrower lines have no room for columns, and wider ones are hard to read.
const WIDTHS: RangeInclusive<usize> = 60..=200;

/// The width of a line: that of the terminal, if there is one.
pub(crate) fn width() -> usize {
    static WIDTH_OF_TERMINAL: OnceLock<usize> = OnceLock::new();
    *WIDTH_OF_TERMINAL.get_or_init(|| match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 => {
            usize::from(size.ws_col).clamp(*WIDTHS.start(), *WIDTHS.end())
        }
        _ => WIDTH,
    })
}

/// Rows of cells. A cell beyond the given columns takes the rest of the line.
#[derive(Debug)]
pub(crate) struct Table {
    indent: usize,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    /// Left, and as wide as its widest cell, but no wider than this or its longest word.
    Left(usize),
    /// Right, and as wide as its widest cell: numbers.
    Right,
}

/// A text, which may have several lines, in a style.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

impl Cell {
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl Table {
    pub(crate) fn new(indent: usize, columns: &[Column]) -> Self {
        Self {
            indent,
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of column names.
    pub(crate) fn head<const N: usize>(&mut self, style: Style, names: [&str; N]) {
        self.row(names.map(|name| Cell::styled(name, style)));
    }

    /// Adds a row; cells that are missing are empty.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        let clean = |cell: Cell| Cell {
            text: shown_lines(&cell.text),
            ..cell
        };
        self.rows.push(cells.map(clean).into());
    }

    pub(crate) fn render(&self) -> String {
        self.lines(width())
    }

    fn lines(&self, room: usize) -> String {
        let widths = self.widths(room);
        let used = self.indent + widths.iter().map(|w| w + GAP).sum::<usize>();
        let last = room.saturating_sub(used).max(NARROWEST);
        let mut text = String::new();
        for row in &self.rows {
            let cell = |(index, cell): (usize, &Cell)| match widths.get(index) {
                Some(width) => cut(wrap(&cell.text, *width), *width),
                // The last cell spoils no column, and may be a command to copy.
                None => wrap(&cell.text, last),
            };
            let cells: Vec<Vec<String>> = row.iter().enumerate().map(cell).collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for line in 0..height {
                let parts = cells.iter().map(|c| c.get(line).map_or("", String::as_str));
                self.line(row, parts, &widths, &mut text);
            }
        }
        text
    }

    /// The widths of the columns, so that the rest of the line has room. Columns with blanks shrink first.
    fn widths(&self, room: usize) -> Vec<usize> {
        let columns = 0..self.columns.len();
        let words: Vec<usize> = columns.clone().map(|i| self.longest_word(i)).collect();
        let mut widths: Vec<usize> = columns.map(|i| self.width(i)).collect();
        let most = room.saturating_sub(self.indent + widths.len() * GAP + NARROWEST);
        while widths.iter().sum::<usize>() > most {
            let lefts = widths.iter_mut().zip(&words).zip(&self.columns);
            let lefts = lefts.filter(|(_, column)| matches!(column, Column::Left(_)));
            let widest = lefts.max_by_key(|((width, word), _)| (**width > **word, **width));
            match widest {
                Some(((width, _), _)) if *width > NARROWEST_COLUMN => *width -= 1,
                _ => break,
            }
        }
        widths
    }

    fn width(&self, index: usize) -> usize {
        let widest = self.lines_of(index).map(long).max().unwrap_or(0);
        match self.columns.get(index) {
            Some(Column::Left(most)) => widest.min((*most).max(self.longest_word(index))),
            Some(Column::Right) | None => widest,
        }
    }

    fn longest_word(&self, index: usize) -> usize {
        let words = self.lines_of(index).flat_map(|line| line.split(' '));
        words.map(long).max().unwrap_or(0)
    }

    fn lines_of(&self, index: usize) -> impl Iterator<Item = &str> {
        let cells = self.rows.iter().filter_map(move |row| row.get(index));
        cells.flat_map(|cell| cell.text.lines())
    }

    fn line<'p>(
        &self,
        row: &[Cell],
        parts: impl Iterator<Item = &'p str>,
        widths: &[usize],
        text: &mut String,
    ) {
        // Blanks are written before the next text, so that no line ends in one.
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
const NARROWEST_COLUMN: usize = 12;

/// A text in a style. The output drops styles if it is not a terminal.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

pub(crate) fn bold(text: &str) -> String {
    paint(Style::new().bold(), text)
}

/// Appends a text in lines that fit, each behind the indent.
pub(crate) fn paragraph(text: &mut String, indent: usize, words: &str) {
    for line in wrap(words, width().saturating_sub(indent)) {
        text.push_str(&format!("{:indent$}{line}\n", ""));
    }
}

pub(crate) fn severity(word: &str) -> Style {
    let color = if word == Severity::Deny.word() {
        AnsiColor::Red
    } else {
        AnsiColor::Yellow
    };
    color.on_default()
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

fn long(text: &str) -> usize {
    text.chars().count()
}

/// Cuts words that are longer than a column, after a punctuation mark if there is one.
fn cut(lines: Vec<String>, width: usize) -> Vec<String> {
    let mut cut = Vec::with_capacity(lines.len());
    for line in lines {
        let mut rest: Vec<char> = line.chars().collect();
        while rest.len() > width {
            let (start, _) = rest.split_at(width);
            let parts = |c: &char| "-./:,_".contains(*c);
            let end = start.iter().rposition(parts).map_or(width, |at| at + 1);
            cut.push(rest.drain(..end).collect());
        }
        cut.push(rest.into_iter().collect());
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::{Column, Table, shown_lines, wrap};

    #[test]
    fn real_names_stay_in_their_columns_and_whole_where_there_is_room() {
        let mut table = Table::new(0, &[Column::Left(10), Column::Left(44)]);
        let node = "ip-10-0-12-34.eu-central-1.compute.internal";
        table.row([
            node.into(),
            "8 nvidia.com/gpu.shared (mps)".into(),
            "a word or two".into(),
        ]);
        let wide = table.lines(100);
        assert!(
            wide.starts_with(&format!("{node}  8 nvidia.com/gpu.shared  a word")),
            "{wide}"
        );
        for room in [60, 80, 100, 200] {
            let text = table.lines(room);
            for line in text.lines() {
                assert!(line.chars().count() <= room, "{room}: {line}");
            }
        }
        assert_eq!(
            super::cut(
                vec!["ip-10-0.eu.internal".to_owned(), "abcdefgh".to_owned()],
                7
            ),
            ["ip-10-", "0.eu.", "interna", "l", "abcdefg", "h"]
        );
    }

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
