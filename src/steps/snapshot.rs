//! Golden texts of claims and API answers, compared with insta, and the one place where their varying values are redacted.
//!
//! Approved texts are part of the program (`snapshots/claims`, `snapshots/api`). Each comparison unpacks its text into a folder of
//! its own and judges by what the comparator saw, so that no insta setting of the environment can turn a mismatch into a pass.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use insta::internals::SnapshotContents;
use rust_embed::RustEmbed;
use serde_json::Value;

use super::recordings::Recordings;
use super::{Failure, Target, world::World};
use crate::checks::{check_shape, documented_shape, shape};
use crate::domain::Assumptions;
use crate::oauth::{ScopeSet, giponext};
use crate::platform::api_document;
use crate::supervision;

/// How snapshots are compared, for the report.
pub const SNAPSHOT_MODE: &str = "strict: a mismatch is never accepted during a run";

#[derive(RustEmbed)]
#[folder = "snapshots/"]
#[include = "claims/*.snap"]
#[include = "api/*.snap"]
struct Approved;

/// Where texts that are not approved are left, for a person to look at.
pub struct GoldenTexts {
    pub pending: PathBuf,
    /// What was recorded of a target; the mock has none.
    pub recordings: Option<Recordings>,
}

/// What both sides of a comparison were.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Option<(String, String)>>>);

impl insta::Comparator for Capture {
    /// Keeps both texts and lets insta think that they are the same: the verdict is ours.
    fn matches(&self, reference: &insta::Snapshot, test: &insta::Snapshot) -> bool {
        let text = |snapshot: &insta::Snapshot| match snapshot.contents() {
            SnapshotContents::Text(text) => text.to_string(),
            SnapshotContents::Binary(_) => String::new(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((text(reference), text(test)));
        true
    }

    fn dyn_clone(&self) -> Box<dyn insta::Comparator> {
        Box::new(self.clone())
    }
}

impl World {
    /// Compares a value with its approved text `<room>/<name>`; on another target than the mock by shape.
    pub(super) fn compare_with_approved(&mut self, room: &str, name: &str, value: &Value) -> Result<(), Failure> {
        let setup = self.setup()?;
        let file = format!("{room}/{name}.snap");
        let Some(approved) = Approved::get(&file) else {
            setup.golden.leave(&file, value)?;
            return Err(Failure::broke(format!(
                "no approved snapshot {file}: look at the text left in {} and approve it",
                setup.golden.pending.display()
            )));
        };
        if let Target::Remote(remote) = &setup.target {
            let text = String::from_utf8_lossy(&approved.data);
            let body = text.splitn(3, "---\n").nth(2).unwrap_or_default();
            let mut approved: Value = serde_json::from_str(body).map_err(Failure::broke)?;
            if let Some(client) = &self.memory.client {
                without_claims_not_asked_for(&mut approved, &client.scopes);
            }
            rename_tenant_claim(&mut approved, &remote.file.assume.tenant_claim);
            if name == "id-token" {
                without_what_nobody_promises(&mut approved);
            }
            // What an entry may leave out is in the document: sample data of one day do not tell.
            let asked = self.memory.asked.as_deref().filter(|_| room == "api");
            let documented = asked.and_then(|path| documented_shape(api_document(), "GET", path, 200));
            return match check_shape(&documented.unwrap_or_else(|| shape(&approved)), &shape(value)) {
                Ok(_added) => Ok(()),
                Err(refusal) => self.judge(Err(refusal)),
            };
        }
        let (reference, text) = compare(&approved.data, name, value)?;
        if reference == text {
            return Ok(());
        }
        setup.golden.leave(&file, value)?;
        let diff = similar::TextDiff::from_lines(&reference, &text).unified_diff().header("approved", "actual").to_string();
        let summary = format!("does not answer with the approved text {file}");
        self.find_with_diff(&summary, "the approved text", "see the difference", &[], Some(diff))
    }
}

/// A target's client asks for the application's scopes, the mock's for every one: what a scope brings is missing without it.
fn without_claims_not_asked_for(approved: &mut Value, asked: &ScopeSet) {
    let Some(claims) = approved.get_mut("claims").and_then(Value::as_object_mut) else { return };
    for (scope, claim) in [(giponext::PROFILE, "name"), (giponext::EMAIL, "email")] {
        if !asked.contains(scope) {
            claims.shift_remove(claim);
        }
    }
}

/// Neither C-45 nor OpenID Connect promises these of the code flow's ID token: `at_hash`, and what its header says beside the algorithm.
fn without_what_nobody_promises(approved: &mut Value) {
    for (part, member) in [("claims", "at_hash"), ("header", "typ"), ("header", "kid")] {
        if let Some(members) = approved.get_mut(part).and_then(Value::as_object_mut) {
            members.shift_remove(member);
        }
    }
}

/// The tenant's claim as the target calls it ([assume]). A number or a text: an application compares it as text.
fn rename_tenant_claim(approved: &mut Value, name: &str) {
    let Some(claims) = approved.get_mut("claims").and_then(Value::as_object_mut) else { return };
    let usual = Assumptions::default().tenant_claim;
    if let Some(value) = claims.shift_remove(&usual) {
        claims.insert(name.to_owned(), value);
    }
}

/// The approved text and the text of `value`, as insta reads and writes them.
fn compare(approved: &[u8], name: &str, value: &Value) -> Result<(String, String), Failure> {
    let folder = supervision::folder().map_err(Failure::broke)?;
    std::fs::write(folder.path().join(format!("{name}.snap")), approved).map_err(Failure::broke)?;
    let capture = Capture::default();
    bound(&folder, &capture, name, value);
    let seen = capture.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    seen.ok_or_else(|| Failure::broke(format!("insta did not compare the snapshot {name}")))
}

fn bound(folder: &tempfile::TempDir, capture: &Capture, name: &str, value: &Value) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder.path());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_comparator(Box::new(capture.clone()));
    // A panic says what the capture says too, or that nothing was compared.
    let _ = catch_unwind(AssertUnwindSafe(|| settings.bind(|| insta::assert_json_snapshot!(name, value))));
}

impl GoldenTexts {
    /// Leaves a text for approval, in the form of an approved one.
    fn leave(&self, file: &str, value: &Value) -> Result<(), Failure> {
        let path = self.pending.join(format!("{file}.new"));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Failure::broke)?;
        }
        let text = serde_json::to_string_pretty(value).map_err(Failure::broke)?;
        std::fs::write(path, format!("---\nsource: src/steps/snapshot.rs\n---\n{text}\n")).map_err(Failure::broke)
    }
}

/// Replaces values that differ from run to run by placeholders that keep identity: `known` ones by name, times by kind.
pub fn redacted(value: &Value, known: &[(&str, String)]) -> Value {
    match value {
        Value::String(text) => match known.iter().find(|(_, value)| value == text || is_under(text, value)) {
            Some((placeholder, value)) => Value::from(format!("[{placeholder}]{}", &text[value.len()..])),
            None if text.parse::<jiff::Timestamp>().is_ok() => Value::from("[time]"),
            None if text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10 => Value::from("[date]"),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| redacted(item, known)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| {
                    let shown = match (name.as_str(), member) {
                        ("iat" | "nbf" | "exp" | "auth_time", Value::Number(_)) => Value::from("[seconds]"),
                        ("jti" | "sid" | "at_hash", Value::String(_)) => Value::from(format!("[{name}]")),
                        _ => redacted(member, known),
                    };
                    (name.clone(), shown)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Whether a URL continues another one by a path.
fn is_under(url: &str, base: &str) -> bool {
    base.starts_with("http") && url.strip_prefix(base).is_some_and(|path| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_is_seen_and_an_equal_text_is_equal() {
        let approved = b"---\nsource: x\n---\n{\n  \"sub\": \"[subject]\"\n}\n";
        let value = redacted(&serde_json::json!({"sub": "u-1"}), &[("subject", "u-1".to_owned())]);
        let (reference, text) = compare(approved, "one", &value).expect("compared");
        assert_eq!(reference, text);
        let (reference, text) = compare(approved, "one", &serde_json::json!({"sub": "[subject]", "extra": 1})).expect("compared");
        assert_ne!(reference, text);
    }

    #[test]
    fn the_tenant_claim_is_called_as_the_target_file_says() {
        let mut approved = serde_json::json!({"claims": {"sub": "s", "tenant_id": 101}});
        rename_tenant_claim(&mut approved, "gipo_tenant");
        assert_eq!(approved, serde_json::json!({"claims": {"sub": "s", "gipo_tenant": 101}}));
    }

    #[test]
    fn a_target_is_asked_for_the_claims_of_the_scopes_alone() {
        let mut approved = serde_json::json!({"claims": {"sub": "s", "name": "n", "email": "e"}});
        without_claims_not_asked_for(&mut approved, &[giponext::OPENID, giponext::PROFILE].into_iter().collect());
        assert_eq!(approved, serde_json::json!({"claims": {"sub": "s", "name": "n"}}));
    }
}
