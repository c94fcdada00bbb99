//! What travels to the platform, and what must not.

use cucumber::then;

use super::Failure;
use super::traffic::told;
use super::world::World;
use crate::domain::{Endpoint, Exchange};

#[then("the relying party sends nothing to the platform")]
fn sends_nothing(world: &mut World) -> Result<(), Failure> {
    let exchanges = world.provoked_exchanges()?;
    let sent: Vec<&Exchange> = exchanges.iter().filter(|exchange| is_of_the_application(exchange)).collect();
    if let Some(first) = sent.first() {
        let numbers: Vec<u64> = sent.iter().map(|exchange| exchange.number).collect();
        let actual = format!("{} {}, over a connection whose certificate is not in order", first.method, first.path);
        return world.find("trusts a certificate that is not in order", "no request: the TLS handshake is broken off", &actual, &numbers);
    }
    let refused = exchanges.iter().any(|exchange| exchange.is_handshake() && exchange.facts.refusal.is_some());
    if refused {
        return Ok(());
    }
    let ended = world.memory.outcome.as_ref().map(|outcome| format!("; the sign-in ended {}", outcome.describe())).unwrap_or_default();
    Err(Failure::unjudged(format!(
        "while the certificate was bad no connection of the application was broken off, as one that looks at it has to do: the platform saw \
         {}{ended}. Have it ask the platform at each sign-in and each page, and keep no connection open between them",
        told(&exchanges)
    )))
}

/// Whether an exchange is the application's own: its browser goes to the other endpoints.
fn is_of_the_application(exchange: &Exchange) -> bool {
    use Endpoint::{Api, DeviceAuthorization, Discovery, Introspection, Jwks, Revocation, Token, Userinfo};
    matches!(exchange.endpoint, Api | DeviceAuthorization | Discovery | Introspection | Jwks | Revocation | Token | Userinfo)
}
