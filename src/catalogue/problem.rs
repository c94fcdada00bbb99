use std::fmt;

/// Something wrong with the suite itself, at the place where it is to be mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `features/…`, as in [`super::Sources`].
    pub path: String,
    /// 1-based; 0 where the whole file is meant.
    pub line: usize,
    /// 1-based, in characters; 0 where the whole file is meant.
    pub column: usize,
    pub message: String,
    pub hint: Option<String>,
    /// The line as written, for the caret.
    pub source_line: String,
}

impl Problem {
    /// A problem at a byte column of a line of `text`.
    pub(super) fn at(path: &str, text: &str, line: usize, byte_column: usize, message: String) -> Self {
        let source_line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned();
        let bytes = byte_column.saturating_sub(1);
        let column = source_line.char_indices().take_while(|(index, _)| *index < bytes).count() + 1;
        Self { path: path.to_owned(), line, column, message, hint: None, source_line }
    }

    /// A problem at a byte offset of `text`.
    pub(super) fn at_offset(path: &str, text: &str, offset: usize, message: String) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |index| index + 1);
        Self::at(path, text, line, before.len() - start + 1, message)
    }

    pub(super) fn in_file(path: &str, message: String) -> Self {
        Self { path: path.to_owned(), line: 0, column: 0, message, hint: None, source_line: String::new() }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.path, self.message)?;
        } else {
            let number = self.line.to_string();
            let indent = " ".repeat(number.len());
            let caret = " ".repeat(self.column.saturating_sub(1));
            writeln!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
            writeln!(f, "{number} | {}", self.source_line.trim_end().replace('\t', " "))?;
            write!(f, "{indent} | {caret}^")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// Every problem of the suite that was found, in the order of the files.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} in the suite of scenarios\n\n{}", count(.0.len()), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
pub struct CatalogueErrors(pub Vec<Problem>);

fn count(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}
