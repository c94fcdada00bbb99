use std::collections::BTreeSet;

use collaudo::oauth::decode_jwt;
use collaudo::platform::accounts::ADA;
use collaudo::platform::relay::only_the_owner_can;
use collaudo::platform::{Platform, Times, faults};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::near_misses::EFFECTS as NEAR_MISSES;
use super::observed::{Login, ahead, foreign_with, refreshed_another, userinfo};
use super::odd_claims::EFFECTS as ODD_CLAIMS;
use super::stage::{Answer, NONCE, STATE, Stage, answer, location, text};

type Shows = fn(&Login) -> bool;

/// What each fault shows, which an honest login does not.
const EFFECTS: [(&str, Shows); 106] = [
    ("issuer-other-throughout", |l| {
        let other = "https://account.attacker.invalid";
        l.discovered == other && l.all("iss") == [other] && l.claim("iss") == Some(json!(other)) && l.well_signed()
    }),
    ("coop-same-origin", |l| l.consent_headers.get("cross-origin-opener-policy").is_some_and(|value| value == "same-origin")),
    ("state-forged", |l| matches!(l.all("state")[..], [state] if state != STATE && state.len() == STATE.len())),
    ("state-missing", |l| l.all("state").is_empty()),
    ("state-empty", |l| l.all("state") == [""]),
    ("state-duplicated", |l| l.all("state") == [STATE, STATE]),
    ("state-forged-second", |l| matches!(l.all("state")[..], [first, second] if first == STATE && second != STATE)),
    ("state-forged-first", |l| matches!(l.all("state")[..], [first, second] if first != STATE && second == STATE)),
    ("code-unknown", |l| l.all("code").len() == 1 && l.answered(400, "invalid_grant")),
    ("code-duplicated", |l| matches!(l.all("code")[..], [first, second] if first == second)),
    ("iss-wrong", |l| l.all("iss") == ["https://account.attacker.invalid"]),
    ("iss-trailing-slash", |l| l.all("iss") == [format!("{}/", l.issuer)]),
    ("iss-other-case", |l| l.all("iss") == [l.issuer.to_ascii_uppercase()]),
    ("iss-percent-encoded", |l| l.all("iss") == [l.issuer.replace('/', "%2F")]),
    ("iss-missing", |l| l.all("iss").is_empty() && l.all("code").len() == 1),
    ("extra-parameters", |l| l.all("gipo_region").len() == 1 && l.all("code").len() == 1 && l.all("state") == [STATE]),
    ("extra-parameters-long", |l| l.all("gipo_trace")[..].iter().any(|value| value.len() == 3072) && l.all("code").len() == 1),
    ("extra-parameters-odd", |l| l.all("constructor").len() == 1 && l.all("__proto__").len() == 1 && l.all("code").len() == 1),
    ("error-description-long", |l| l.refused("server_error") && l.all("error_description")[0].len() == 3072),
    ("error-invalid-request", |l| l.refused("invalid_request")),
    ("error-interaction-required", |l| l.refused("interaction_required")),
    ("error-unauthorized-client", |l| l.refused("unauthorized_client")),
    ("error-description-line-break", |l| {
        l.refused("access_denied") && l.all("error_description")[0].contains("\r\nSet-Cookie: collaudoCanary")
    }),
    ("error-invalid-scope", |l| l.refused("invalid_scope")),
    ("error-server-error", |l| l.refused("server_error")),
    ("error-temporarily-unavailable", |l| l.refused("temporarily_unavailable")),
    ("error-login-required", |l| l.refused("login_required")),
    ("error-unknown", |l| l.refused("gipo_unheard_of")),
    ("error-description-markup", |l| {
        l.refused("access_denied") && l.all("error_description")[0].contains("onerror=window.collaudoCanary=1")
    }),
    ("error-description-quotes", |l| {
        l.refused("server_error") && ["'-(", "\"-(", "`-(", "${window"].iter().all(|part| l.all("error_description")[0].contains(part))
    }),
    ("error-description-backslash", |l| l.refused("server_error") && l.all("error_description")[0].starts_with("\\\";window")),
    ("token-invalid-grant", |l| l.answered(400, "invalid_grant")),
    ("token-invalid-client", |l| l.answered(401, "invalid_client")),
    ("token-server-error", |l| l.answered(500, "server_error")),
    ("token-unavailable", |l| l.answered(503, "temporarily_unavailable")),
    ("token-rate-limited", |l| {
        l.answered(429, "rate_limit_exceeded") && l.token.as_ref().is_some_and(|token| token.headers["retry-after"] == "1")
    }),
    ("token-rate-limited-longer", |l| {
        l.answered(429, "rate_limit_exceeded") && l.token.as_ref().is_some_and(|token| token.headers["retry-after"] == "3")
    }),
    ("token-rate-limited-date", |l| {
        let told = l.token.as_ref().filter(|token| token.status == 429).map(|token| token.headers["retry-after"].clone());
        told.is_some_and(|told| told.to_str().is_ok_and(|told| jiff::fmt::rfc2822::parse(told).is_ok()))
    }),
    ("token-html", |l| l.garbled("<!doctype html>")),
    ("token-bad-json", |l| l.garbled("{\"access_token\"")),
    ("token-empty", |l| l.garbled("") && l.token.as_ref().is_some_and(|token| token.text.is_empty())),
    ("token-object", |l| l.token.as_ref().is_some_and(|token| token.status == 200 && token.json == json!({}))),
    ("token-list", |l| l.token.as_ref().is_some_and(|token| token.status == 200 && token.json == json!([]))),
    ("token-huge", |l| l.answered(200, "") && l.token.as_ref().is_some_and(|token| token.text.len() > 5_000_000)),
    ("token-redirect", |l| {
        let location = l.token.as_ref().filter(|token| token.status == 307).map(|token| token.headers["location"].clone());
        location.is_some_and(|location| {
            location.to_str().is_ok_and(|to| to.ends_with("/elsewhere/connect/token") && !to.starts_with(&l.issuer))
        })
    }),
    ("token-answer-lost", |l| l.answered(504, "gateway_timeout")),
    ("token-opaque", |l| {
        let opaque = l.member("access_token").and_then(Value::as_str).is_some_and(|token| decode_jwt(token).is_err());
        opaque && userinfo(l, 200, "application/json")
    }),
    ("token-other-jwt", |l| {
        let token = l.member("access_token").and_then(Value::as_str).and_then(|token| decode_jwt(token).ok());
        token.is_some_and(|token| token.header["typ"] != "at+jwt") && userinfo(l, 200, "application/json")
    }),
    ("token-large", |l| {
        l.member("access_token").and_then(Value::as_str).is_some_and(|token| token.len() > 8192) && userinfo(l, 200, "application/json")
    }),
    ("token-narrower-scope", |l| l.member("scope") == Some(&json!("offline_access openid profile"))),
    ("token-extra-members", |l| l.member("gipo_session").is_some() && l.well_signed()),
    ("token-type-mixed-case", |l| l.member("token_type") == Some(&json!("bEaReR"))),
    ("token-type-unknown", |l| l.member("token_type") == Some(&json!("mac"))),
    ("token-without-type", |l| l.member("access_token").is_some() && l.member("token_type").is_none()),
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
    ("id-token-alg-none-mixed-case", |l| {
        l.header("alg").as_deref() == Some("nOnE") && l.raw_id_token().is_some_and(|token| token.ends_with('.'))
    }),
    ("id-token-hs256-jwk", |l| l.hs256_with(l.jwks.json["keys"][0].to_string().as_bytes())),
    ("id-token-kid-path", |l| l.hs256_with(b"") && l.header("kid").is_some_and(|kid| kid.ends_with("/dev/null"))),
    ("id-token-jku", |l| foreign_with(l, "jku").is_some_and(|url| url.as_str().is_some_and(|url| url.ends_with("/elsewhere/keys")))),
    ("id-token-x5u", |l| foreign_with(l, "x5u").is_some_and(|url| url.as_str().is_some_and(|url| url.ends_with("/elsewhere/certificate")))),
    ("id-token-x5c", |l| foreign_with(l, "x5c").is_some_and(|chain| chain[0].as_str().is_some_and(|der| der.starts_with("MII")))),
    ("id-token-kid-unknown", |l| foreign_with(l, "kid").is_some() && l.id_token().header.len() == 3),
    ("id-token-crit", |l| l.id_token().header.get("crit") == Some(&json!(["gipo_region"])) && l.well_signed()),
    ("id-token-without-iat", |l| l.lacks("iat") && l.well_signed()),
    ("id-token-old", |l| ahead(l, "iat").is_some_and(|s| s < -600_000) && ahead(l, "exp").is_some_and(|s| s > 0) && l.well_signed()),
    ("id-token-from-the-future", |l| ahead(l, "iat").is_some_and(|s| s > 3500) && l.well_signed()),
    ("id-token-not-yet-good", |l| ahead(l, "nbf").is_some_and(|s| s > 3500) && l.well_signed()),
    ("id-token-sub-array", |l| l.claim("sub").is_some_and(|sub| sub[0] == *l.subject && sub[1].is_string())),
    ("id-token-sub-long", |l| l.claim("sub").is_some_and(|sub| sub.as_str().is_some_and(|sub| sub.len() == 256)) && l.well_signed()),
    ("jwks-unavailable", |l| l.jwks.status == 503),
    ("jwks-empty", |l| l.jwks.status == 200 && l.jwks.json["keys"] == json!([])),
    ("jwks-unknown-keys", |l| l.jwks.json["keys"].as_array().is_some_and(|keys| keys.len() == 3) && l.well_signed()),
    ("userinfo-unauthorized", |l| l.userinfo.as_ref().is_some_and(|answer| answer.error() == (401, "invalid_token"))),
    ("userinfo-html", |l| userinfo(l, 200, "text/html")),
    ("userinfo-jwt", |l| userinfo(l, 200, "application/jwt")),
    ("userinfo-without-subject", |l| {
        let other = |answer: &Answer| answer.json.get("sub").is_none() && answer.json["name"] == "Mallory Neri";
        l.userinfo.as_ref().is_some_and(|answer| answer.status == 200 && other(answer))
    }),
    ("id-token-hs256-public-key", |l| l.header("alg").as_deref() == Some("HS256")),
    ("id-token-foreign-key", |l| {
        let own_kid = l.header("kid").is_some_and(|kid| l.keys.find(&kid).is_none());
        own_kid && l.id_token().header.get("jwk").is_some_and(|jwk| jwk["kty"] == "RSA") && !l.well_signed()
    }),
    ("id-token-expired", |l| {
        l.claim("exp").and_then(|exp| exp.as_i64()).is_some_and(|exp| exp <= jiff::Timestamp::now().as_second() - 590)
    }),
    ("id-token-expired-though-new", |l| {
        ahead(l, "exp").is_some_and(|s| (-610..-590).contains(&s)) && ahead(l, "iat").is_some_and(|s| s > -10) && l.well_signed()
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
    ("refresh-token-empty", |l| not_rotated(l, &json!(""))),
    ("refresh-token-null", |l| not_rotated(l, &Value::Null)),
    ("refresh-answer-lost", |l| {
        let lost = l.refresh.as_ref().is_some_and(|refresh| refresh.status == 504);
        lost && l.again.as_ref().is_some_and(|again| again.error() == (400, "invalid_grant"))
    }),
    ("refresh-other-subject", |l| refreshed_another(l, "sub")),
    ("refresh-other-issuer", |l| refreshed_another(l, "iss")),
    ("revocation-refused", |l| l.revocation.as_ref().is_some_and(|revocation| revocation.error() == (400, "unsupported_token_type"))),
    ("revocation-redirect", |l| {
        let location = l.revocation.as_ref().filter(|answer| answer.status == 307).map(|answer| answer.headers["location"].clone());
        location.is_some_and(|to| to.to_str().is_ok_and(|to| to.contains("/elsewhere/") && !to.starts_with(&l.issuer)))
    }),
    ("revocation-unavailable", |l| {
        l.revocation.as_ref().is_some_and(|revocation| revocation.status == 503 && revocation.headers["retry-after"] == "1")
    }),
    ("refresh-unavailable", |l| l.answered(200, "") && l.refresh.as_ref().is_some_and(|refresh| refresh.status == 503)),
];

/// Whether the refresh token was taken twice, and answered with this in the place of a new one.
fn not_rotated(l: &Login, given: &Value) -> bool {
    let good = |answer: &Option<Answer>| answer.as_ref().is_some_and(|answer| answer.json.get("refresh_token") == Some(given));
    good(&l.refresh) && good(&l.again)
}

/// Faults with a test of their own.
const ELSEWHERE: [&str; 22] = [
    "id-token-nonce-of-another",
    "jwks-several-keys",
    "id-token-kid-other",
    "tls-self-signed",
    "tls-wrong-host",
    "tls-expired",
    "refresh-held",
    "pkce-ignored",
    "pkce-refused",
    "token-hangs",
    "token-cut-body",
    "token-slow-body",
    "id-token-new-key",
    "id-token-newer-key",
    "device-interval-untold",
    "device-interval-longer",
    "device-short-lived",
    "device-pending",
    "device-slow-down",
    "device-hangs",
    "device-expired",
    "device-denied",
];

#[tokio::test]
async fn each_fault_shows_what_it_says_and_an_honest_login_shows_none_of_it() {
    each_fault_shows(&Stage::new().await).await;
}

#[tokio::test]
async fn a_relay_shows_each_fault_as_the_mock_does() {
    each_fault_shows(&Stage::behind_a_relay(false).await).await;
}

async fn each_fault_shows(stage: &Stage) {
    let honest = Login::observe(stage).await;
    assert!(honest.well_signed() && honest.answered(200, ""), "{:?} {:?}", honest.response, honest.token);
    let here = |(fault, _): &(&str, Shows)| stage.target.is_none() || only_the_owner_can(fault).is_none();
    for (fault, shows) in EFFECTS.into_iter().chain(NEAR_MISSES).chain(ODD_CLAIMS).filter(here) {
        assert!(!shows(&honest), "{fault} cannot be told from an honest login");
        stage.platform.faults().arm(fault, Times::Always).expect("a fault");
        let fired_before = stage.platform.faults().firings().len();
        let faulty = Login::observe(stage).await;
        stage.platform.faults().disarm_all();
        let firings = stage.platform.faults().firings();
        assert!(shows(&faulty), "{fault} does not show: {:?} {:?}", faulty.response, faulty.token);
        assert!(firings.len() > fired_before && firings[fired_before..].iter().all(|firing| firing.fault == fault), "{fault}");
    }
    assert!(honest.revocation.is_some_and(|revocation| revocation.status == 200));
}

#[tokio::test]
async fn a_new_key_signs_and_the_jwks_shows_all_from_then_on() {
    let stage = Stage::new().await;
    let before = Login::observe(&stage).await;
    stage.platform.faults().arm("id-token-new-key", Times::Next(1)).expect("a fault");
    let new = Login::observe(&stage).await;
    assert!(new.well_signed() && new.header("kid") != before.header("kid") && new.keys.keys.len() == 2);
    let after = Login::observe(&stage).await;
    assert!(after.well_signed() && after.header("kid") == before.header("kid") && after.keys.keys.len() == 2);
    stage.platform.faults().arm("id-token-newer-key", Times::Next(1)).expect("a fault");
    let newer = Login::observe(&stage).await;
    assert!(newer.well_signed() && newer.header("kid") != new.header("kid") && newer.keys.keys.len() == 3);
    let untouched = Login::observe(&Stage::new().await).await;
    assert_eq!(untouched.keys.keys.len(), 1, "another platform changed its key too");
}

#[tokio::test]
async fn a_refused_challenge_a_held_answer_and_a_lost_one_leave_what_they_say() {
    let stage = Stage::new().await;
    let faults = stage.platform.faults();
    faults.arm("pkce-refused", Times::Always).expect("a fault");
    let refused = location(&stage.get(stage.authorization_url(&[])).await);
    assert!(refused.contains("error=invalid_request") && refused.contains(&format!("state={STATE}")), "{refused}");
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    assert!(location(&stage.get(stage.authorization_url(&without)).await).starts_with("/sign-in"), "it fired at nothing");
    faults.disarm_all();

    let code = super::stage::parameter(&stage.login(ADA, &[]).await, "code");
    faults.arm("token-hangs", Times::Next(1)).expect("a fault");
    let (journal, mark) = (stage.platform.journal(), stage.platform.journal().mark());
    let soon = std::time::Duration::from_secs(10);
    let held = |exchange: &collaudo::domain::Exchange| exchange.faults == ["token-hangs"];
    tokio::select! {
        _ = stage.redeem(&code) => panic!("it answered"),
        seen = journal.wait_for(mark, "held token request", soon, held) => {
            assert_eq!(seen.expect("told while the client still waits").status, collaudo::domain::Exchange::UNANSWERED);
        }
    }
    faults.arm("token-answer-lost", Times::Next(1)).expect("a fault");
    assert_eq!(stage.redeem(&code).await.status, 504, "the held answer used the code up");
    assert_eq!(stage.redeem(&code).await.error(), (400, "invalid_grant"), "the lost answer left the code unused");
}

#[tokio::test]
async fn what_a_forged_header_leads_to_is_the_key_that_signed() {
    let stage = Stage::new().await;
    stage.platform.faults().arm("id-token-jku", Times::Next(1)).expect("a fault");
    let token = stage.tokens(ADA).await;
    let header = decode_jwt(token.text("id_token")).expect("a JWT").header;
    let served = answer(stage.get(header["jku"].as_str().expect("a URL")).await).await.json;
    assert_eq!(served["keys"][0]["kid"], header["kid"]);
    let certificate = text(stage.get(stage.url("/elsewhere/certificate")).await).await;
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----\nMII"), "{certificate}");

    stage.platform.faults().arm("token-redirect", Times::Next(1)).expect("a fault");
    let code = super::stage::parameter(&stage.login(ADA, &[]).await, "code");
    let redirected = stage.redeem(&code).await;
    let mark = stage.platform.journal().mark();
    let form = [("code", code.as_str()), ("client_secret", "canary")];
    let to = redirected.headers["location"].to_str().expect("text");
    assert_eq!(stage.browser.post(to).form(&form).send().await.expect("an answer").status(), 404);
    assert_eq!(stage.platform.journal().since(mark)[0].facts.credentials, [collaudo::domain::Credential::Body]);
}

#[tokio::test]
async fn a_token_answer_is_cut_off_or_comes_in_pieces() {
    let stage = Stage::new().await;
    let faults = stage.platform.faults();
    let code = super::stage::parameter(&stage.login(ADA, &[]).await, "code");
    faults.arm("token-cut-body", Times::Next(1)).expect("a fault");
    let cut = stage.send_token_request(&super::stage::code_request(&code)).await;
    assert!(cut.bytes().await.is_err(), "the whole body came");
    let code = super::stage::parameter(&stage.login(ADA, &[]).await, "code");
    faults.arm("token-slow-body", Times::Next(1)).expect("a fault");
    let began = std::time::Instant::now();
    assert_eq!(stage.redeem(&code).await.status, 200);
    assert!(began.elapsed() >= std::time::Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_held_refresh_is_answered_once_another_was_asked_for() {
    let stage = Stage::new().await;
    let tokens = stage.tokens(ADA).await;
    stage.platform.faults().arm("refresh-held", Times::Next(1)).expect("a fault");
    let mark = stage.platform.journal().mark();
    let [first, second] = [0, 1].map(|_| stage.refresh(tokens.text("refresh_token")));
    let (first, second) = tokio::join!(first, second);
    // The one that came first was held, and its token replaced: the other one is a replay.
    assert_eq!([first.status.as_u16(), second.status.as_u16()].iter().max(), Some(&400));
    let seen = stage.platform.journal().since(mark);
    let held: Vec<usize> = (0..seen.len()).filter(|&place| seen[place].faults == ["refresh-held"]).collect();
    assert_eq!((held, seen.len()), (vec![1], 2), "the held one was answered last");
}

#[tokio::test]
async fn every_fault_of_the_authorization_server_is_tried() {
    let tried: BTreeSet<&str> = EFFECTS.iter().chain(&NEAR_MISSES).chain(&ODD_CLAIMS).map(|(name, _)| *name).chain(ELSEWHERE).collect();
    let here = faults().filter(|fault| fault.area != "API" && !fault.area.starts_with("API "));
    let known: BTreeSet<&str> = here.map(|fault| fault.name).collect();
    assert_eq!(known, tried);
    assert_eq!(tried.len(), EFFECTS.len() + NEAR_MISSES.len() + ODD_CLAIMS.len() + ELSEWHERE.len(), "a fault is there twice");
    for fault in faults() {
        let says_what_for = !fault.requirements.is_empty() || fault.by_hand.is_some();
        assert!(says_what_for && !fault.effect.is_empty(), "{} does not say what for", fault.name);
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
