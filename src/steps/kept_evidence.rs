//! What is kept of a scenario that failed, or could not be judged.

use std::path::Path;

use super::stage::Stage;
use crate::domain::{Attachment, ScenarioId, Suite};

impl Stage {
    /// What the application wrote, and a screenshot and the source of every page that is still open.
    pub(super) async fn keep_evidence(&self, out: &Path, scenario: &ScenarioId, suite: Suite) -> Vec<Attachment> {
        let shows: Vec<String> = if suite == Suite::Platform { Vec::new() } else { self.entries_of_patients() };
        let entries: Vec<&str> = shows.iter().map(String::as_str).collect();
        // The mock's patients are known by name, and taken out by it; those of a target are hidden where they are shown.
        let hidden = if self.mock().is_ok() { &[] } else { &entries[..] };
        self.learn_patients().await;
        let secrets = self.kept_secret(suite);
        let folder: String = scenario.0.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let mut kept = Vec::new();
        if let Some(words) = self.words().await.filter(|words| !words.is_empty()) {
            let title = "what the application wrote".to_owned();
            kept.extend(keep(out, format!("evidence/{folder}/application.txt"), title, "text/plain", words.as_bytes()));
        }
        for (name, visitor) in self.visitors() {
            for (number, page) in (1..).zip(visitor.context.pages()) {
                let stem = format!("evidence/{folder}/{}-{number}", name.to_lowercase().replace(' ', "-"));
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

fn keep(out: &Path, path: String, title: String, media_type: &str, bytes: &[u8]) -> Option<Attachment> {
    let file = out.join(&path);
    std::fs::create_dir_all(file.parent()?).ok()?;
    std::fs::write(file, bytes).ok()?;
    Some(Attachment { title, media_type: media_type.to_owned(), path })
}
