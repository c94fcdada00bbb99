//! A mock platform without sockets, for requests that a fuzzer made up.

use std::cell::RefCell;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use collaudo::oauth::giponext;
use collaudo::platform::accounts::{ADA, Credentials, GrantType, RegistrationRequest, RegistrationType};
use collaudo::platform::{Keep, Platform, Settings};
use secrecy::ExposeSecret;
use serde_json::Value;
use tower::ServiceExt;

/// After this many requests there is a new platform: what they made it keep is gone.
const LIFETIME: usize = 4096;
const REDIRECT_URI: &str = "http://127.0.0.1:5000/callback";

pub struct Stage {
    runtime: tokio::runtime::Runtime,
    _platform: Platform,
    router: Router,
    pub client_id: String,
    pub client_secret: String,
    pub access_token: String,
    calls: usize,
}

pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

/// Lends the stage of this process; a new one when the old one has served its time.
pub fn with_stage(use_it: impl FnOnce(&mut Stage)) {
    STAGE.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|stage| stage.calls >= LIFETIME) {
            *kept = None;
            *kept = Some(Stage::raise());
        }
        use_it(kept.as_mut().expect("it was just raised"));
    });
}

impl Stage {
    fn raise() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let settings = Settings { seed: 1, journal: Keep::Last(8), ..Settings::default() };
        let platform = runtime.block_on(Platform::start(settings)).expect("a free port");
        let registration = RegistrationRequest {
            r#type: RegistrationType::Web,
            grant: GrantType::AuthorizationCode,
            name: "fuzz".to_owned(),
            description: "what a fuzzer sends".to_owned(),
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            scopes: giponext::ALL.into_iter().collect(),
            claims: Vec::new(),
        };
        let client = Credentials { client_id: "fuzz".to_owned(), client_secret: Some("s3cret-of-the-fuzzed-client".to_owned().into()) };
        platform.preregister_client(registration, &client).expect("a sound registration");
        let code = platform.issue_code(ADA, &client.client_id, REDIRECT_URI, None).expect("a code");
        let router = platform.router();
        let mut stage = Self {
            runtime,
            router,
            client_id: client.client_id,
            client_secret: client.client_secret.expect("it has one").expose_secret().to_owned(),
            access_token: String::new(),
            calls: 0,
            _platform: platform,
        };
        let form = format!(
            "grant_type=authorization_code&code={}&redirect_uri={REDIRECT_URI}&client_id={}&client_secret={}",
            code.expose_secret(),
            stage.client_id,
            stage.client_secret
        );
        let answer = stage.post("/connect/token", &[], "application/x-www-form-urlencoded", form.into_bytes()).expect("a sound request");
        stage.access_token = answer.body["access_token"].as_str().expect("a token").to_owned();
        stage
    }

    /// `None` for what no HTTP library would let through.
    pub fn post(&mut self, path: &str, headers: &[(&str, &[u8])], media_type: &str, body: Vec<u8>) -> Option<Answer> {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, media_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Some(self.send(request.body(Body::from(body)).ok()?))
    }

    pub fn get(&mut self, path: &str) -> Option<Answer> {
        Some(self.send(Request::get(path).body(Body::empty()).ok()?))
    }

    fn send(&mut self, request: Request<Body>) -> Answer {
        self.calls += 1;
        let router = self.router.clone();
        self.runtime.block_on(async {
            let response = router.oneshot(request).await.expect("the router does not fail");
            let status = response.status();
            assert!(!status.is_server_error(), "status {status}");
            let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
            Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
        })
    }
}

/// An error of the token endpoint has its code (RFC 6749 section 5.2).
pub fn is_token_answer(answer: &Answer) {
    let named = answer.body.get(if answer.status.is_success() { "access_token" } else { "error" });
    assert!(named.is_some_and(Value::is_string), "status {} without its code", answer.status);
}
