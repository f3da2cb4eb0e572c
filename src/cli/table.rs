//! Text in columns.

use std::fmt::Write;

/// Lines of aligned cells, two spaces between columns.
#[derive(Default)]
pub struct Table {
    lines: Vec<Line>,
}

enum Line {
    Cells(Vec<String>),
    Text(String),
}

impl Table {
    pub fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.lines.push(Line::Cells(cells.map(String::from).to_vec()));
    }

    /// A line of its own, which no column aligns.
    pub fn text(&mut self, text: String) {
        self.lines.push(Line::Text(text));
    }

    pub fn render(&self) -> String {
        let mut widths: Vec<usize> = vec![];
        for cells in self.lines.iter().filter_map(Line::cells) {
            widths.resize(widths.len().max(cells.len()), 0);
            widths.iter_mut().zip(cells).for_each(|(width, cell)| *width = (*width).max(cell.chars().count()));
        }
        let mut text = String::new();
        for line in &self.lines {
            match line {
                Line::Text(line) => text.push_str(line),
                Line::Cells(cells) => {
                    let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
                    text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
                }
            }
            // Writing to a string does not fail.
            let _ = writeln!(text);
        }
        text
    }
}

impl Line {
    fn cells(&self) -> Option<&Vec<String>> {
        match self {
            Self::Cells(cells) => Some(cells),
            Self::Text(_) => None,
        }
    }
}
