//! A judge that nobody calls judges nothing, and the compiler does not say so: everything in the room is public.

use std::path::Path;

use regex::Regex;

fn texts_under(folder: &Path, texts: &mut String) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts_under(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push_str(&std::fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn every_judge_is_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let exported = std::fs::read_to_string(root.join("crates/checks/src/lib.rs")).expect("a text");
    let mut callers = String::new();
    texts_under(&root.join("src/steps"), &mut callers);
    let judge = Regex::new(r"\bcheck_\w+\b").expect("well formed");
    let mut idle: Vec<&str> = judge.find_iter(&exported).map(|found| found.as_str()).filter(|name| !callers.contains(name)).collect();
    idle.sort_unstable();
    idle.dedup();
    assert!(idle.is_empty(), "no step calls {}: call them, or delete them", idle.join(", "));
}
