//! A small platform for the bundled application: strict where a login must not succeed by luck, with a knob for each answer
//! that a test changes. It stands for the real mock, which this room does not know.

mod api;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use collaudo::oauth::code_challenge_s256;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

pub const SECRET: &str = "s3cr3t:% +/è";
pub const TENANT: &str = "101";

/// An RSA key of this test process.
static KEY: LazyLock<RsaPrivateKey> = LazyLock::new(|| RsaPrivateKey::new(&mut rand_core(), 2048).expect("2048 bits make a key"));

fn rand_core() -> impl rsa::rand_core::CryptoRngCore {
    rsa::rand_core::OsRng
}

type Pairs = Vec<(String, String)>;

/// How an ID token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    #[default]
    Right,
    Flipped,
    None,
    Hs256WithPublicKey,
    EmbeddedKey,
}

pub struct Knobs {
    pub granted: Option<String>,
    pub tenant: String,
    pub patients: usize,
    pub page_limit: usize,
    pub token_type: String,
    pub error: Option<String>,
    pub signature: Signature,
    pub change_claims: fn(&mut Map<String, Value>),
    pub change_response: fn(&mut Pairs),
    pub userinfo_sub: String,
    pub name: String,
    /// Status and Retry-After of the next resource answers.
    pub next_answers: Vec<(u16, Option<&'static str>)>,
    /// Status and Retry-After of the next token answers.
    pub next_token_answers: Vec<(u16, Option<&'static str>)>,
    /// Key id in the key set, and that in the ID token's header.
    pub published_kid: String,
    pub signing_kid: String,
    /// Status of the next answers to a write.
    pub next_writes: Vec<u16>,
    /// Of the one appointment that can be read and written.
    pub appointment: Value,
    pub refresh_refused: bool,
    pub rotates: bool,
    pub revocation_answers: Vec<u16>,
    pub additive: bool,
    pub metadata_issuer: Option<String>,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            granted: None,
            tenant: TENANT.to_owned(),
            patients: 7,
            page_limit: 50,
            token_type: "Bearer".to_owned(),
            error: None,
            signature: Signature::Right,
            change_claims: |_| {},
            change_response: |_| {},
            userinfo_sub: "ada".to_owned(),
            name: "Ada Rossi".to_owned(),
            next_answers: Vec::new(),
            next_token_answers: Vec::new(),
            published_kid: "k1".to_owned(),
            signing_kid: "k1".to_owned(),
            next_writes: Vec::new(),
            appointment: json!({"id": 1, "agendaId": 1, "status": "booked", "version": 1, "later": {"kept": true}}),
            refresh_refused: false,
            rotates: true,
            revocation_answers: Vec::new(),
            additive: false,
            metadata_issuer: None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: String,
    pub authorization: Option<String>,
    pub form: HashMap<String, String>,
}

#[derive(Default)]
struct Books {
    /// Authorization request of each code that was not redeemed.
    codes: HashMap<String, HashMap<String, String>>,
    access: Vec<String>,
    refresh: Vec<String>,
    issued: usize,
    seen: Vec<Seen>,
}

pub struct Stub {
    pub issuer: String,
    knobs: Mutex<Knobs>,
    books: Mutex<Books>,
}

impl Stub {
    pub async fn start() -> Arc<Self> {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let issuer = format!("http://{}", socket.local_addr().expect("it is bound"));
        let stub = Arc::new(Self { issuer, knobs: Mutex::default(), books: Mutex::default() });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .route("/userinfo", get(openid_userinfo))
            .route("/v2/userinfo", get(api::userinfo))
            .route("/v2/tenants/{tenant}/{resource}", get(api::list))
            .route("/v2/tenants/{tenant}/appointments/{id}", get(api::appointment).put(api::change_appointment))
            .layer(from_fn_with_state(stub.clone(), journal))
            .with_state(stub.clone());
        tokio::spawn(async move { axum::serve(socket, router).await });
        stub
    }

    pub fn url(&self) -> Url {
        self.issuer.parse().expect("it is a URL")
    }

    pub fn knobs(&self) -> MutexGuard<'_, Knobs> {
        self.knobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all access tokens, as if their time were over.
    pub fn expire_access_tokens(&self) {
        self.books().access.clear();
    }

    pub fn seen(&self, path: &str) -> Vec<Seen> {
        self.books().seen.iter().filter(|seen| seen.path.starts_with(path)).cloned().collect()
    }

    pub fn token_requests(&self, grant_type: &str) -> Vec<Seen> {
        self.seen("/token").into_iter().filter(|seen| seen.form.get("grant_type").is_some_and(|grant| grant == grant_type)).collect()
    }

    pub fn resource_calls(&self) -> usize {
        self.seen("/v2/tenants").len()
    }

    fn issue(&self, knobs: &Knobs, request: &HashMap<String, String>, refresh: bool) -> Value {
        let mut books = self.books();
        books.issued += 1;
        let access = format!("access-{}", books.issued);
        books.access.push(access.clone());
        let requested = request.get("scope").cloned().unwrap_or_default();
        let granted = knobs.granted.clone().unwrap_or(requested);
        let mut answer = json!({"access_token": access, "token_type": knobs.token_type, "expires_in": 3600, "scope": granted});
        if refresh && granted.contains("offline_access") {
            let refresh = format!("refresh-{}", books.issued);
            books.refresh.push(refresh.clone());
            answer["refresh_token"] = json!(refresh);
        }
        if granted.contains("openid") {
            answer["id_token"] = json!(self.id_token(knobs, request.get("nonce")));
        }
        answer
    }

    fn id_token(&self, knobs: &Knobs, nonce: Option<&String>) -> String {
        let now = jiff::Timestamp::now().as_second();
        let claims = json!({"iss": self.issuer, "sub": "ada", "aud": "portale", "exp": now + 300, "iat": now, "nonce": nonce});
        let Value::Object(mut claims) = claims else { unreachable!("an object was written") };
        (knobs.change_claims)(&mut claims);
        claims.retain(|_, value| !value.is_null());
        let der = KEY.to_pkcs1_der().expect("an RSA key has a DER form");
        let key = EncodingKey::from_rsa_der(der.as_bytes());
        let header = |algorithm| Header { kid: Some(knobs.signing_kid.clone()), ..Header::new(algorithm) };
        match knobs.signature {
            Signature::Right => encode(&header(Algorithm::RS256), &claims, &key).expect("it signs"),
            Signature::Flipped => {
                let token = encode(&header(Algorithm::RS256), &claims, &key).expect("it signs");
                let (signed, signature) = token.rsplit_once('.').expect("it has three parts");
                let flipped = if signature.starts_with('A') { "B" } else { "A" };
                format!("{signed}.{flipped}{}", &signature[1..])
            }
            Signature::None => {
                let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(json!({"alg": "nOnE", "kid": "k1"})), part(Value::Object(claims)))
            }
            Signature::Hs256WithPublicKey => {
                let pem = KEY.to_public_key().to_public_key_pem(LineEnding::LF).expect("it has a PEM form");
                encode(&header(Algorithm::HS256), &claims, &EncodingKey::from_secret(pem.as_bytes())).expect("it signs")
            }
            Signature::EmbeddedKey => {
                let evil = RsaPrivateKey::new(&mut rand_core(), 2048).expect("2048 bits make a key");
                let der = evil.to_pkcs1_der().expect("an RSA key has a DER form");
                let mut header = header(Algorithm::RS256);
                header.jwk = Some(serde_json::from_value(jwk(&evil, "k1")).expect("it is a JWK"));
                encode(&header, &claims, &EncodingKey::from_rsa_der(der.as_bytes())).expect("it signs")
            }
        }
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        bearer.is_some_and(|token| self.books().access.iter().any(|known| known == token))
    }
}

fn jwk(key: &RsaPrivateKey, kid: &str) -> Value {
    let number = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": number(key.n()), "e": number(key.e())})
}

async fn journal(State(stub): State<Arc<Stub>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("the application sends little");
    stub.books().seen.push(Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        authorization: parts.headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned),
        form: form_urlencoded::parse(&body).into_owned().collect(),
    });
    next.run(Request::from_parts(parts, body.into())).await
}

async fn metadata(State(stub): State<Arc<Stub>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", stub.issuer);
    let issuer = stub.knobs().metadata_issuer.clone().unwrap_or_else(|| stub.issuer.clone());
    Json(json!({
        "issuer": issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "jwks_uri": at("/jwks"),
        "userinfo_endpoint": at("/userinfo"), "revocation_endpoint": at("/revoke"), "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(stub): State<Arc<Stub>>) -> Json<Value> {
    Json(json!({"keys": [{"kty": "strange", "kid": "k0"}, jwk(&KEY, &stub.knobs().published_kid)]}))
}

async fn authorize(State(stub): State<Arc<Stub>>, Query(request): Query<HashMap<String, String>>) -> Redirect {
    let knobs = stub.knobs();
    let mut answer = vec![("state".to_owned(), request["state"].clone()), ("iss".to_owned(), stub.issuer.clone())];
    match &knobs.error {
        Some(error) => {
            answer.push(("error".to_owned(), error.clone()));
            answer.push(("error_description".to_owned(), "<b id=canary>nope</b>".to_owned()));
        }
        None => {
            let mut books = stub.books();
            books.issued += 1;
            let code = format!("code-{}", books.issued);
            books.codes.insert(code.clone(), request.clone());
            answer.push(("code".to_owned(), code));
        }
    }
    (knobs.change_response)(&mut answer);
    let target = Url::parse_with_params(&request["redirect_uri"], answer).expect("the redirect URI is a URL");
    Redirect::to(target.as_str())
}

fn refused(status: u16, error: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, Json(json!({"error": error, "message": "a business rule"}))).into_response()
}

fn troubled(status: u16, retry_after: Option<&str>) -> Response {
    let mut response = refused(status, if status == 403 { "insufficient_permission" } else { "refused" });
    if let Some(retry_after) = retry_after {
        response.headers_mut().insert("retry-after", retry_after.parse().expect("a header's value"));
    }
    if status == 302 {
        response.headers_mut().insert("location", "/v2/tenants/101/elsewhere".parse().expect("a header's value"));
    }
    response
}

async fn token(State(stub): State<Arc<Stub>>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let expected = format!("Basic {}", STANDARD.encode(format!("portale:{encoded}")));
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(&expected) {
        return refused(401, "invalid_client");
    }
    let mut knobs = stub.knobs();
    if let Some((status, retry_after)) = knobs.next_token_answers.pop() {
        return troubled(status, retry_after);
    }
    match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => {
            let Some(request) = stub.books().codes.remove(&form["code"]) else { return refused(400, "invalid_grant") };
            let proved = form.get("code_verifier").map(|verifier| code_challenge_s256(verifier)) == request.get("code_challenge").cloned();
            if !proved || form.get("redirect_uri") != request.get("redirect_uri") {
                return refused(400, "invalid_grant");
            }
            Json(stub.issue(&knobs, &request, true)).into_response()
        }
        Some("refresh_token") => {
            let known = stub.books().refresh.contains(&form["refresh_token"]);
            if !known || knobs.refresh_refused {
                return refused(400, "invalid_grant");
            }
            if knobs.rotates {
                stub.books().refresh.retain(|token| *token != form["refresh_token"]);
            }
            let request = HashMap::from([("scope".to_owned(), "openid offline_access giponext.patients giponext.agenda".to_owned())]);
            Json(stub.issue(&knobs, &request, knobs.rotates)).into_response()
        }
        _ => refused(400, "unsupported_grant_type"),
    }
}

async fn revoke(State(stub): State<Arc<Stub>>, Form(form): Form<HashMap<String, String>>) -> StatusCode {
    if let Some(status) = stub.knobs().revocation_answers.pop() {
        return StatusCode::from_u16(status).expect("a status");
    }
    let mut books = stub.books();
    books.access.retain(|token| *token != form["token"]);
    books.refresh.retain(|token| *token != form["token"]);
    StatusCode::OK
}

async fn openid_userinfo(State(stub): State<Arc<Stub>>, headers: HeaderMap) -> Response {
    if !stub.knows(&headers) {
        return refused(401, "invalid_token");
    }
    let knobs = stub.knobs();
    Json(json!({"sub": knobs.userinfo_sub, "name": knobs.name})).into_response()
}
