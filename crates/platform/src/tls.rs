//! The certificates of a platform under TLS: the sound one, and those that a fault shows instead. Chosen at each handshake.

use std::sync::{Arc, OnceLock, PoisonError, Weak};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use secrecy::ExposeSecret;

use super::server::endpoint;
use super::{Fault, Platform, PlatformError, Shared, Tls, TlsVersion};
use crate::domain::{Endpoint, Exchange, Facts, HANDSHAKE};

pub(crate) const SELF_SIGNED: &str = "tls-self-signed";
pub(crate) const WRONG_HOST: &str = "tls-wrong-host";
pub(crate) const EXPIRED: &str = "tls-expired";

const fn fault(name: &'static str, effect: &'static str) -> Fault {
    Fault { name, area: "TLS", effect, requirements: &["TK-04", "GX-22"], by_hand: None }
}

/// Only where the platform speaks https; on connections that are made from then on.
pub(crate) const FAULTS: &[Fault] = &[
    fault(SELF_SIGNED, "shows a certificate that no authority has signed (https only, new connections)"),
    fault(WRONG_HOST, "shows a certificate of the right authority for another host (https only, new connections)"),
    fault(EXPIRED, "shows a certificate of the right authority that has expired (https only, new connections)"),
];

tokio::task_local! {
    /// The fault by which the handshake that runs now was shown a bad certificate.
    pub(super) static SHOWN: OnceLock<&'static str>;
}

/// In the extensions of every request that came over such a connection: that fault.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoilt(pub Option<&'static str>);

impl Platform {
    /// A bad certificate is shown when so many answers of this endpoint have had this status from now on, not before.
    pub fn spare_handshakes_until(&self, endpoint: Endpoint, status: u16, answers: usize) {
        let spared = (answers > 0).then_some((endpoint, status, answers));
        *self.shared().spared_until.lock().unwrap_or_else(PoisonError::into_inner) = spared;
    }

    /// A bad certificate is shown as soon as its fault is armed.
    pub fn spare_no_handshake(&self) {
        *self.shared().spared_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Picks a handshake's certificate.
#[derive(Debug)]
pub(super) struct Certificates {
    sound: Arc<CertifiedKey>,
    faulty: Vec<(&'static str, Arc<CertifiedKey>)>,
    /// The platform, once it is there.
    shared: OnceLock<Weak<Shared>>,
}

impl Certificates {
    pub(crate) fn parse(tls: &Tls) -> Result<Arc<Self>, PlatformError> {
        let key = |chain: &str| certified(chain, tls.key_pem.expose_secret()).map(Arc::new);
        let faulty = tls.faulty.iter().map(|(name, chain)| Ok((*name, key(chain)?)));
        let faulty = faulty.collect::<Result<_, PlatformError>>()?;
        Ok(Arc::new(Self { sound: key(&tls.certificate_pem)?, faulty, shared: OnceLock::new() }))
    }

    pub(crate) fn belong_to(&self, shared: &Arc<Shared>) {
        // Called once, where the platform is made.
        let _ = self.shared.set(Arc::downgrade(shared));
    }

    /// HTTP/1.1 only: each of its answers can end the connection, so that the next handshake is a new one. No session is resumed:
    /// a client that resumes sees no certificate, and a sound one would pass for careless.
    pub(crate) fn config(self: &Arc<Self>, minimum: TlsVersion) -> Arc<ServerConfig> {
        let versions = match minimum {
            TlsVersion::V1_2 => rustls::DEFAULT_VERSIONS,
            TlsVersion::V1_3 => &[&rustls::version::TLS13],
        };
        let mut config = ServerConfig::builder_with_protocol_versions(versions).with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Arc::new(config)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let fired = self.shared.get().and_then(Weak::upgrade).and_then(|shared| {
            let armed = self.faulty.iter().find(|(name, _)| shared.faults.armed().iter().any(|(known, _)| known == name))?;
            if shared.spared_until.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                return None;
            }
            let trace = shared.journal.open();
            trace.fires(&shared.faults, armed.0).then(|| {
                record(&shared, trace.number(), vec![armed.0.to_owned()], None);
                // Outside of a handshake of this platform's nobody asks.
                let _ = SHOWN.try_with(|shown| shown.set(armed.0));
                armed.1.clone()
            })
        });
        Some(fired.unwrap_or_else(|| self.sound.clone()))
    }
}

/// Layer: while a fault of this table is armed, no answer leaves its connection open.
pub(super) async fn end_connection(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let endpoint = endpoint(&shared.settings.paths, request.uri().path());
    let mut response = next.run(request).await;
    if is_armed(&shared) {
        let mut spared_until = shared.spared_until.lock().unwrap_or_else(PoisonError::into_inner);
        spared_until.take_if(|(awaited, status, left)| {
            if (*awaited, *status) == (endpoint, response.status().as_u16()) {
                *left -= 1;
            }
            *left == 0
        });
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether connections that are made now are shown a bad certificate.
pub(super) fn is_armed(shared: &Shared) -> bool {
    shared.faults.armed().iter().any(|(name, _)| FAULTS.iter().any(|fault| fault.name == *name))
}

/// A handshake that a fault spoils, or that a client refuses, has an entry of its own: no request may follow.
pub(super) fn record(shared: &Shared, number: u64, faults: Vec<String>, refusal: Option<String>) {
    if !shared.journal.records() {
        return;
    }
    shared.journal.record(Exchange {
        number,
        at_ms: shared.journal.elapsed_ms(),
        duration_ms: 0,
        endpoint: Endpoint::Other,
        method: HANDSHAKE.to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: Vec::new(),
        form: Vec::new(),
        body: None,
        status: 0,
        response_headers: Vec::new(),
        response: None,
        facts: Facts { refusal, ..Facts::default() },
        faults,
    });
}

fn certified(chain: &str, key: &str) -> Result<CertifiedKey, PlatformError> {
    let unreadable = |error: &dyn std::fmt::Display| PlatformError::Certificate(error.to_string());
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(&error))?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| unreadable(&error))?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| unreadable(&error))
}
