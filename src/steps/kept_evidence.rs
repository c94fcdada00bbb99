//! What is kept of a scenario that failed, or could not be judged.

use std::path::Path;

use super::canaries::masks;
use super::stage::Stage;
use crate::domain::{Attachment, ScenarioId, Suite};

impl Stage {
    /// What the application wrote, and a screenshot and the source of every page that is still open.
    pub(super) async fn keep_evidence(&self, out: &Path, scenario: &ScenarioId, suite: Suite) -> Vec<Attachment> {
        let shows: Vec<String> = if suite == Suite::Platform || !masks() { Vec::new() } else { self.entries_of_patients() };
        let entries: Vec<&str> = shows.iter().map(String::as_str).collect();
        // The mock's patients are known by name, and taken out by it; those of a target are hidden where they are shown.
        let hidden = if self.mock().is_ok() { &[] } else { &entries[..] };
        self.learn_patients().await;
        if let Some(written) = self.output().await {
            self.learn_tokens(&written);
        }
        let secrets = self.kept_secret(suite);
        let folder = folder_of(scenario);
        let mut kept = Vec::new();
        if let Some(words) = self.words().await.filter(|words| !words.is_empty()) {
            let title = "what the application wrote".to_owned();
            kept.extend(keep(out, format!("evidence/{folder}/application.txt"), title, "text/plain", words.as_bytes()));
        }
        for (name, visitor) in self.visitors() {
            for (number, page) in (1..).zip(visitor.context.pages()) {
                let stem = format!("evidence/{folder}/{}-{number}", plain_name(name, ' ').to_lowercase());
                // Before the picture, for which the page is covered.
                if let Ok(source) = page.source_without(hidden).await {
                    let source = secrets.without(&source);
                    let title = format!("source of {name}'s window {number}");
                    kept.extend(keep(out, format!("{stem}.html.txt"), title, "text/plain", source.as_bytes()));
                }
                // One that cannot be covered is not kept.
                if let Ok(image) = page.picture_without(&entries, |text| secrets.without(text) != text).await {
                    kept.extend(keep(out, format!("{stem}.png"), format!("{name}'s window {number}"), "image/png", &image));
                }
            }
        }
        kept
    }
}

/// The longest name of a file, without its ending; file systems allow for 255 bytes.
const LONGEST_NAME: usize = 100;

fn folder_of(scenario: &ScenarioId) -> String {
    plain_name(&scenario.0.replacen(".feature:", "/feature/", 1), '/')
}

/// A name for a file that says what `text` says, in letters, digits, `-` and `_`. The joint becomes `-`; whatever else has to be left out leaves
/// a digest of the whole text behind: two texts never share a name.
fn plain_name(text: &str, joint: char) -> String {
    let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).take(LONGEST_NAME).collect();
    let is_told = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == joint;
    if text.len() <= LONGEST_NAME && !text.is_empty() && text.chars().all(is_told) {
        return plain;
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let digest: String = digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{plain}-{digest}")
}

fn keep(out: &Path, path: String, title: String, media_type: &str, bytes: &[u8]) -> Option<Attachment> {
    let file = out.join(&path);
    std::fs::create_dir_all(file.parent()?).ok()?;
    std::fs::write(file, bytes).ok()?;
    Some(Attachment { title, media_type: media_type.to_owned(), path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_short_and_its_own() {
        let folder = |id: &str| folder_of(&ScenarioId(id.to_owned()));
        assert_eq!(folder("features/session/lists.feature:8"), "features-session-lists-feature-8");
        assert_eq!(plain_name("Ada again", ' '), "Ada-again");
        let odd =
            ["Ada/../../x", "Ada\\x", "Ada\nx", "Ad\u{e0} x", "Ada\u{202e}x", "", "-", "Ada.png", &"x".repeat(4000), &"y".repeat(4000)];
        let names: std::collections::BTreeSet<String> = odd.iter().map(|text| plain_name(text, ' ')).collect();
        assert_eq!(names.len(), odd.len());
        for name in &names {
            assert!(name.len() <= LONGEST_NAME + 9, "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{name}");
        }
        // What would read alike.
        let alike = ["a/b.feature:8", "a-b.feature:8", "a.b.feature:8", "a:b.feature:8"].map(folder);
        assert_eq!(alike.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{alike:?}");
        assert_ne!(plain_name(&format!("{}a", "x".repeat(200)), ' '), plain_name(&format!("{}b", "x".repeat(200)), ' '));
    }
}
