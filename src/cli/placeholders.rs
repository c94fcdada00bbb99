//! `{…}` in a profile: what is meant to be filled in, and is not.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::App;

/// What `[app.env]` is filled in with.
const KNOWN: [&str; 13] = [
    "issuer",
    "api",
    "client_id",
    "client_secret",
    "tenants",
    "poll_seconds",
    "ca_file",
    "port",
    "redirect_uri",
    "other_issuer",
    "other_api",
    "other_client_id",
    "other_client_secret",
];
/// What `command` is filled in with: an argument can be read by every process of the machine.
const IN_COMMAND: [&str; 2] = ["port", "redirect_uri"];

/// What is wrong with the placeholders of a profile. What resembles none of ours is the application's own business.
pub fn check_placeholders(app: &App) -> Option<String> {
    let in_env = app.env.iter().flat_map(|(name, value)| placeholders(value).map(move |found| (format!("app.env.{name}"), found)));
    let in_command = app.command.iter().flatten().flat_map(|word| placeholders(word).map(|found| ("app.command".to_owned(), found)));
    in_env.chain(in_command).find_map(|(place, found)| {
        let known = nearest(found)?;
        let in_command = place == "app.command";
        if known != found {
            return Some(format!("{place} has {{{found}}}, and there is no such placeholder; did you mean {{{known}}}?"));
        }
        (in_command && !IN_COMMAND.contains(&known))
            .then(|| format!("app.command has {{{found}}}, which is filled in in [app.env] alone: hand it over there"))
    })
}

/// Words in braces; not those of a shell (`${…}`), and not those in two.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    static BRACED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{([A-Za-z][A-Za-z0-9_-]*)\}").expect("the pattern is well formed"));
    BRACED.captures_iter(text).filter_map(move |found| {
        let whole = found.get(0)?;
        let before = text[..whole.start()].chars().next_back();
        let after = text[whole.end()..].chars().next();
        let name = found.get(1)?.as_str();
        (before != Some('$') && before != Some('{') && after != Some('}')).then_some(name)
    })
}

/// The placeholder that a word most likely means, if it is like one.
fn nearest(word: &str) -> Option<&'static str> {
    let plain = word.to_lowercase().replace('-', "_");
    let distance = |known: &str| strsim::osa_distance(&plain, known);
    let found = KNOWN.into_iter().min_by_key(|known| distance(known))?;
    (distance(found) <= (found.len() / 4).max(1)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(env: &str, command: &str) -> Option<String> {
        let text = format!("name = \"x\"\ntype = \"web\"\nscopes = []\ncommand = ['x', '{command}']\n[env]\nX = '{env}'");
        check_placeholders(&toml::from_str(&text).expect("an application"))
    }

    #[test]
    fn a_misspelt_placeholder_is_told_with_what_is_meant() {
        for (env, meant) in [
            ("{isuer}", "{issuer}"),
            ("http://x/{aip}", "{api}"),
            ("{clientid}", "{client_id}"),
            ("{CLIENT_SECRET}", "{client_secret}"),
            ("{client-id}", "{client_id}"),
            ("{tenant}", "{tenants}"),
            ("{cafile}", "{ca_file}"),
            ("{redirect_url}", "{redirect_uri}"),
        ] {
            let found = told(env, "").unwrap_or_default();
            assert!(found.starts_with("app.env.X has {") && found.ends_with(&format!("did you mean {meant}?")), "{env}: {found}");
        }
        assert!(told("", "--port={prot}").is_some_and(|found| found.starts_with("app.command has {prot}")));
        assert!(told("", "--issuer={issuer}").is_some_and(|found| found.contains("[app.env] alone")));
    }

    #[test]
    fn what_is_right_and_what_is_somebody_elses_is_left_alone() {
        for known in KNOWN {
            assert_eq!(told(&format!("a{{{known}}}b"), ""), None);
        }
        for env in ["{message}", "{\"api\": 1}", "${isuer}", "{{isuer}}", "{}", "{timestamp} {level}"] {
            assert_eq!(told(env, "--port={port} {redirect_uri}"), None, "{env}");
        }
    }
}
