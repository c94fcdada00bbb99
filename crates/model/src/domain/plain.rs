//! Foreign text on its way to a screen, a page or a pipeline's log: it may say anything and give no orders.

/// The text on one line, without what a terminal or a pipeline would obey, or what would show its characters in another order.
pub fn plain(text: &str) -> String {
    signs(text).map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c }).collect::<String>().replace("##", "# #")
}

/// The same for text whose lines count.
pub fn plain_lines(text: &str) -> String {
    signs(text).collect()
}

/// Lines of a pipeline's log: none of them begins as a command of the pipeline would, indented or not.
pub fn uncommanding(text: &str) -> String {
    let line = |line: &str| if line.trim_start().starts_with("::") { format!("| {line}") } else { line.to_owned() };
    plain_lines(text).replace("##", "# #").lines().map(line).collect::<Vec<_>>().join("\n")
}

fn signs(text: &str) -> impl Iterator<Item = char> {
    let mut characters = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = characters.next()?;
        if c == '\r' && characters.peek() == Some(&'\n') {
            return characters.next();
        }
        Some(if is_obeyed(c) { '\u{fffd}' } else { c })
    })
}

fn is_obeyed(c: char) -> bool {
    // Marks, embeddings, overrides and isolates of the bidirectional algorithm; line separators that are no line feed.
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || matches!(c, '\u{2028}' | '\u{2029}') || (c.is_control() && !matches!(c, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(plain("a\x1b[2Jb\r\nc\u{202e}d\te\u{2028}f\0"), "a\u{fffd}[2Jb c\u{fffd}d e\u{fffd}f\u{fffd}");
        assert_eq!(plain_lines("a\r\nb\rc\n\td"), "a\nb\u{fffd}c\n\td");
        assert_eq!(plain("città ::1 — già"), "città ::1 — già");
    }

    #[test]
    fn a_pipeline_is_told_nothing() {
        assert_eq!(
            uncommanding("error: a\n::error::b\n  ::stop-commands::c\nd ::1"),
            "error: a\n| ::error::b\n|   ::stop-commands::c\nd ::1"
        );
        assert_eq!(uncommanding("##[error]a ##vso[task]"), "# #[error]a # #vso[task]");
        assert_eq!(plain("##[error]a"), "# #[error]a");
    }
}
