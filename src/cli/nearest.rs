//! What somebody most likely meant by a name that is none.

/// How alike two names have to be, of 1.
const ALIKE: f64 = 0.8;

/// The known name that is most like the one that was typed.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(&typed, &name.to_lowercase()), name));
    scored.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// The question for it, to stand at the end of an error.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(typed, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_another_word_none() {
        let known = ["accepts-alg-none", "accepts-any-state", "AZ-04", "features/token/id_token.feature"];
        let meant = |typed: &str| nearest(typed, known);
        assert_eq!(meant("accepts-alg-non"), Some("accepts-alg-none"));
        assert_eq!(meant("az-4"), Some("AZ-04"));
        assert_eq!(meant("features/token/id_tokn.feature"), Some("features/token/id_token.feature"));
        assert_eq!(meant("xylophone"), None);
        assert_eq!(did_you_mean("AZ-40", known), "; did you mean `AZ-04`?");
    }
}
