//! What the application makes of the platform's metadata.

use cucumber::when;

use super::sign_in::{Consent, Outcome};
use super::world::World;
use super::{Failure, fault_phrases};
use crate::domain::Endpoint;
use crate::platform;

#[when(expr = "{word} signs in at a relying party that starts while the platform is to {}")]
async fn signs_in_from_the_start(world: &mut World, name: String, phrase: String) -> Result<(), Failure> {
    world.require_start()?;
    let (fault, times) = fault_phrases::fault(&phrase).ok_or_else(|| Failure::broke(format!("no fault is called `{phrase}`")))?;
    world.provoke(fault, times).await?;
    if let Err(failure) = world.stage_mut()?.register_application().await {
        return world.does_not_start(&name, &failure).await;
    }
    world.stage_mut()?.provocation.started_under_it = true;
    world.sign_in(&name, Consent::GrantAll).await?;
    world.require_reads(fault)
}

impl World {
    /// It is ours to start.
    fn require_start(&self) -> Result<(), Failure> {
        if self.setup()?.is_shared() {
            return Err(Failure::not_applicable(
                "metadata and keys may be read once, at the application's start, and this one is not started by the harness ([app] command)",
            ));
        }
        Ok(())
    }

    /// The application has read what the fault acts on: metadata, and keys where it is one of theirs.
    fn require_reads(&self, fault: &str) -> Result<(), Failure> {
        let exchanges = self.provoked_exchanges()?;
        let asked_at = |endpoint: Endpoint| exchanges.iter().any(|exchange| exchange.endpoint == endpoint);
        if !asked_at(Endpoint::Discovery) {
            return Err(Failure::not_applicable("the application reads no discovery document"));
        }
        let is_of_keys = platform::faults().any(|known| known.name == fault && known.area == "JWKS");
        if is_of_keys && !asked_at(Endpoint::Jwks) {
            return Err(Failure::not_applicable("the application fetches no keys: it leaves the ID token's signature to TLS"));
        }
        Ok(())
    }

    /// An application that does not even start under such metadata has stopped early enough; it is started again without them.
    async fn does_not_start(&mut self, name: &str, failure: &Failure) -> Result<(), Failure> {
        let discovered = self.provoked_exchanges()?.iter().any(|exchange| exchange.endpoint == Endpoint::Discovery);
        if !discovered {
            return Err(Failure::unjudged(format!("the application did not start again: {}", failure.message())));
        }
        let stage = self.stage_mut()?;
        stage.instrument()?.faults().disarm_all();
        stage.register_application().await?;
        self.memory.actor = Some(name.to_owned());
        self.memory.outcome = Some(Outcome::Refused(Some(failure.message())));
        Ok(())
    }
}
