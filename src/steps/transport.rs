//! What travels to the platform, and what must not.

use cucumber::then;

use super::Failure;
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
    if refused { Ok(()) } else { Err(Failure::unjudged("the application made no connection while the certificate was bad")) }
}

/// Whether an exchange is the application's own: its browser goes to the other endpoints.
fn is_of_the_application(exchange: &Exchange) -> bool {
    use Endpoint::{Api, DeviceAuthorization, Discovery, Introspection, Jwks, Revocation, Token, Userinfo};
    matches!(exchange.endpoint, Api | DeviceAuthorization | Discovery | Introspection | Jwks | Revocation | Token | Userinfo)
}
