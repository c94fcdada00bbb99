use std::sync::LazyLock;

use regex::Regex;

use crate::Breach;
use crate::tokens::{Token, closing, occurrences, tokens};

/// The only files that may wait for time to pass: where there is no event to wait for.
const SLEEPS: &[(&str, &str)] = &[
    ("crates/browser/src/process.rs", "a folder that a dying browser still writes to is removed again a little later"),
    ("crates/relying_party/src/device.rs", "the interval between two polls is a wait of a length that the platform says"),
    ("src/steps/limits.rs", "Retry-After is a wait of a length that the platform says"),
    ("crates/relying_party/src/http.rs", "Retry-After and back-off are waits of a length that the platform says"),
];

/// What takes a selector in a page object.
const TAKES_SELECTOR: &[&str] = &["click", "wait_for", "find", "find_all", "fill", "text_of", "texts_of", "exists", "css", "Css"];

/// Code that gives up instead of saying why, or waits blindly.
pub fn breaches(path: &str, text: &str) -> Vec<Breach> {
    let tokens = tokens(path, text);
    let mut found = allow_breaches(path, text);
    let mut refuse = |pattern: &[&str], message: &str| {
        found.extend(occurrences(&tokens, pattern).map(|index| Breach::new(path, tokens[index].line, message)));
    };
    refuse(&[".", "unwrap", "(", ")"], "`unwrap` does not say why it holds: return an error, or `expect(\"why\")`");
    for name in ["todo", "unimplemented", "dbg"] {
        refuse(&[name, "!"], &format!("`{name}!` is not finished code"));
    }
    if SLEEPS.iter().all(|(file, _)| *file != path) {
        found.extend(sleeps(&tokens).map(|line| {
            Breach::new(
                path,
                line,
                "sleeps: wait for an event with a deadline, or list the file with its reason in tests/architecture/habits.rs",
            )
        }));
    }
    found
}

/// `sleep_until` is not among them: it is the deadline beside an event in a `select!`.
fn sleeps(tokens: &[Token]) -> impl Iterator<Item = usize> {
    tokens.iter().filter(|token| matches!(token.text.as_str(), "sleep" | "sleep_ms")).map(|token| token.line)
}

/// Files that are allowed to sleep and do not.
pub fn stale_sleeps(files: &[(String, String)]) -> Vec<Breach> {
    let listed = files.iter().filter(|(path, _)| SLEEPS.iter().any(|(file, _)| file == path));
    let awake = listed.filter(|(path, text)| sleeps(&tokens(path, text)).next().is_none());
    awake.map(|(path, _)| Breach::new(path, 0, "does not sleep any more: take it off the list")).collect()
}

/// `allow` instead of `expect` with its reason.
pub fn allow_breaches(path: &str, text: &str) -> Vec<Breach> {
    let tokens = tokens(path, text);
    let attributes = tokens.iter().enumerate().filter(|(index, token)| {
        let before = |back: usize| index.checked_sub(back).map_or("", |at| tokens[at].text.as_str());
        token.text == "[" && (before(1) == "#" || (before(1) == "!" && before(2) == "#"))
    });
    let allows = attributes.flat_map(|(open, _)| {
        let inside = &tokens[open..closing(&tokens, open).min(tokens.len())];
        occurrences(inside, &["allow", "("]).map(|at| inside[at].line).collect::<Vec<_>>()
    });
    allows.map(|line| Breach::new(path, line, "`allow`: write #[expect(lint, reason = \"…\")]")).collect()
}

/// Selectors in the hands of steps or the runner.
pub fn selector_breaches(path: &str, text: &str) -> Vec<Breach> {
    static SELECTOR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r##"^"[#.\[][A-Za-z_]"##).expect("well formed"));
    let tokens = tokens(path, text);
    let calls = TAKES_SELECTOR.iter().flat_map(|name| occurrences(&tokens, &[name, "("]).map(|at| at + 1).collect::<Vec<_>>());
    let arguments = calls.flat_map(|open| &tokens[open..closing(&tokens, open).min(tokens.len())]);
    let selectors = arguments.filter(|token| token.is_text && SELECTOR.is_match(&token.text));
    let mut found: Vec<_> = selectors
        .map(|token| Breach::new(path, token.line, format!("the selector {} belongs in crates/browser/src/pages/", token.text)))
        .collect();
    found.sort_by_key(|breach| breach.line);
    found.dedup();
    found
}

/// Paths that exist on one machine only.
pub fn machine_breaches(path: &str, text: &str) -> Vec<Breach> {
    // Written so that this file does not name one.
    static HOME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(^|[\s"'`(=:])(/(home|root|work|Users)/[\w.]|[A-Z]:\\\w)"#).expect("well formed"));
    let named = text.lines().enumerate().filter(|(_, line)| HOME.is_match(line));
    named.map(|(index, _)| Breach::new(path, index + 1, "names a path of one machine")).collect()
}

#[test]
fn finished_code_is_accepted() {
    let good = "//! never unwrap(), todo!()\n#![expect(dead_code, reason = \"x\")]\nfn a() { b.unwrap_or_default(); c.expect(\"it holds\"); allow(d); }\n\
                #[derive(Debug)] struct E; const F: &str = \"#[allow(x)] .unwrap() sleep(1)\";";
    assert_eq!(breaches("src/a.rs", good), []);
    assert_eq!(breaches(SLEEPS[0].0, "fn a() { tokio::time::sleep(b).await }"), []);
}

#[test]
fn what_gives_up_or_waits_blindly_is_refused() {
    let bad = [
        "fn a() { b.unwrap(); }",
        "fn a() { todo!() }",
        "fn a() { unimplemented!(\"later\") }",
        "fn a() { dbg!(b); }",
        "#[allow(dead_code)] fn a() {}",
        "#![allow(dead_code)]",
        "#[cfg_attr(test, allow(dead_code))] fn a() {}",
        "fn a() { std::thread::sleep(b); }",
        "use tokio::time::{sleep, timeout};",
    ];
    for snippet in bad {
        assert_eq!(breaches("src/a.rs", snippet).len(), 1, "{snippet}");
    }
    assert_eq!(stale_sleeps(&[(SLEEPS[0].0.to_owned(), "fn a() {}".to_owned())]).len(), 1);
}

#[test]
fn selectors_in_steps_are_refused() {
    let bad = "fn a() {\n  page.click(\"#login\");\n  page.wait_for(\n    Css(\".login-error\"));\n  page.find(\"[data-x]\");\n}";
    assert_eq!(selector_breaches("src/steps/a.rs", bad).iter().map(|breach| breach.line).collect::<Vec<_>>(), [2, 4, 5]);
    let good = "fn a() { page.click(Button::SignIn); log(\"#1\"); file(\".jsonl\"); page.wait_for(\"Ada. Signed in\"); }";
    assert_eq!(selector_breaches("src/steps/a.rs", good), []);
}

#[test]
fn paths_of_a_machine_are_refused() {
    for (folder, rest) in [("/home", "/ada/x"), ("/root", "/.cargo"), ("/Users", "/ada"), ("C:", "\\x")] {
        assert_eq!(machine_breaches("a.md", &format!("see `{folder}{rest}`")).len(), 1, "{folder}");
    }
    for good in ["/usr/bin/chromium", "https://a.example/home/ada", "./work/x", "a/root/b", "/v2/tenants"] {
        assert_eq!(machine_breaches("a.md", good), [], "{good}");
    }
}
