//! What the page of a single-page application may ask across origins, and what it must not.

use collaudo::platform::accounts::{ADA, RegistrationType};
use collaudo::platform::{Assumptions, Settings};
use reqwest::header::{HeaderMap, ORIGIN};
use reqwest::{Method, Response};

use crate::stage::{Stage, code_request, parameter};

const OWN: &str = "http://127.0.0.1:5000";

async fn ask(stage: &Stage, method: &str, path: &str, origin: &str) -> Response {
    let method: Method = method.parse().expect("a method");
    let preflight = [("access-control-request-method", "GET"), ("access-control-request-headers", "authorization,x-trace")];
    let mut request = stage.browser.request(method.clone(), stage.url(path)).header(ORIGIN, origin);
    for (name, value) in preflight.into_iter().filter(|_| method == Method::OPTIONS) {
        request = request.header(name, value);
    }
    request.send().await.expect("an answer")
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Everything that a page asks.
const OPEN: [(&str, &str); 7] = [
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/.well-known/openid-configuration/jwks"),
    ("POST", "/connect/token"),
    ("POST", "/connect/revocation"),
    ("GET", "/connect/userinfo"),
    ("GET", "/v2/userinfo"),
    ("GET", "/v2/tenants/101/patients"),
];

#[tokio::test]
async fn a_page_at_a_registered_origin_reads_answers_and_refusals_and_others_do_not() {
    let stage = Stage::with(Settings::default(), RegistrationType::Spa).await;
    for (method, path) in OPEN {
        for method in [method, "OPTIONS"] {
            let own = ask(&stage, method, path, OWN).await;
            assert_eq!(header(own.headers(), "access-control-allow-origin"), Some(OWN), "{method} {path}");
            assert_eq!(header(own.headers(), "access-control-allow-credentials"), None, "{method} {path}");
            for other in ["http://127.0.0.1:5001", "https://127.0.0.1:5000", "http://localhost:5000", "null"] {
                let refused = ask(&stage, method, path, other).await;
                assert_eq!(header(refused.headers(), "access-control-allow-origin"), None, "{method} {path} from {other}");
            }
        }
        let exposed = ask(&stage, method, path, OWN).await;
        assert!(header(exposed.headers(), "access-control-expose-headers").is_some_and(|names| names.contains("retry-after")), "{path}");
    }
    let preflight = ask(&stage, "OPTIONS", "/v2/userinfo", OWN).await;
    assert_eq!(header(preflight.headers(), "access-control-allow-headers"), Some("authorization,x-trace"));
    let journal = stage.platform.journal().since(0);
    let last = journal.last().expect("it was recorded");
    assert_eq!((last.method.as_str(), format!("{:?}", last.endpoint).as_str()), ("OPTIONS", "Preflight"));
}

#[tokio::test]
async fn no_script_asks_for_an_authorization_and_no_other_kind_of_application_has_a_page_that_asks() {
    let stage = Stage::with(Settings::default(), RegistrationType::Spa).await;
    for method in ["GET", "OPTIONS"] {
        for path in ["/connect/authorize", "/connect/endsession", "/sign-in", "/developer"] {
            let answer = ask(&stage, method, path, OWN).await;
            assert_eq!(header(answer.headers(), "access-control-allow-origin"), None, "{method} {path}");
        }
    }
    let without = Settings { assumptions: Assumptions { cors: false, ..Assumptions::default() }, ..Settings::default() };
    let closed = [
        Stage::with(Settings::default(), RegistrationType::Web).await,
        Stage::with(Settings::default(), RegistrationType::Native).await,
        Stage::with(without, RegistrationType::Spa).await,
    ];
    for stage in closed {
        for (method, path) in OPEN {
            let answer = ask(&stage, method, path, OWN).await;
            assert_eq!(header(answer.headers(), "access-control-allow-origin"), None, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_page_is_a_public_client_whose_refresh_tokens_rotate_whatever_is_assumed() {
    let fixed = Settings { assumptions: Assumptions { refresh_rotation: false, ..Assumptions::default() }, ..Settings::default() };
    let stage = Stage::with(fixed.clone(), RegistrationType::Spa).await;
    assert!(stage.client.client_secret.is_none());
    let tokens = stage.tokens(ADA).await;
    let first = tokens.text("refresh_token");
    let renewed = stage.refresh(first).await;
    assert_ne!(renewed.text("refresh_token"), first);
    assert_eq!(stage.refresh(first).await.error(), (400, "invalid_grant"));

    let code = parameter(&stage.login(ADA, &[]).await, "code");
    let with_secret = [&code_request(&code)[..], &[("client_secret", "made-up")]].concat();
    assert_eq!(stage.token(&with_secret).await.error(), (401, "invalid_client"));

    let confidential = Stage::with(fixed, RegistrationType::Web).await;
    let tokens = confidential.tokens(ADA).await;
    assert!(confidential.refresh(tokens.text("refresh_token")).await.json["refresh_token"].is_null());
}
