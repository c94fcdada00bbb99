//! How our own clients reach an application: where its host names lead (`[hosts]`), and who has signed its certificate (`app.ca`).

use std::collections::BTreeMap;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use url::Url;

use super::Failure;
use super::loopback::client_to;
use super::stage::{Stage, questions_of};
use crate::oauth::discovery_of;
use crate::platform::spki_of_der;

/// What the profile says of the way to the application.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Who has signed its certificate (`app.ca`), as PEM.
    pub ca_pem: Option<String>,
    /// Where its host names lead (`[hosts]`).
    pub hosts: BTreeMap<String, IpAddr>,
}

impl Reach {
    /// A client of ours for this address of the application.
    pub fn client(&self, to: &Url) -> Result<reqwest::ClientBuilder, Failure> {
        let builder = resolving(client_to(to.as_str())?, to, &self.hosts);
        trusting(builder.tls_info(true), self.ca_pem.as_deref())
    }

    /// A client that asks as [`super::stage::questions_to`] does, and knows whose certificate it was shown.
    pub fn questions(&self, to: &Url) -> Result<reqwest::Client, Failure> {
        questions_of(self.client(to)?).build().map_err(Failure::broke)
    }

    /// Why an address cannot be asked, where that is its certificate.
    pub fn untrusted(&self, url: &Url, error: &reqwest::Error) -> Option<Failure> {
        let mut cause: Option<&dyn Error> = Some(error);
        let mut why = None;
        while let Some(error) = cause {
            if error.to_string().contains("certificate") {
                why = Some(error.to_string());
            }
            cause = error.source();
        }
        let what_to_do = match self.ca_pem {
            None => "name the authority that has signed it, or the certificate itself, by app.ca: a PEM file, beside the profile",
            Some(_) => "app.ca names other certificates: it has to be the authority that has signed this one, or this one itself, as PEM",
        };
        why.map(|why| Failure::broke(format!("the certificate of the application at {url} is not trusted ({why}): {what_to_do}")))
    }
}

/// A client that looks for these hosts where the profile, or the target file, says that they are.
pub(super) fn resolving(builder: reqwest::ClientBuilder, to: &Url, hosts: &BTreeMap<String, IpAddr>) -> reqwest::ClientBuilder {
    // A proxy would look for the name where it is not.
    let builder = if hosts.keys().any(|host| to.host_str() == Some(host)) { builder.no_proxy() } else { builder };
    // The port is the address's own.
    hosts.iter().fold(builder, |builder, (host, address)| builder.resolve(host, SocketAddr::new(*address, 0)))
}

fn trusting(builder: reqwest::ClientBuilder, ca_pem: Option<&str>) -> Result<reqwest::ClientBuilder, Failure> {
    let Some(pem) = ca_pem else { return Ok(builder) };
    let own: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(|error| unreadable(&error))?;
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(own.iter().cloned());
    if added == 0 {
        return Err(unreadable(&"it holds no certificate"));
    }
    let provider = Arc::new(default_provider());
    let authority = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().map_err(Failure::broke)?;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(Failure::broke)?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(Known { own, authority })).with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(config))
}

fn unreadable(error: &dyn std::fmt::Display) -> Failure {
    Failure::broke(format!("the file of app.ca cannot be read: {error}; give certificates as PEM"))
}

/// Certificates that the profile names themselves, and those that they have signed.
#[derive(Debug)]
struct Known {
    own: Vec<CertificateDer<'static>>,
    authority: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // One that signs itself may be marked as an authority's, with which no server is to show itself.
        if self.own.contains(certificate) {
            return Ok(ServerCertVerified::assertion());
        }
        self.authority.verify_server_cert(certificate, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authority.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.authority.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authority.supported_verify_schemes()
    }
}

impl Stage {
    /// A client for questions of our own to the application.
    pub(super) fn application_client(&self) -> Result<reqwest::Client, Failure> {
        self.setup.reach.questions(&self.base_url)
    }

    /// The browser trusts the certificate that the application shows, once a client of ours has found it to be of `app.ca`.
    pub(super) async fn trust_application(&self) -> Result<(), Failure> {
        let reach = &self.setup.reach;
        let url = self.base_url.clone();
        if url.scheme() != "https" {
            return Ok(());
        }
        let answer = match self.application_client()?.get(url.clone()).send().await {
            Ok(answer) => answer,
            // That it does not answer at all is told by whoever opens it in a browser.
            Err(error) => return reach.untrusted(&url, &error).map_or(Ok(()), Err),
        };
        let shown = answer.extensions().get::<reqwest::tls::TlsInfo>().and_then(|info| info.peer_certificate());
        match shown.filter(|_| reach.ca_pem.is_some()) {
            Some(shown) => self.setup.browser.trust(spki_of_der(shown).map_err(Failure::broke)?).await,
            None => Ok(()),
        }
    }
}

/// Reads the discovery document and compares the clocks.
pub(super) async fn reach_platform(stage: &Stage) -> Result<String, Failure> {
    let client = stage.platform_client()?;
    let issuer = stage.platform_issuer();
    let url = discovery_of(issuer);
    let answer = client.get(&url).send().await.map_err(|error| Failure::broke(format!("{url} does not answer: {error}")))?;
    if !answer.status().is_success() {
        return Err(Failure::broke(format!("{url} answers with status {}", answer.status())));
    }
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let skew = date.map(|date| jiff::Timestamp::now().as_second() - date.timestamp().as_second());
    match skew {
        Some(skew) if skew.abs() > 60 => Err(Failure::broke(format!(
            "the platform's clock differs from this machine's by {skew} s: set the clock, tokens would look expired"
        ))),
        Some(skew) => Ok(format!("answers at {}, clocks differ by {} s", issuer, skew.abs())),
        None => Ok(format!("answers at {issuer}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{Platform, Settings, own_certificate, spki_of};

    /// A server over https, with its authority and its own certificate.
    async fn server() -> (Platform, Url, String, String) {
        let own = own_certificate(&["localhost", "127.0.0.1"]).expect("made");
        let (ca, chain) = (own.ca_pem.clone(), own.tls.certificate_pem.clone());
        let platform = Platform::start(Settings { tls: Some(own.tls), ..Settings::default() }).await.expect("a server");
        let url = platform.issuer().clone();
        (platform, url, ca, chain)
    }

    async fn asked(url: &Url, ca_pem: Option<&str>) -> Result<Option<String>, String> {
        let reach = Reach { ca_pem: ca_pem.map(str::to_owned), ..Reach::default() };
        let client = reach.questions(url).map_err(|failure| failure.message())?;
        match client.get(url.clone()).send().await {
            Ok(answer) => {
                Ok(answer.extensions().get::<reqwest::tls::TlsInfo>().and_then(|info| spki_of_der(info.peer_certificate()?).ok()))
            }
            Err(error) => Err(reach.untrusted(url, &error).map_or_else(|| format!("another error: {error}"), |failure| failure.message())),
        }
    }

    #[tokio::test]
    async fn an_authority_of_its_own_is_trusted_where_the_profile_names_it() {
        let (_platform, url, ca, chain) = server().await;
        let key = spki_of(&chain).expect("readable");
        assert_eq!(asked(&url, Some(&ca)).await, Ok(Some(key.clone())), "by its authority");
        assert_eq!(asked(&url, Some(&chain)).await, Ok(Some(key)), "by itself");
        let unknown = asked(&url, None).await.expect_err("nobody known has signed it");
        assert!(unknown.contains(url.as_str()) && unknown.contains("app.ca: a PEM file"), "{unknown}");
        let stranger = own_certificate(&["localhost"]).expect("made").ca_pem;
        let other = asked(&url, Some(&stranger)).await.expect_err("another authority");
        assert!(other.contains("app.ca names other certificates"), "{other}");
        let no_pem = asked(&url, Some("no pem")).await.expect_err("no certificate");
        assert!(no_pem.contains("app.ca cannot be read"), "{no_pem}");
    }

    #[tokio::test]
    async fn a_host_of_the_profile_leads_where_it_says() {
        let own = own_certificate(&["portale.example"]).expect("made");
        let (ca_pem, tls) = (Some(own.ca_pem), Some(own.tls));
        let platform = Platform::start(Settings { tls, ..Settings::default() }).await.expect("a server");
        let port = platform.issuer().port().expect("a port");
        let url = Url::parse(&format!("https://portale.example:{port}/")).expect("an address");
        let hosts = BTreeMap::from([("portale.example".to_owned(), IpAddr::from([127, 0, 0, 1]))]);
        let reach = Reach { ca_pem, hosts };
        let answer = reach.questions(&url).expect("a client").get(url.clone()).send().await.expect("an answer");
        assert_eq!(answer.remote_addr().map(|address| address.port()), Some(port));
        let nowhere = Reach { hosts: BTreeMap::new(), ..reach };
        nowhere.questions(&url).expect("a client").get(url).send().await.expect_err("nobody knows the name");
    }
}
