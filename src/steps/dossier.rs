//! Attested facts of the accreditation.

use std::collections::BTreeMap;

use cucumber::then;
use secrecy::ExposeSecret;

use super::Failure;
use super::world::World;
use crate::checks::{self, RegisteredEnvironment};
use crate::domain::{Attestation, Attested, TemporaryUser};

#[then("the dossier names who introduced the integrator, and when")]
async fn introduction(world: &mut World) -> Result<(), Failure> {
    let fact = world.setup()?.profile.dossier.introduced_by.clone();
    world.attested(fact, "the medical centre introduced the integrator", "dossier.introduced_by")
}

#[then("the dossier names who holds the developer account, and since when")]
async fn developer_account(world: &mut World) -> Result<(), Failure> {
    let fact = world.setup()?.profile.dossier.developer_account.clone();
    world.attested(fact, "the developer account, its role and the application request", "dossier.developer_account")
}

#[then("the dossier names the ticket or the credentials that opened the data")]
async fn data_access(world: &mut World) -> Result<(), Failure> {
    let fact = world.setup()?.profile.dossier.data_access.clone();
    world.attested(fact, "the access to the medical centre's data", "dossier.data_access")
}

#[then("the dossier names where the application was tested")]
async fn tested_on(world: &mut World) -> Result<(), Failure> {
    let fact = world.setup()?.profile.dossier.tested_on.clone();
    world.attested(fact, "the tests on a sandbox tenant or with an agreed temporary user", "dossier.tested_on")
}

#[then("the dossier names who answers for the questions to support")]
async fn support(world: &mut World) -> Result<(), Failure> {
    let fact = world.setup()?.profile.dossier.support.clone();
    world.attested(fact, "questions to support are clarifications, with endpoint, status, body and time", "dossier.support")
}

#[then("the dossier gives the day on which each temporary user was deactivated")]
async fn temporary_users(world: &mut World) -> Result<(), Failure> {
    let users = world.temporary_users()?;
    let active: Vec<&str> = users.iter().filter(|user| user.deactivated_on.is_none()).map(|user| user.email.as_str()).collect();
    if !active.is_empty() {
        let actual = format!("still active: {}", active.join(", "));
        return world.find("left temporary users active", "every temporary user is deactivated", &actual, &[]);
    }
    world.ledger.attestations.extend(users.into_iter().map(deactivation));
    Ok(())
}

fn deactivation(user: TemporaryUser) -> Attestation {
    let (fact, date) = ("the temporary user was deactivated".to_owned(), user.deactivated_on.unwrap_or_default());
    Attestation { fact, name: user.email, date, ticket: None }
}

#[then("environments with different redirect URIs have different clients")]
async fn separate_clients(world: &mut World) -> Result<(), Failure> {
    let environments = world.environments()?;
    world.judge(checks::check_separate_applications(&environments))
}

#[then("no two environments share a client secret")]
async fn separate_secrets(world: &mut World) -> Result<(), Failure> {
    let environments = world.environments()?;
    if environments.len() > 1 && environments.iter().any(|environment| environment.secret_digest.is_none()) {
        return Err(Failure::NeedsReview {
            reason: "set each environment's secret_env, so that digests of the secrets can be compared".to_owned(),
        });
    }
    world.judge(checks::check_separate_secrets(&environments))
}

impl World {
    fn attested(&mut self, fact: Option<Attested>, words: &str, key: &str) -> Result<(), Failure> {
        let fact =
            fact.ok_or_else(|| Failure::NeedsReview { reason: format!("nobody attests it yet: fill in {key} with name and date") })?;
        if fact.name.trim().is_empty() || fact.date.parse::<jiff::civil::Date>().is_err() {
            return Err(Failure::NeedsReview { reason: format!("{key} needs a name and a date such as 2026-11-24") });
        }
        self.ledger.attestations.push(fact.attestation(words));
        Ok(())
    }

    fn temporary_users(&self) -> Result<Vec<TemporaryUser>, Failure> {
        let users = self.setup()?.profile.dossier.temporary_users.clone();
        users.ok_or_else(|| Failure::NeedsReview {
            reason: "dossier.temporary_users is missing: list them, or write an empty list if there were none".to_owned(),
        })
    }

    /// The dossier's environments; of a secret no more than a digest that is salted anew in each run.
    fn environments(&self) -> Result<Vec<RegisteredEnvironment>, Failure> {
        let setup = self.setup()?;
        if setup.profile.dossier.environments.is_empty() {
            return Err(Failure::NeedsReview {
                reason: "dossier.environments is missing: name each environment with its client id and redirect URIs".to_owned(),
            });
        }
        let salt = ring::digest::digest(&ring::digest::SHA256, &setup.seed.to_be_bytes());
        let digests: BTreeMap<&String, String> = setup
            .dossier_secrets
            .iter()
            .map(|(name, secret)| {
                let salted = [salt.as_ref(), secret.expose_secret().as_bytes()].concat();
                (name, format!("{:?}", ring::digest::digest(&ring::digest::SHA256, &salted)))
            })
            .collect();
        Ok(setup
            .profile
            .dossier
            .environments
            .iter()
            .map(|environment| RegisteredEnvironment {
                name: environment.name.clone(),
                client_id: environment.client_id.clone(),
                redirect_uris: environment.redirect_uris.clone(),
                secret_digest: digests.get(&environment.name).cloned(),
            })
            .collect())
    }
}
