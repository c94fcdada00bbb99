use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use collaudo::oauth::{Jwt, decode_jwt};
use collaudo::platform::accounts::ADA;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::stage::{Answer, STATE, Stage, answer};

/// What a relying party gets from the platform in one login, one refresh and one revocation.
pub struct Login {
    pub consent_headers: HeaderMap,
    pub response: Vec<(String, String)>,
    pub token: Option<Answer>,
    pub userinfo: Option<Answer>,
    pub refresh: Option<Answer>,
    /// The first refresh token, used once more.
    pub again: Option<Answer>,
    pub revocation: Option<Answer>,
    pub issuer: String,
    /// The issuer that the metadata name.
    pub discovered: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub subject: String,
    pub keys: JwkSet,
    pub jwks: Answer,
}

impl Login {
    pub async fn observe(stage: &Stage) -> Self {
        let consent = stage.consent(ADA, &[]).await;
        let page = stage.get(stage.url(&format!("/consent?request={}", consent.request))).await;
        let consent_headers = page.headers().clone();
        let response = stage.decide(&consent, "allow", &["profile", "offline_access", "giponext.agenda"]).await;
        let response: Vec<(String, String)> = response.query_pairs().into_owned().collect();
        let code = response.iter().find(|(name, _)| name == "code").map(|(_, value)| value.clone());
        let token = match code {
            Some(code) => Some(stage.redeem(&code).await),
            None => None,
        };
        let good = token.as_ref().filter(|token| token.json["access_token"].is_string());
        let (mut userinfo, mut refresh, mut again, mut revocation) = (None, None, None, None);
        if let Some(token) = good {
            userinfo = Some(stage.userinfo(token.text("access_token")).await);
            refresh = Some(stage.refresh(token.text("refresh_token")).await);
            again = Some(stage.refresh(token.text("refresh_token")).await);
            let secret = stage.client.client_secret.clone().expect("confidential");
            let form = [("token", "x"), ("client_id", &stage.client.client_id), ("client_secret", secret.expose_secret())];
            revocation = Some(answer(stage.post("/connect/revocation", &form).await).await);
        }
        let jwks = answer(stage.get(stage.url("/.well-known/openid-configuration/jwks")).await).await;
        let metadata = answer(stage.get(stage.url("/.well-known/openid-configuration")).await).await;
        Self {
            discovered: metadata.text("issuer").to_owned(),
            consent_headers,
            response,
            token,
            userinfo,
            refresh,
            again,
            revocation,
            issuer: stage.platform.shared().issuer_text().to_owned(),
            client_id: stage.client.client_id.clone(),
            client_secret: stage.client.client_secret.clone().expect("confidential"),
            subject: stage.platform.subject_of(ADA).expect("Ada").0,
            keys: readable_keys(&jwks.json),
            jwks,
        }
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.response.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn member(&self, name: &str) -> Option<&Value> {
        self.token.as_ref()?.json.get(name)
    }

    pub fn answered(&self, status: u16, error: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.error() == (status, error))
    }

    /// Whether the token answer is 200 and this text, which is no JSON.
    pub fn garbled(&self, starts: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.status == 200 && token.json.is_null() && token.text.starts_with(starts))
    }

    pub fn raw_id_token(&self) -> Option<&str> {
        self.member("id_token")?.as_str()
    }

    pub fn id_token(&self) -> Jwt {
        self.raw_id_token()
            .and_then(|token| decode_jwt(token).ok())
            .unwrap_or(Jwt { header: Default::default(), claims: Default::default() })
    }

    pub fn claim(&self, name: &str) -> Option<Value> {
        self.raw_id_token().and_then(|_| self.id_token().claims.get(name).cloned())
    }

    /// Whether there is an ID token and it has no such claim.
    pub fn lacks(&self, name: &str) -> bool {
        self.raw_id_token().is_some() && self.claim(name).is_none()
    }

    /// Whether the ID token is RS256 under a key of the JWKS.
    pub fn well_signed(&self) -> bool {
        let (Some(token), Some(kid)) = (self.raw_id_token(), self.id_token().header.get("kid").and_then(Value::as_str).map(str::to_owned))
        else {
            return false;
        };
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_aud = false;
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        self.keys
            .find(&kid)
            .and_then(|jwk| DecodingKey::from_jwk(jwk).ok())
            .is_some_and(|key| jsonwebtoken::decode::<Value>(token, &key, &validation).is_ok())
    }

    /// Whether the ID token is HS256 under this secret.
    pub fn hs256_with(&self, secret: &[u8]) -> bool {
        let token = self.raw_id_token().filter(|_| self.header("alg").as_deref() == Some("HS256"));
        let Some((message, signature)) = token.and_then(|token| token.rsplit_once('.')) else { return false };
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        ring::hmac::verify(&key, message.as_bytes(), &signature).is_ok()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        Some(self.id_token().header.get(name)?.as_str()?.to_owned())
    }

    /// The response is this error with state and issuer, and no code.
    pub fn refused(&self, error: &str) -> bool {
        self.all("error") == [error]
            && self.all("code").is_empty()
            && self.all("state") == [STATE]
            && self.all("iss") == [self.issuer.as_str()]
    }
}

/// The keys that a client of today understands.
fn readable_keys(jwks: &Value) -> JwkSet {
    let all = jwks["keys"].as_array().cloned().unwrap_or_default();
    JwkSet { keys: all.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect() }
}

/// Whether an ID token's `sub` or `iss` differs between the sign-in and its refresh.
pub fn refreshed_another(l: &Login, claim: &str) -> bool {
    let refreshed = l.refresh.as_ref().and_then(|refresh| decode_jwt(refresh.json["id_token"].as_str()?).ok());
    let first = l.claim(claim);
    first.is_some() && refreshed.is_some_and(|token| token.claims.get(claim) != first.as_ref())
}

/// Whether the token is signed with a key that is not the platform's, and its header has this member.
pub fn foreign_with(l: &Login, member: &str) -> Option<Value> {
    let own = l.header("kid").is_some_and(|kid| l.keys.find(&kid).is_none()) && !l.well_signed();
    l.id_token().header.get(member).filter(|_| own).cloned()
}

/// Seconds from now until the time in a claim.
pub fn ahead(l: &Login, claim: &str) -> Option<i64> {
    Some(l.claim(claim)?.as_i64()? - jiff::Timestamp::now().as_second())
}

pub fn userinfo(l: &Login, status: u16, media_type: &str) -> bool {
    l.userinfo
        .as_ref()
        .is_some_and(|answer| answer.status == status && answer.headers["content-type"].as_bytes().starts_with(media_type.as_bytes()))
}
