use crate::Breach;
use crate::tokens::{Token, closing, tokens};

/// A room uses rooms of lower floors only; rooms on one floor do not know each other.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("oauth", 0),
    ("event", 1),
    ("checks", 1),
    ("supervision", 1),
    ("catalogue", 2),
    ("platform", 2),
    ("relying_party", 2),
    ("browser", 2),
    ("report", 2),
    ("steps", 3),
    ("runner", 4),
    ("cli", 5),
];

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// What a crate's manifest takes from a floor that is not lower. That there is no circle Cargo sees to; that rooms of one floor do not
/// know each other it does not.
pub fn crate_breaches(path: &str, manifest: &str) -> Vec<Breach> {
    let room = path.trim_start_matches("crates/").trim_end_matches("/Cargo.toml");
    // The model's rooms lie lowest.
    let floor_of = |room: &str| if room == "model" { Some(0) } else { floor(room) };
    let Some(own) = floor_of(room) else {
        return vec![Breach::new(path, 0, format!("`{room}` is no room: give it a floor here and in ARCHITECTURE.md"))];
    };
    let used = manifest.lines().enumerate().filter_map(|(index, line)| {
        let name = line.strip_prefix("collaudo_")?.split(['.', ' ', '=']).next()?;
        Some((index + 1, name.to_owned()))
    });
    let wrong = used.filter(|(_, other)| floor_of(other).is_none_or(|floor| floor >= own));
    wrong.map(|(line, other)| Breach::new(path, line, format!("`{room}` (floor {own}) takes `{other}`, which is no lower"))).collect()
}

/// Paths of a file under a `src/` that lead to a room on the same floor or higher.
pub fn breaches(path: &str, text: &str) -> Vec<Breach> {
    let module: Vec<&str> = path
        .trim_start_matches("crates/model/")
        .trim_start_matches("src/")
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .split('/')
        .collect();
    let room = module[0];
    if matches!(room, "main" | "lib") {
        return Vec::new();
    }
    let Some(own) = floor(room) else {
        return vec![Breach::new(path, 0, format!("`{room}` is no room: give it a floor here and in ARCHITECTURE.md"))];
    };
    let tokens = tokens(path, text);
    let mut used = Vec::new();
    rooms(&tokens, module.len(), &mut used);
    let wrong = used.into_iter().filter_map(|(line, other)| {
        let floor = floor(&other)?;
        let message = format!("`{room}` (floor {own}) uses `{other}` (floor {floor}): a room uses lower floors only");
        (other != room && floor >= own).then(|| Breach::new(path, line, message))
    });
    wrong.collect()
}

/// The rooms that paths beginning with `crate`, the package's name or enough `super` lead to. `depth` is how deep the module is.
fn rooms(tokens: &[Token], depth: usize, used: &mut Vec<(usize, String)>) {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    let mut index = 0;
    while index < tokens.len() {
        if text(index) == "mod" && text(index + 2) == "{" {
            let end = closing(tokens, index + 2);
            rooms(&tokens[index + 3..end.min(tokens.len())], depth + 1, used);
            index = end;
        } else if matches!(text(index), "crate" | "collaudo") && text(index + 1) == ":" && (index == 0 || text(index - 1) != ":") {
            heads(tokens, index + 3, used);
            index += 2;
        } else if text(index) == "super" && (index == 0 || text(index - 1) != ":") {
            let mut supers = 1;
            while text(index + 3) == "super" && text(index + 1) == ":" {
                supers += 1;
                index += 3;
            }
            if supers == depth && text(index + 1) == ":" {
                heads(tokens, index + 3, used);
            }
        }
        index += 1;
    }
}

/// The first names of a path or of every branch of a group.
fn heads(tokens: &[Token], at: usize, used: &mut Vec<(usize, String)>) {
    let Some(token) = tokens.get(at) else { return };
    if token.text != "{" {
        used.push((token.line, token.text.clone()));
        return;
    }
    let mut branch = true;
    let mut index = at + 1;
    let end = closing(tokens, at);
    while index < end {
        match tokens[index].text.as_str() {
            "{" => index = closing(tokens, index),
            "," => branch = true,
            _ if branch => {
                used.push((tokens[index].line, tokens[index].text.clone()));
                branch = false;
            }
            _ => {}
        }
        index += 1;
    }
}

/// Rows `| floor | [`room`] | …` of a map against the floors that are kept.
pub fn map_breaches(path: &str, text: &str) -> Vec<Breach> {
    let rows: Vec<(usize, u8, &str)> =
        text.lines().enumerate().filter_map(|(index, line)| row(line).map(|(floor, room)| (index + 1, floor, room))).collect();
    let wrong = rows.iter().filter(|(_, shown, room)| floor(room) != Some(*shown));
    let wrong = wrong.map(|(line, shown, room)| Breach::new(path, *line, format!("`{room}` is shown on floor {shown}")));
    let absent = FLOORS.iter().filter(|(room, _)| rows.iter().all(|(_, _, shown)| shown != room));
    wrong.chain(absent.map(|(room, _)| Breach::new(path, 0, format!("`{room}` is not on the map")))).collect()
}

fn row(line: &str) -> Option<(u8, &str)> {
    let mut cells = line.trim_start_matches("//!").split('|').map(str::trim).skip(1);
    let floor = cells.next()?.parse().ok()?;
    Some((floor, cells.next()?.trim_matches(['[', ']', '`'])))
}

#[test]
fn lower_floors_are_accepted() {
    let lower = "use crate::domain::{Finding, Level};\nuse crate::{oauth::Scope, event, checks::x};\nuse super::journal::Trace;\n\
                 fn a() { crate::catalogue::b(); super::super::catalogue::c(); }\nmod tests { use super::*; use super::super::catalogue; }";
    assert_eq!(breaches("src/catalogue/lint/steps.rs", lower), []);
    assert_eq!(breaches("src/main.rs", "use collaudo::cli; fn main() { crate::cli::run() }"), []);
    assert_eq!(breaches("src/steps/world.rs", "use crate::{browser::Context, platform, report};"), []);
}

#[test]
fn higher_and_equal_floors_are_refused() {
    let lines = |path, text| breaches(path, text).into_iter().map(|breach| breach.line).collect::<Vec<_>>();
    assert_eq!(lines("src/catalogue/lint.rs", "use crate::domain;\nuse crate::platform::Fault;"), [2]);
    assert_eq!(lines("src/event.rs", "use crate::{\n  domain,\n  checks::{a, b},\n  cli,\n};"), [3, 4]);
    assert_eq!(lines("src/domain/mod.rs", "use crate::oauth::Scope;"), [1]);
    assert_eq!(lines("src/report/mod.rs", "fn a() -> collaudo::runner::Run { todo() }"), [1]);
    assert_eq!(lines("src/browser/pages/login.rs", "use super::super::super::steps::World;"), [1]);
    assert_eq!(
        lines("src/checks/mod.rs", "#[cfg(test)]\nmod tests {\n  use super::super::super::report;\n  use super::super::event;\n}"),
        [4]
    );
    assert_eq!(lines("src/basement/mod.rs", ""), [0]);
}

#[test]
fn a_crate_takes_lower_crates_only() {
    let manifest = "[dependencies]\ncollaudo_model.workspace = true\ncollaudo_supervision.workspace = true\nserde.workspace = true\n";
    assert_eq!(crate_breaches("crates/browser/Cargo.toml", manifest), []);
    let lines = |path, text| crate_breaches(path, text).into_iter().map(|breach| breach.line).collect::<Vec<_>>();
    assert_eq!(lines("crates/report/Cargo.toml", "collaudo_platform.workspace = true\ncollaudo_model.workspace = true"), [1]);
    assert_eq!(lines("crates/model/Cargo.toml", "collaudo_checks = { path = \"../checks\" }"), [1]);
    assert_eq!(lines("crates/basement/Cargo.toml", manifest), [0]);
}

#[test]
fn a_map_that_differs_is_refused() {
    let good: String = FLOORS.iter().map(|(room, floor)| format!("//! | {floor} | [`{room}`] | what it is for |\n")).collect();
    assert_eq!(map_breaches("src/lib.rs", &good), []);
    assert_eq!(map_breaches("src/lib.rs", &good.replace("| 4 |", "| 3 |")).len(), 1);
    assert_eq!(map_breaches("src/lib.rs", "").len(), FLOORS.len());
}
