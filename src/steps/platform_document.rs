//! The API's own document, and what is answered by it.

use cucumber::then;

use super::Failure;
use super::world::World;
use crate::checks;

/// Under the API's base (C-04).
pub(super) const DOCUMENT: &str = "swagger/docs/v2";

#[then("the answer is as the platform's own document says")]
async fn answer_as_documented(world: &mut World) -> Result<(), Failure> {
    let url = world.stage()?.api()?.join(DOCUMENT).map_err(Failure::broke)?;
    let asked = world.memory.asked.clone().ok_or_else(|| Failure::broke("the client has asked nothing yet"))?;
    let client = world.client()?;
    let answer = client.answer()?.clone();
    client.get(url.as_str(), None).await?;
    let document = client.answer()?.clone();
    if document.status != 200 || document.body.get("swagger").is_none() {
        return Err(Failure::unjudged(format!("{url} answers no OpenAPI 2.0 document, but status {}", document.status)));
    }
    world.judge(checks::check_answer_matches_document(&document.body, "GET", &asked, answer.status, &answer.body))
}
