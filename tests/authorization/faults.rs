use std::collections::BTreeSet;

use collaudo::oauth::{Jwt, decode_jwt};
use collaudo::platform::accounts::ADA;
use collaudo::platform::{Platform, Times, faults};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::header::HeaderMap;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::stage::{Answer, NONCE, STATE, Stage, answer, location, text};

/// What a relying party gets from the platform in one login, one refresh and one revocation.
struct Login {
    consent_headers: HeaderMap,
    response: Vec<(String, String)>,
    token: Option<Answer>,
    userinfo: Option<Answer>,
    refresh: Option<Answer>,
    /// The first refresh token, used once more.
    again: Option<Answer>,
    revocation: Option<Answer>,
    issuer: String,
    client_id: String,
    subject: String,
    keys: JwkSet,
}

impl Login {
    async fn observe(stage: &Stage) -> Self {
        let consent = stage.consent(ADA, &[]).await;
        let page = stage.get(stage.url(&format!("/consent?request={}", consent.request))).await;
        let consent_headers = page.headers().clone();
        let response = stage.decide(&consent, "allow", &["profile", "offline_access"]).await;
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
        let jwks = text(stage.get(stage.url("/.well-known/openid-configuration/jwks")).await).await;
        Self {
            consent_headers,
            response,
            token,
            userinfo,
            refresh,
            again,
            revocation,
            issuer: stage.platform.shared().issuer_text().to_owned(),
            client_id: stage.client.client_id.clone(),
            subject: stage.platform.subject_of(ADA).expect("Ada").0,
            keys: serde_json::from_str(&jwks).expect("a JWKS"),
        }
    }

    fn all(&self, name: &str) -> Vec<&str> {
        self.response.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.token.as_ref()?.json.get(name)
    }

    fn answered(&self, status: u16, error: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.error() == (status, error))
    }

    /// Whether the token answer is 200 and this text, which is no JSON.
    fn garbled(&self, starts: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.status == 200 && token.json.is_null() && token.text.starts_with(starts))
    }

    fn raw_id_token(&self) -> Option<&str> {
        self.member("id_token")?.as_str()
    }

    fn id_token(&self) -> Jwt {
        self.raw_id_token()
            .and_then(|token| decode_jwt(token).ok())
            .unwrap_or(Jwt { header: Default::default(), claims: Default::default() })
    }

    fn claim(&self, name: &str) -> Option<Value> {
        self.raw_id_token().and_then(|_| self.id_token().claims.get(name).cloned())
    }

    /// Whether there is an ID token and it has no such claim.
    fn lacks(&self, name: &str) -> bool {
        self.raw_id_token().is_some() && self.claim(name).is_none()
    }

    /// Whether the ID token is RS256 under a key of the JWKS.
    fn well_signed(&self) -> bool {
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

    fn header(&self, name: &str) -> Option<String> {
        Some(self.id_token().header.get(name)?.as_str()?.to_owned())
    }

    /// The response is this error with state and issuer, and no code.
    fn refused(&self, error: &str) -> bool {
        self.all("error") == [error]
            && self.all("code").is_empty()
            && self.all("state") == [STATE]
            && self.all("iss") == [self.issuer.as_str()]
    }
}

type Shows = fn(&Login) -> bool;

/// What each fault shows, which an honest login does not.
const EFFECTS: [(&str, Shows); 49] = [
    ("coop-same-origin", |l| l.consent_headers.get("cross-origin-opener-policy").is_some_and(|value| value == "same-origin")),
    ("state-forged", |l| matches!(l.all("state")[..], [state] if state != STATE && state.len() == STATE.len())),
    ("state-missing", |l| l.all("state").is_empty()),
    ("state-empty", |l| l.all("state") == [""]),
    ("state-duplicated", |l| l.all("state") == [STATE, STATE]),
    ("code-duplicated", |l| matches!(l.all("code")[..], [first, second] if first == second)),
    ("iss-wrong", |l| l.all("iss") == ["https://account.attacker.invalid"]),
    ("iss-trailing-slash", |l| l.all("iss") == [format!("{}/", l.issuer)]),
    ("iss-missing", |l| l.all("iss").is_empty() && l.all("code").len() == 1),
    ("extra-parameters", |l| l.all("gipo_region").len() == 1 && l.all("code").len() == 1 && l.all("state") == [STATE]),
    ("error-invalid-scope", |l| l.refused("invalid_scope")),
    ("error-server-error", |l| l.refused("server_error")),
    ("error-temporarily-unavailable", |l| l.refused("temporarily_unavailable")),
    ("error-login-required", |l| l.refused("login_required")),
    ("error-unknown", |l| l.refused("gipo_unheard_of")),
    ("error-description-markup", |l| {
        l.refused("access_denied") && l.all("error_description")[0].contains("onerror=window.collaudoCanary=1")
    }),
    ("token-invalid-grant", |l| l.answered(400, "invalid_grant")),
    ("token-invalid-client", |l| l.answered(401, "invalid_client")),
    ("token-server-error", |l| l.answered(500, "server_error")),
    ("token-unavailable", |l| l.answered(503, "temporarily_unavailable")),
    ("token-rate-limited", |l| {
        l.answered(429, "rate_limit_exceeded") && l.token.as_ref().is_some_and(|token| token.headers["retry-after"] == "1")
    }),
    ("token-html", |l| l.garbled("<!doctype html>")),
    ("token-bad-json", |l| l.garbled("{\"access_token\"")),
    ("token-empty", |l| l.garbled("") && l.token.as_ref().is_some_and(|token| token.text.is_empty())),
    ("token-extra-members", |l| l.member("gipo_session").is_some() && l.well_signed()),
    ("token-type-mixed-case", |l| l.member("token_type") == Some(&json!("bEaReR"))),
    ("token-type-unknown", |l| l.member("token_type") == Some(&json!("mac"))),
    ("token-without-expires-in", |l| l.member("access_token").is_some() && l.member("expires_in").is_none()),
    ("token-without-scope", |l| l.member("access_token").is_some() && l.member("scope").is_none()),
    ("id-token-wrong-issuer", |l| l.claim("iss") == Some(json!("https://account.attacker.invalid")) && l.well_signed()),
    ("id-token-wrong-audience", |l| l.claim("aud").is_some_and(|aud| aud.is_string() && aud != *l.client_id) && l.well_signed()),
    ("id-token-extra-audience", |l| l.claim("aud") == Some(json!([l.client_id, "gipo-somebody-else"])) && l.well_signed()),
    ("id-token-audience-array", |l| l.claim("aud") == Some(json!([l.client_id])) && l.well_signed()),
    ("id-token-without-audience", |l| l.lacks("aud") && l.well_signed()),
    ("id-token-wrong-azp", |l| l.claim("azp").is_some_and(|azp| azp != *l.client_id) && l.claim("aud") == Some(json!(l.client_id))),
    ("id-token-bad-signature", |l| {
        l.header("alg").as_deref() == Some("RS256")
            && !l.well_signed()
            && l.header("jwk").is_none()
            && l.id_token().header.get("jwk").is_none()
    }),
    ("id-token-alg-none", |l| l.header("alg").as_deref() == Some("none") && l.raw_id_token().is_some_and(|token| token.ends_with('.'))),
    ("id-token-hs256-public-key", |l| l.header("alg").as_deref() == Some("HS256")),
    ("id-token-foreign-key", |l| {
        let own_kid = l.header("kid").is_some_and(|kid| l.keys.find(&kid).is_none());
        own_kid && l.id_token().header.get("jwk").is_some_and(|jwk| jwk["kty"] == "RSA") && !l.well_signed()
    }),
    ("id-token-expired", |l| {
        l.claim("exp").and_then(|exp| exp.as_i64()).is_some_and(|exp| exp <= jiff::Timestamp::now().as_second() - 590)
    }),
    ("id-token-without-exp", |l| l.lacks("exp") && l.well_signed()),
    ("id-token-wrong-nonce", |l| l.claim("nonce").is_some_and(|nonce| nonce != NONCE) && l.well_signed()),
    ("id-token-without-nonce", |l| l.lacks("nonce") && l.well_signed()),
    ("id-token-without-sub", |l| l.lacks("sub") && l.well_signed()),
    ("id-token-empty-sub", |l| l.claim("sub") == Some(json!("")) && l.well_signed()),
    ("userinfo-other-subject", |l| {
        l.userinfo.as_ref().is_some_and(|userinfo| userinfo.text("sub") != l.subject && userinfo.text("name") != "Ada Ferri")
    }),
    ("refresh-invalid-grant", |l| {
        l.answered(200, "") && l.refresh.as_ref().is_some_and(|refresh| refresh.error() == (400, "invalid_grant"))
    }),
    ("refresh-not-rotated", |l| {
        let good = |answer: &Option<Answer>| {
            answer.as_ref().is_some_and(|answer| answer.status == 200 && answer.json.get("refresh_token").is_none())
        };
        good(&l.refresh) && good(&l.again)
    }),
    ("refresh-unavailable", |l| l.answered(200, "") && l.refresh.as_ref().is_some_and(|refresh| refresh.status == 503)),
];

/// Faults with a test of their own.
const ELSEWHERE: [&str; 9] = [
    "pkce-ignored",
    "revocation-unavailable",
    "device-interval-untold",
    "device-interval-longer",
    "device-pending",
    "device-slow-down",
    "device-hangs",
    "device-expired",
    "device-denied",
];

#[tokio::test]
async fn each_fault_shows_what_it_says_and_an_honest_login_shows_none_of_it() {
    let stage = Stage::new().await;
    let honest = Login::observe(&stage).await;
    assert!(honest.well_signed() && honest.answered(200, ""));
    for (fault, shows) in EFFECTS {
        assert!(!shows(&honest), "{fault} cannot be told from an honest login");
        stage.platform.faults().arm(fault, Times::Always).expect("a fault");
        let fired_before = stage.platform.faults().firings().len();
        let faulty = Login::observe(&stage).await;
        stage.platform.faults().disarm_all();
        let firings = stage.platform.faults().firings();
        assert!(shows(&faulty), "{fault} does not show: {:?} {:?}", faulty.response, faulty.token);
        assert!(firings.len() > fired_before && firings[fired_before..].iter().all(|firing| firing.fault == fault), "{fault}");
    }
    assert!(honest.revocation.is_some_and(|revocation| revocation.status == 200));
    stage.platform.faults().arm("revocation-unavailable", Times::Next(1)).expect("a fault");
    let refused = Login::observe(&stage).await.revocation.expect("a login");
    assert_eq!((refused.status.as_u16(), refused.headers["retry-after"].as_bytes()), (503, b"1".as_slice()));
}

#[tokio::test]
async fn every_fault_of_the_authorization_server_is_tried() {
    let tried: BTreeSet<&str> = EFFECTS.iter().map(|(name, _)| *name).chain(ELSEWHERE).collect();
    let here = faults().filter(|fault| fault.area != "API" && !fault.area.starts_with("API "));
    let known: BTreeSet<&str> = here.map(|fault| fault.name).collect();
    assert_eq!(known, tried);
    assert_eq!(tried.len(), EFFECTS.len() + ELSEWHERE.len(), "a fault is there twice");
    for fault in faults() {
        assert!(!fault.requirements.is_empty() && !fault.effect.is_empty(), "{} does not say what for", fault.name);
    }
}

#[tokio::test]
async fn a_fault_that_leaves_the_code_unused_lets_the_retry_pass_and_is_seen_in_the_journal() {
    let stage = Stage::new().await;
    for fault in ["token-rate-limited", "token-unavailable", "token-invalid-grant"] {
        let code = super::stage::parameter(&stage.login(ADA, &[]).await, "code");
        stage.platform.faults().arm(fault, Times::Next(1)).expect("a fault");
        let mark = stage.platform.journal().mark();
        assert_ne!(stage.redeem(&code).await.status, 200, "{fault}");
        assert_eq!(stage.redeem(&code).await.status, 200, "{fault}");
        let faults: Vec<Vec<String>> = stage.platform.journal().since(mark).into_iter().map(|exchange| exchange.faults).collect();
        assert_eq!(faults, [vec![fault.to_owned()], Vec::new()]);
    }
}

#[tokio::test]
async fn a_fault_without_anything_to_change_does_not_fire() {
    let stage = Stage::new().await;
    for fault in ["state-forged", "state-missing", "id-token-wrong-nonce"] {
        stage.platform.faults().arm(fault, Times::Always).expect("a fault");
    }
    let response = stage.login(ADA, &[("state", ""), ("nonce", "")]).await;
    assert_eq!(stage.redeem(&super::stage::parameter(&response, "code")).await.status, 200);
    assert!(stage.platform.faults().firings().is_empty());
    assert!(location(&stage.get(stage.authorization_url(&[("response_type", "x"), ("state", "kept")])).await).contains("state=kept"));
}

#[tokio::test]
async fn what_the_platform_keeps_prints_no_secret() {
    let stage = Stage::new().await;
    let tokens = stage.tokens(ADA).await;
    let printed = format!("{:?}", stage.platform.shared());
    for secret in [tokens.text("access_token"), tokens.text("refresh_token"), tokens.text("id_token")] {
        assert!(!printed.contains(secret), "a token is in {printed}");
    }
    let journal = serde_json::to_string(&stage.platform.journal().since(0)).expect("JSON");
    let redaction: &Platform = &stage.platform;
    for (placeholder, secret) in redaction.shared().redaction.secrets() {
        assert!(!journal.contains(secret.expose_secret()), "{placeholder} is in the journal");
    }
}
