//! What is kept of a scenario that failed, or could not be judged.

use std::path::Path;

use super::stage::Stage;
use crate::domain::{Attachment, ScenarioId, Suite};

impl Stage {
    /// What the application wrote, and a screenshot and the source of every page that is still open.
    pub(super) async fn keep_evidence(&self, out: &Path, scenario: &ScenarioId, suite: Suite) -> Vec<Attachment> {
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
                if let Ok(image) = page.screenshot().await {
                    kept.extend(keep(out, format!("{stem}.png"), format!("{name}'s window {number}"), "image/png", &image));
                }
                if let Ok(source) = page.source().await {
                    let source = secrets.without(&source);
                    let title = format!("source of {name}'s window {number}");
                    kept.extend(keep(out, format!("{stem}.html.txt"), title, "text/plain", source.as_bytes()));
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
