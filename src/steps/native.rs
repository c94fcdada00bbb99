//! Native applications (RFC 8252): where the authorization response is received.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use cucumber::{given, then, when};
use tokio::net::TcpStream;
use url::Url;

use super::Failure;
use super::sign_in::Consent;
use super::world::World;
use crate::checks::{self, Port};
use crate::domain::ApplicationType;

/// How long an address is knocked at.
const KNOCK: Duration = Duration::from_millis(500);
/// How long a port may stay open when the response has come.
const CLOSING: Duration = Duration::from_secs(3);
/// Between two knocks at a port that is to close: nothing tells when it does.
const KNOCK_INTERVAL: Duration = Duration::from_millis(50);

#[given("the native application is registered at the platform")]
async fn registered(world: &mut World) -> Result<(), Failure> {
    world.register_program(ApplicationType::Native).await
}

#[when(expr = "{word} signs in through the program")]
async fn signs_in(world: &mut World, name: String) -> Result<(), Failure> {
    world.sign_in(&name, Consent::GrantAll).await
}

#[when(regex = r"^(\w+) (signs in|cancels) while the program's port is watched$")]
async fn watched(world: &mut World, name: String, decision: String) -> Result<(), Failure> {
    let consent = if decision == "cancels" { Consent::Cancel } else { Consent::GrantAll };
    world.sign_in_watching_port(&name, &consent).await
}

#[then("the redirect URI is a loopback address")]
async fn loopback(world: &mut World) -> Result<(), Failure> {
    let judgement = checks::check_loopback_literal(&world.exchanges()?);
    world.judge(judgement)
}

#[then("the port was open on loopback only, and only while the program waited")]
async fn port_as_it_should(world: &mut World) -> Result<(), Failure> {
    let port = world.memory.port.clone().ok_or_else(|| Failure::broke("no step has looked at the port"))?;
    world.judge(checks::check_port(&port))
}

impl World {
    async fn sign_in_watching_port(&mut self, name: &str, consent: &Consent) -> Result<(), Failure> {
        self.memory.actor = Some(name.to_owned());
        let stage = self.stage_mut()?;
        let person = stage.person(name)?;
        stage.start_program()?;
        let address = stage.address_to_open().await?;
        let Some(loopback) = redirect_address(&address) else {
            return Err(Failure::not_applicable("the redirect URI is no loopback address with a port: nothing listens there"));
        };
        let mut port = Port::default();
        // Loopback itself is not knocked at: a program that takes one connection would be spoilt by it.
        for elsewhere in addresses_beside_loopback() {
            port.tried_elsewhere = true;
            if is_open(SocketAddr::new(elsewhere, loopback.port())).await {
                port.open_elsewhere.push(elsewhere.to_string());
            }
        }
        if let Some(turned_away) = stage.answer_program(name, &person, consent).await? {
            self.memory.outcome = Some(turned_away);
        } else {
            self.memory.outcome = Some(stage.program_outcome(stage.program_patience()).await?);
            port.open_afterwards = Some(stays_open(loopback).await);
        }
        self.memory.port = Some(port);
        Ok(())
    }
}

/// Where the authorization request wants its response, if that is a loopback address.
fn redirect_address(request: &str) -> Option<SocketAddr> {
    let request = Url::parse(request).ok()?;
    let redirect_uri = request.query_pairs().find(|(name, _)| name == "redirect_uri")?.1.into_owned();
    let redirect_uri = Url::parse(&redirect_uri).ok().filter(|uri| uri.scheme() == "http")?;
    redirect_uri.socket_addrs(|| None).ok()?.into_iter().find(|address| address.ip().is_loopback())
}

/// This machine's own address in its network, and one that only who listens everywhere is found at.
fn addresses_beside_loopback() -> Vec<IpAddr> {
    // Nothing is sent: connecting a UDP socket asks for the route alone.
    let routed = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    let own = routed.ok().map(|address| address.ip()).filter(|address| !address.is_loopback() && !address.is_unspecified());
    // On Linux every address of 127.0.0.0/8 is this machine's; a program that listens on 127.0.0.1 is not found at another one.
    let other = cfg!(target_os = "linux").then_some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)));
    own.into_iter().chain(other).collect()
}

async fn is_open(address: SocketAddr) -> bool {
    matches!(tokio::time::timeout(KNOCK, TcpStream::connect(address)).await, Ok(Ok(_)))
}

/// Whether the port is open for longer than a program needs to close it.
async fn stays_open(address: SocketAddr) -> bool {
    let mut tick = tokio::time::interval(KNOCK_INTERVAL);
    let end = tokio::time::Instant::now() + CLOSING;
    loop {
        tick.tick().await;
        if !is_open(address).await {
            return false;
        }
        if tokio::time::Instant::now() >= end {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_response_is_read_from_the_request() {
        let request = |uri: &str| {
            let mut request = Url::parse("http://localhost:1/connect/authorize?response_type=code").expect("a URL");
            request.query_pairs_mut().append_pair("redirect_uri", uri);
            redirect_address(request.as_str())
        };
        assert_eq!(request("http://127.0.0.1:4000/callback"), Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 4000))));
        for none in ["com.example.app:/callback", "https://127.0.0.1:4000/", "http://192.0.2.1:4000/"] {
            assert_eq!(request(none), None, "{none}");
        }
    }

    #[tokio::test]
    async fn a_listener_everywhere_is_found_beside_loopback_and_one_on_loopback_is_not() {
        for (host, found) in [(Ipv4Addr::UNSPECIFIED, true), (Ipv4Addr::LOCALHOST, false)] {
            let listener = std::net::TcpListener::bind((host, 0)).expect("a free port");
            let port = listener.local_addr().expect("bound").port();
            let mut open = false;
            for address in addresses_beside_loopback() {
                open |= is_open(SocketAddr::new(address, port)).await;
            }
            assert_eq!(open, found, "{host}");
            drop(listener);
            assert!(!stays_open(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await);
        }
    }
}
