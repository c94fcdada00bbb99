//! Text for a terminal: colour, wrapping, and nothing that a terminal would obey.

use anstyle::{AnsiColor, Style};

use super::State;
use crate::domain::{Readiness, Verdict, uncommanding};

fn paint(text: &str, style: Style, colour: bool) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

pub(crate) fn bold(text: &str, colour: bool) -> String {
    paint(text, Style::new().bold(), colour)
}

pub(crate) fn dim(text: &str, colour: bool) -> String {
    paint(text, Style::new().dimmed(), colour)
}

pub(crate) fn state(text: &str, state: State, colour: bool) -> String {
    let style = match state {
        State::Judged(Verdict::Passed) => AnsiColor::Green.on_default(),
        State::Judged(Verdict::Warned) => AnsiColor::Yellow.on_default(),
        State::Judged(Verdict::Failed) => AnsiColor::Red.on_default().bold(),
        State::Judged(Verdict::Inconclusive) => AnsiColor::Magenta.on_default(),
        State::Judged(Verdict::NeedsReview) => AnsiColor::Blue.on_default(),
        State::Judged(Verdict::Errored) | State::Interrupted => Style::new().bold().invert(),
        State::Judged(Verdict::NotTested) => Style::new(),
        State::Judged(Verdict::NotApplicable) | State::NotRun | State::NotSelected | State::NotCovered => Style::new().dimmed(),
    };
    paint(text, style, colour)
}

/// A plate with the run's verdict.
pub(crate) fn readiness(text: &str, readiness: Readiness, colour: bool) -> String {
    let ground = match readiness {
        Readiness::Ready => AnsiColor::Green,
        Readiness::NotReady => AnsiColor::Red,
        Readiness::Partial => AnsiColor::Blue,
        Readiness::Incomplete => AnsiColor::Magenta,
    };
    let plate = AnsiColor::BrightWhite.on(ground).bold();
    if colour { paint(&format!("  {text}  "), plate, true) } else { format!("== {text} ==") }
}

/// Lines of at most `width` characters, cut at spaces; a longer word stays whole. None begins as a command of a pipeline would.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let line = lines.last_mut().expect("there is always one line");
        if line.is_empty() {
            line.push_str(&uncommanding(word));
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(uncommanding(word));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_cut_at_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensibility is long", 5), ["incomprehensibility", "is", "long"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped("one ::stop-commands::x", 5), ["one", "| ::stop-commands::x"]);
    }
}
