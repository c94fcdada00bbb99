use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::{MissedTickBehavior, interval};

use super::Defect;
use super::app::App;
use super::config::under;
use super::lists::{self, Feature};
use crate::oauth::giponext;

/// The defect's pace.
const STORM: Duration = Duration::from_millis(1500);

/// Reads the agenda of everybody who is signed in, again and again: one round after the other, never two at once (GX-16).
///
/// A session whose access has ended is read no more: the call that learns of it ends the session, and the person's page offers to sign
/// in again (LO-05).
pub(super) async fn work(app: Arc<App>) {
    let storm = app.config.has(Defect::PollsInAStorm).then_some(STORM);
    let Some(period) = storm.or(app.config.background) else { return };
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known: HashMap<String, SecretString> = HashMap::new();
    loop {
        tick.tick().await;
        for session in app.store.signed_in() {
            let Some(signed_in) = session.signed_in().filter(|signed_in| signed_in.granted.contains(giponext::AGENDA)) else { continue };
            known.insert(session.id.clone(), signed_in.tokens.access);
            if let Err(error) = lists::read(app.at(signed_in.at_other), &session, Feature::Agenda).await {
                tracing::warn!(%error, "the agenda was not read in the background");
            }
        }
        if app.config.has(Defect::PollsAfterRemoval) {
            for token in known.values() {
                let _ = app.get(&under(&app.config.api, "v2/userinfo"), token).await;
            }
        }
    }
}
