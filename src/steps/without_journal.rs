//! The oracle of a provoked scenario at a target: nothing but browsers tells there what came after the provocation.

use std::collections::BTreeSet;

use url::Url;

use super::Failure;
use super::provocation::{AUTOMATIC_SIGN_INS, signed_in_as};
use super::sign_in::once_more_if_silent;
use super::stage::Stage;
use super::world::World;
use crate::browser::Request;
use crate::domain::OraclePart;

const CALLS_ARE_UNSEEN: &str = "the application's server may call the API: only the journal of the mock platform tells whether it did";

impl World {
    /// Follow-up and recovery of a scenario that a person provokes. A sign-in that must be refused is not tested: whether data is called all
    /// the same is seen by no browser.
    pub(super) async fn settle_oracle_by_browsers(&mut self) -> Result<(), Failure> {
        if self.has_tag("negative") {
            return Err(Failure::not_tested(CALLS_ARE_UNSEEN));
        }
        let stage = self.stage_mut()?;
        stage.settle_all().await?;
        let automatic = stage.sign_ins_of_browsers().saturating_sub(stage.provocation.started_sign_ins);
        let held = automatic <= AUTOMATIC_SIGN_INS * stage.provocation.started_sign_ins.max(1);
        let ada = stage.person("Ada")?;
        let outcome = once_more_if_silent(async || stage.sign_in_apart(&ada).await).await?;
        let recovered = signed_in_as(&outcome, &ada);
        if !recovered {
            self.ledger.unseen.push((OraclePart::Recovery, format!("that of Ada ended {}", outcome.describe())));
        }
        self.ledger.oracle.set(OraclePart::NoFollowUp, held);
        self.ledger.oracle.set(OraclePart::Recovery, recovered);
        if held {
            return Ok(());
        }
        let actual = format!("{automatic} automatic sign-ins");
        self.find("started sign-ins by itself, again and again", "at most one automatic sign-in for each that was refused", &actual, &[])
    }
}

impl Stage {
    /// How many sign-ins the open browsers have begun at the platform.
    fn sign_ins_of_browsers(&self) -> usize {
        let requests: Vec<Request> = self.visitors().flat_map(|(_, visitor)| visitor.context.requests()).collect();
        begun(requests.iter().map(|request| request.url.as_str()), self.base_url.origin())
    }
}

/// Authorization requests among addresses. A platform may show one at several of its own addresses, one after the other: values that
/// the client makes for each tell them apart.
fn begun<'a>(addresses: impl Iterator<Item = &'a str>, own: url::Origin) -> usize {
    let urls = addresses.filter_map(|address| Url::parse(address).ok()).filter(|url| url.origin() != own);
    let values = urls.filter_map(|url| {
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        value("response_type")?;
        Some((value("state"), value("nonce"), value("code_challenge")))
    });
    values.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_is_counted_once_however_often_the_platform_shows_its_request() {
        let own = Url::parse("http://127.0.0.1:5000/").expect("an address").origin();
        let addresses = [
            "http://127.0.0.1:5000/login?response_type=code",
            "https://id.example/authorize?response_type=code&state=1&nonce=a",
            "https://id.example/authorize/callback?response_type=code&state=1&nonce=a",
            "https://id.example/sign-in",
            "https://id.example/authorize?response_type=code&state=2&nonce=b",
        ];
        assert_eq!(begun(addresses.into_iter(), own), 2);
    }
}
