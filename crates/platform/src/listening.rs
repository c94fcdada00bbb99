//! The sockets of a platform.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::hosts::foreign_address;
use super::{PlatformError, Settings};

/// Tries to find one port that is free on IPv4 and IPv6 loopback.
const PORT_TRIES: usize = 16;

pub(super) fn listen_error(settings: &Settings, source: std::io::Error) -> PlatformError {
    PlatformError::Listen { address: SocketAddr::new(settings.address, settings.port), source }
}

/// Listens on the wanted address and, on loopback, at those beside it: on IPv6 under `localhost`, because clients that resolve
/// it to `::1` first would be refused otherwise, and at Mallory's address. A machine without one of them does without.
pub(super) fn listen(settings: &Settings) -> Result<Vec<TcpListener>, PlatformError> {
    let mut beside: Vec<IpAddr> = Vec::new();
    if settings.address == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        beside.extend((settings.public_host == "localhost").then_some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
        beside.extend(foreign_address().filter(|address| !beside.contains(address)));
    }
    for attempt in 1..=PORT_TRIES {
        let mut listeners = vec![bind(settings.address, settings.port)?];
        let port = listeners[0].local_addr().map_err(|source| listen_error(settings, source))?.port();
        let taken = beside.iter().find_map(|address| match bind(*address, port) {
            Ok(listener) => {
                listeners.push(listener);
                None
            }
            Err(PlatformError::Listen { source, .. }) if source.kind() != std::io::ErrorKind::AddrInUse => None,
            Err(error) => Some(error),
        });
        match taken {
            None => return Ok(listeners),
            Some(_) if settings.port == 0 && attempt < PORT_TRIES => {}
            Some(error) => return Err(error),
        }
    }
    unreachable!("the last try returns")
}

fn bind(address: IpAddr, port: u16) -> Result<TcpListener, PlatformError> {
    let address = SocketAddr::new(address, port);
    let failed = |source| PlatformError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}
