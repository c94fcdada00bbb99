//! A private CA and a certificate for one mock platform.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use secrecy::SecretString;

use super::{PlatformError, Tls, tls};

/// What the CA is called.
const AUTHORITY: &str = "collaudo mock platform CA";
/// A host that no platform has.
const ELSEWHERE: &str = "elsewhere.gipo.example";

/// What a platform under TLS needs, and what its clients must be told.
pub struct OwnCertificate {
    pub tls: Tls,
    /// The CA's certificate: what clients are to trust.
    pub ca_pem: String,
}

/// Makes a CA and, under it, a certificate for these host names and addresses. The CA's key is forgotten.
pub fn own_certificate(hosts: &[&str]) -> Result<OwnCertificate, PlatformError> {
    let failed = |error: rcgen::Error| PlatformError::Certificate(error.to_string());
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, AUTHORITY);
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().map_err(failed)?).map_err(failed)?;
    let mut leaf = CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).map_err(failed)?;
    leaf.distinguished_name.push(DnType::CommonName, "collaudo mock platform");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = leaf.signed_by(&key, &ca).map_err(failed)?;
    let mut elsewhere = leaf.clone();
    elsewhere.subject_alt_names = vec![SanType::DnsName(ELSEWHERE.try_into().map_err(failed)?)];
    let mut expired = leaf.clone();
    (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let under_ca = |leaf: &CertificateParams| leaf.signed_by(&key, &ca).map(|certificate| certificate.pem() + &ca.pem()).map_err(failed);
    let faulty = vec![
        (tls::SELF_SIGNED, leaf.self_signed(&key).map_err(failed)?.pem()),
        (tls::WRONG_HOST, under_ca(&elsewhere)?),
        (tls::EXPIRED, under_ca(&expired)?),
    ];
    let ca_pem = ca.pem();
    // The chain holds the CA: browsers are told to trust its key (SPKI) and look for it in what the server presents.
    let tls = Tls { certificate_pem: format!("{}{ca_pem}", certificate.pem()), faulty, key_pem: SecretString::from(key.serialize_pem()) };
    Ok(OwnCertificate { tls, ca_pem })
}

/// Whether a PEM file holds the certificate of a CA that [`own_certificate`] has made.
pub fn is_own_authority(pem: &[u8]) -> bool {
    use rustls::pki_types::pem::PemObject;
    let der = rustls::pki_types::CertificateDer::from_pem_slice(pem);
    der.is_ok_and(|der| der.windows(AUTHORITY.len()).any(|part| part == AUTHORITY.as_bytes()))
}

/// Base64 of the SHA-256 of the first certificate's public key (SPKI), as Chromium wants it to trust a private CA.
pub fn spki_of(pem: &str) -> Result<String, PlatformError> {
    use rustls::pki_types::pem::PemObject;
    let der = rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    spki_of_der(&der)
}

/// [`spki_of`] of a certificate as it travels.
pub fn spki_of_der(der: &[u8]) -> Result<String, PlatformError> {
    use base64::Engine;
    let der = rustls::pki_types::CertificateDer::from(der);
    let certificate = webpki::EndEntityCert::try_from(&der).map_err(|error| unreadable(error.to_string()))?;
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate.subject_public_key_info().as_ref());
    Ok(base64::engine::general_purpose::STANDARD.encode(digest))
}

fn unreadable(error: String) -> PlatformError {
    PlatformError::Certificate(format!("the CA file holds no certificate that can be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_its_ca_are_read_back() {
        let own = own_certificate(&["localhost", "127.0.0.1"]).expect("made");
        assert_eq!(own.tls.certificate_pem.matches("BEGIN CERTIFICATE").count(), 2);
        assert_eq!(spki_of(&own.ca_pem).expect("readable").len(), 44);
        assert_ne!(spki_of(&own.ca_pem).expect("readable"), spki_of(&own.tls.certificate_pem).expect("readable"));
        assert!(spki_of("no pem").is_err());
    }
}
