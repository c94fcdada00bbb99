//! Bad certificates on purpose: a sound client refuses each for its own reason, and gets no answer to read.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use collaudo::domain::{Endpoint, Exchange};
use collaudo::platform::{Platform, Settings, Times, own_certificate};
use reqwest::{Certificate, Client};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

struct Desk {
    platform: Platform,
    ca: Certificate,
    ca_pem: String,
}

impl Desk {
    async fn new() -> Self {
        let own = own_certificate(&["localhost", "127.0.0.1", "::1"]).expect("made");
        let ca = Certificate::from_pem(own.ca_pem.as_bytes()).expect("a certificate");
        let platform = Platform::start(Settings { tls: Some(own.tls), ..Settings::default() }).await.expect("a free port");
        Self { platform, ca, ca_pem: own.ca_pem }
    }

    /// One that trusts the platform's authority and no other.
    fn client(&self) -> Client {
        Client::builder().tls_certs_only([self.ca.clone()]).build().expect("a client")
    }

    /// A call of the client fails for this reason, and so does the one after it. The first ones may still be served by the old
    /// connection, or find it closed under their hands.
    async fn until_it_meets(&self, client: &Client, reason: &str) {
        let mut told = Vec::new();
        while told.len() < 10 {
            let answer = self.discovery(client).await;
            if answer.as_ref().is_err_and(|told| told.contains(reason)) {
                assert!(self.discovery(client).await.is_err_and(|told| told.contains(reason)), "once {reason}, always {reason}");
                return;
            }
            told.push(answer);
        }
        panic!("never for {reason}: {told:?}");
    }

    /// Status, or everything that the client says of its failure.
    async fn discovery(&self, client: &Client) -> Result<u16, String> {
        let url = self.platform.issuer().join("/.well-known/openid-configuration").expect("a path");
        match client.get(url).send().await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) => {
                let mut told = error.to_string();
                let mut source: Option<&dyn std::error::Error> = std::error::Error::source(&error);
                while let Some(error) = source {
                    told += &format!(": {error}");
                    source = error.source();
                }
                Err(told)
            }
        }
    }
}

#[tokio::test]
async fn each_bad_certificate_is_refused_for_its_own_reason_and_the_sound_one_accepted_again() {
    let desk = Desk::new().await;
    assert_eq!(desk.discovery(&desk.client()).await, Ok(200));
    for (fault, reason) in [("tls-self-signed", "UnknownIssuer"), ("tls-wrong-host", "not valid for name"), ("tls-expired", "expired")] {
        desk.platform.faults().arm(fault, Times::Always).expect("it is known");
        let mark = desk.platform.journal().mark();
        let refused = desk.discovery(&desk.client()).await.expect_err("the certificate is bad");
        assert!(refused.contains(reason), "{fault}: {refused}");
        let seen = desk.platform.journal().since(mark);
        assert!(
            !seen.is_empty() && seen.iter().all(|exchange| exchange.method == "TLS" && exchange.faults == [fault]),
            "{fault}: {seen:?}"
        );
        assert!(desk.platform.faults().firings().iter().any(|firing| firing.fault == fault && firing.exchange == seen[0].number));
        desk.platform.faults().disarm(fault).expect("it is known");
        assert_eq!(desk.discovery(&desk.client()).await, Ok(200), "after {fault}");
    }
}

#[tokio::test]
async fn a_careless_client_gets_its_answer_so_that_carelessness_shows() {
    let desk = Desk::new().await;
    let careless =
        Client::builder().tls_danger_accept_invalid_certs(true).tls_danger_accept_invalid_hostnames(true).build().expect("a client");
    for fault in ["tls-self-signed", "tls-wrong-host", "tls-expired"] {
        desk.platform.faults().arm(fault, Times::Always).expect("it is known");
        assert_eq!(desk.discovery(&careless).await, Ok(200), "{fault}");
    }
}

#[tokio::test]
async fn a_client_that_keeps_its_connection_meets_the_fault_too() {
    let desk = Desk::new().await;
    let client = desk.client();
    assert_eq!(desk.discovery(&client).await, Ok(200));
    desk.platform.faults().arm("tls-expired", Times::Always).expect("it is known");
    desk.platform.close_connections();
    desk.until_it_meets(&client, "expired").await;
    desk.platform.faults().disarm_all();
    assert_eq!(desk.discovery(&client).await, Ok(200));
    desk.platform.faults().arm("tls-expired", Times::Always).expect("it is known");
    assert_eq!(desk.discovery(&client).await, Ok(200), "its connection was open already, and ends with this answer");
    desk.until_it_meets(&client, "expired").await;
}

/// A client that trusts the platform's authority, for the host that it asks for, and hangs up without a word: when it has sent its
/// hello, or when the handshake is over.
fn hang_up(desk: &Desk, host: &'static str, when_it_is_over: bool) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(desk.ca_pem.as_bytes()).expect("a certificate")).expect("a root");
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let mut client = rustls::ClientConnection::new(Arc::new(config), host.try_into().expect("a name")).expect("a client");
    let port = desk.platform.issuer().port().expect("a port of its own");
    let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    if when_it_is_over {
        client.complete_io(&mut socket).expect("a handshake");
        assert!(!client.is_handshaking());
    } else {
        client.write_tls(&mut socket).expect("it reads");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_without_an_alert_has_refused_too() {
    let desk = Desk::new().await;
    let journal = desk.platform.journal();
    let mark = journal.mark();
    // While the certificate is in order nobody is taken for somebody who refuses it.
    hang_up(&desk, "localhost", true);
    hang_up(&desk, "localhost", false);
    assert_eq!(desk.discovery(&desk.client()).await, Ok(200));
    assert!(journal.since(mark).iter().all(|exchange| !exchange.is_handshake()), "{:?}", journal.since(mark));
    desk.platform.faults().arm("tls-wrong-host", Times::Always).expect("it is known");
    for (when_it_is_over, how) in [(true, "closed the connection"), (false, "hung up in the TLS handshake")] {
        hang_up(&desk, "elsewhere.gipo.example", when_it_is_over);
        let told = |exchange: &Exchange| exchange.facts.refusal.as_deref().is_some_and(|refusal| refusal.contains(how));
        let seen = journal.wait_for(mark, how, Duration::from_secs(5), told).await.expect("it is told");
        assert!(seen.is_handshake(), "{seen:?}");
    }
}

#[tokio::test]
async fn a_bad_certificate_can_wait_for_an_answer_and_what_went_over_it_is_told() {
    let desk = Desk::new().await;
    let careless =
        Client::builder().tls_danger_accept_invalid_certs(true).tls_danger_accept_invalid_hostnames(true).build().expect("a client");
    desk.platform.spare_handshakes_until(Endpoint::Discovery, 200, 1);
    desk.platform.faults().arm("tls-wrong-host", Times::Always).expect("it is known");
    let mark = desk.platform.journal().mark();
    assert_eq!(desk.discovery(&desk.client()).await, Ok(200), "before the answer the certificate is sound");
    assert!(desk.discovery(&desk.client()).await.is_err(), "after it the other one is shown");
    assert_eq!(desk.discovery(&careless).await, Ok(200));
    let seen = desk.platform.journal().since(mark);
    let spoilt = |exchange: &&Exchange| exchange.endpoint == Endpoint::Discovery && exchange.faults == ["tls-wrong-host"];
    assert_eq!(seen.iter().filter(|exchange| exchange.endpoint == Endpoint::Discovery).count(), 2, "{seen:?}");
    assert_eq!(seen.iter().filter(spoilt).count(), 1, "only what went over the bad connection: {seen:?}");
    desk.platform.spare_handshakes_until(Endpoint::Token, 200, 1);
    assert_eq!(desk.discovery(&desk.client()).await, Ok(200));
    desk.platform.spare_no_handshake();
    assert!(desk.discovery(&desk.client()).await.is_err());
}

#[tokio::test]
async fn plain_http_knows_no_certificate() {
    let platform = Platform::start(Settings::default()).await.expect("a free port");
    platform.faults().arm("tls-expired", Times::Always).expect("it is known");
    let url = platform.issuer().join("/.well-known/openid-configuration").expect("a path");
    assert_eq!(reqwest::get(url).await.expect("an answer").status(), 200);
    assert!(platform.faults().firings().is_empty());
}

#[tokio::test]
async fn versions_older_than_the_assumed_minimum_are_refused() {
    use collaudo::platform::{Assumptions, TlsVersion};
    let own = own_certificate(&["localhost"]).expect("made");
    let ca = Certificate::from_pem(own.ca_pem.as_bytes()).expect("a certificate");
    let assumptions = Assumptions { tls_minimum: TlsVersion::V1_3, ..Assumptions::default() };
    let settings = Settings { tls: Some(own.tls), assumptions, ..Settings::default() };
    let desk = Desk { platform: Platform::start(settings).await.expect("a free port"), ca, ca_pem: own.ca_pem };
    assert_eq!(desk.discovery(&desk.client()).await, Ok(200));
    let old = Client::builder().tls_certs_only([desk.ca.clone()]).tls_version_max(reqwest::tls::Version::TLS_1_2);
    let refused = desk.discovery(&old.build().expect("a client")).await.expect_err("too old");
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    let strict = Desk::new().await;
    let old = Client::builder().tls_certs_only([strict.ca.clone()]).tls_version_max(reqwest::tls::Version::TLS_1_2);
    assert_eq!(strict.discovery(&old.build().expect("a client")).await, Ok(200), "1.2 is the minimum unless it is assumed otherwise");
}
