//! Which element of an application's pages says who is signed in, and which one that a sign-in was refused: chosen from pages that
//! were taken down before and after.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::people::mentions;
use crate::browser::Element;

/// How many characters a marker may say beside a name, and still be as good as the name alone.
const LITTLE_MORE: usize = 60;

/// What the application showed of one person after an honest sign-in.
#[derive(Clone, Debug)]
pub struct Sight {
    /// What the person may be called.
    pub names: Vec<String>,
    /// The page as the sign-in left it, and the page with the login button loaded anew.
    pub pages: [Vec<Element>; 2],
}

/// Why nothing can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Nothing names the first person.
    Nobody,
    /// This names the first person, and is there before anybody has signed in.
    AlwaysThere(String),
    /// This names the first person, and nothing in its place names each person alone when they have signed in, both at once and when
    /// the page is loaded anew.
    OnlyOnce(String),
}

/// The selectors that name each person on each of their pages, and find nothing `before` anybody has signed in; the best one first.
pub fn signed_in(before: &[Element], sights: &[Sight]) -> Result<Vec<String>, Unknown> {
    let Some(first) = sights.first() else { return Err(Unknown::Nobody) };
    let naming: Vec<&Element> = first.pages[0].iter().filter(|element| mentions(&element.text, &first.names)).collect();
    let Some(smallest) = naming.iter().min_by_key(|element| element.text.len()) else { return Err(Unknown::Nobody) };
    let before: HashSet<&str> = selectors(before).collect();
    let mut candidates: Vec<(&str, &Element)> =
        naming.iter().flat_map(|element| element.selectors.iter().map(move |css| (css.as_str(), *element))).collect();
    candidates.retain(|(css, _)| !before.contains(css));
    if candidates.is_empty() {
        return Err(Unknown::AlwaysThere(smallest.text.clone()));
    }
    let everybody: HashSet<&String> = sights.iter().flat_map(|sight| &sight.names).collect();
    let names_each = |css: &str| {
        sights.iter().all(|sight| {
            // What names everybody, such as a list of colleagues, says nothing of who is signed in.
            let others: Vec<String> = everybody.iter().filter(|name| !sight.names.contains(name)).map(|name| (*name).clone()).collect();
            sight.pages.iter().all(|page| names_only(page, css, &sight.names, &others))
        })
    };
    candidates.retain(|(css, _)| names_each(css));
    if candidates.is_empty() {
        return Err(Unknown::OnlyOnce(smallest.text.clone()));
    }
    let shortest = first.names.iter().map(String::len).min().unwrap_or_default();
    candidates.sort_by_key(|(css, element)| {
        let more = element.text.len().saturating_sub(shortest);
        (more > LITTLE_MORE, fragility(css), more)
    });
    Ok(candidates.into_iter().map(|(css, _)| css.to_owned()).collect())
}

/// The selectors that find nothing `before` anybody has signed in, and say one text on both pages of the first person and another on
/// both of the second; with the texts, the best one first.
pub fn told_apart(before: &[Element], sights: &[Sight; 2]) -> Vec<(String, [String; 2])> {
    let known: HashSet<&str> = selectors(before).collect();
    let said = |page: &[Element], css: &str| page.iter().find(|el| el.selectors.iter().any(|own| own == css)).map(|el| el.text.clone());
    let always = |sight: &Sight, css: &str| {
        let [left, anew] = [0, 1].map(|page| said(&sight.pages[page], css));
        left.filter(|text| anew.as_ref() == Some(text) && text.chars().count() <= LITTLE_MORE)
    };
    let new: HashSet<&str> = selectors(&sights[0].pages[0]).filter(|css| !known.contains(css)).collect();
    let mut found: Vec<(String, [String; 2])> =
        new.into_iter().filter_map(|css| Some((css.to_owned(), [always(&sights[0], css)?, always(&sights[1], css)?]))).collect();
    found.retain(|(_, [first, second])| first != second);
    found.sort_by_key(|(css, [first, _])| (fragility(css), first.len(), css.clone()));
    found
}

/// The selectors of what is there after a refusal only: nothing of the `known` pages has them, or says the same; the best one first.
pub fn refused(known: &[&[Element]], after: &[Element]) -> Vec<String> {
    let known = || known.iter().flat_map(|page| page.iter());
    let (said, found): (HashSet<&str>, HashSet<&str>) =
        (known().map(|element| element.text.as_str()).collect(), known().flat_map(|page| &page.selectors).map(String::as_str).collect());
    let news = after.iter().filter(|element| !said.contains(element.text.as_str()));
    let mut candidates: Vec<&str> = news.flat_map(|element| &element.selectors).map(String::as_str).collect();
    candidates.retain(|css| !found.contains(css));
    // The outermost comes first in the document, and says all of it.
    candidates.sort_by_key(|css| (Reverse(tells_of_a_failure(css)), fragility(css)));
    candidates.into_iter().map(str::to_owned).collect()
}

fn selectors(page: &[Element]) -> impl Iterator<Item = &str> {
    page.iter().flat_map(|element| &element.selectors).map(String::as_str)
}

fn names_only(page: &[Element], css: &str, names: &[String], others: &[String]) -> bool {
    let named = |element: &Element| mentions(&element.text, names) && !mentions(&element.text, others);
    page.iter().any(|element| element.selectors.iter().any(|own| own == css) && named(element))
}

pub fn tells_of_a_failure(css: &str) -> bool {
    static FAILURE: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?i)alert|err(or|eur)|fail|problem").expect("well formed"));
    FAILURE.is_match(css)
}

/// How likely a selector is to find something else, or nothing, after the next change of the application.
fn fragility(css: &str) -> u8 {
    match css {
        _ if is_generated(css) => 6,
        _ if css.starts_with("body >") => 5,
        // A role says what it is, and not whose.
        _ if css.contains(" > ") || css.starts_with("[role") => 4,
        _ if css.starts_with('#') => 0,
        _ if css.starts_with("[data-") => 1,
        _ if css.starts_with('[') => 2,
        _ => 3,
    }
}

/// Whether a machine made up an id or a class: `:r1:`, `ember1024`, `css-1x2y3z`, `Header_user__3kd9A`.
fn is_generated(css: &str) -> bool {
    // The place among its siblings is no name.
    static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r":nth-of-type\(\d+\)").expect("well formed"));
    static MADE_UP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\:|\d{3,}").expect("well formed"));
    let css = PLACE.replace_all(css, "");
    let is_hash = |part: &str| {
        let digit = part.find(|letter: char| letter.is_ascii_digit());
        part.len() >= 5 && digit.is_some_and(|at| part[at..].contains(|letter: char| letter.is_ascii_alphabetic()))
    };
    MADE_UP.is_match(&css) || css.split(|letter: char| !letter.is_ascii_alphanumeric()).any(is_hash)
}

#[cfg(test)]
#[path = "markers_tests.rs"]
mod tests;
