//! A port of its own for the application of a stage, where the profile says by `{port}` how to tell it.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

use super::{Failure, Setup};

/// Ports that few programs listen on, and that the system gives to no connection of its own choice: between our letting go of one and
/// the application's taking it nobody takes it by chance.
const QUIET_PORTS: std::ops::Range<u16> = 15_000..32_000;
const ATTEMPTS: usize = 50;

/// The first port that the system gives to outgoing connections.
fn lowest_ephemeral() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(QUIET_PORTS.end)
}

/// A loopback port that nobody else is given: bound, and not listened on, until the application takes it over.
pub struct OwnPort {
    socket: TcpSocket,
    number: u16,
}

impl OwnPort {
    /// `None`: the application has the one port that its profile names. A target knows the redirect URIs that it was told.
    pub fn of(setup: &Setup) -> Result<Option<Self>, Failure> {
        if setup.bundled || setup.remote().is_some() || !setup.profile.app.takes_a_port() {
            return Ok(None);
        }
        Self::reserve().map(Some).map_err(|error| Failure::broke(format!("no port is free for the application: {error}")))
    }

    fn reserve() -> std::io::Result<Self> {
        let quiet = QUIET_PORTS.end.min(lowest_ephemeral());
        for _ in 0..ATTEMPTS {
            if quiet > QUIET_PORTS.start
                && let Ok(kept) = Self::at(rand::random_range(QUIET_PORTS.start..quiet))
            {
                return Ok(kept);
            }
        }
        Self::at(0)
    }

    fn at(port: u16) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let number = socket.local_addr()?.port();
        Ok(Self { socket, number })
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// Leaves the port to the application.
    pub fn free(self) {
        drop(self.socket);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_is_kept_until_it_is_freed() {
        let kept = [OwnPort::reserve().expect("a port"), OwnPort::reserve().expect("another")];
        assert_ne!(kept[0].number(), kept[1].number());
        let numbers = kept.each_ref().map(OwnPort::number);
        assert!(numbers.iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_err()));
        kept.into_iter().for_each(OwnPort::free);
        assert!(numbers.iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()));
    }
}
