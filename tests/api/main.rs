//! The resource API of the mock platform: rules of every call, pages, writes, faults.

mod damage;
mod document;
mod episodes;
mod faults;
mod invoices;
mod login;
mod pages;
mod rules;
mod writes;

use std::sync::Arc;

use collaudo::checks::{Refusal, check_answer_matches_document};
use collaudo::platform::accounts::ADA;
use collaudo::platform::{Platform, Settings, Times};
use login::token;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

const EVERYTHING: &str = "openid giponext.patients giponext.agenda giponext.treatments giponext.episodes giponext.medicalreports \
                          giponext.invoices";

/// A platform and the token that calls are made with.
#[derive(Clone)]
struct Caller {
    platform: Arc<Platform>,
    client: Client,
    token: String,
    /// The platform's own, by which every answer is looked at.
    document: Value,
}

/// Status, headers and body of one answer.
struct Seen {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Caller {
    async fn new(email: &str, scopes: &str) -> Self {
        Self::at(Settings::default(), email, scopes).await
    }

    async fn at(settings: Settings, email: &str, scopes: &str) -> Self {
        let platform = Arc::new(Platform::start(settings).await.expect("a free port"));
        let token = token(&platform, email, scopes).await;
        // Without redirects: a 302 of the API is to be seen.
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let document = client.get(platform.api().join("/swagger/docs/v2").expect("a path")).send().await.expect("an answer");
        let document = document.json().await.expect("JSON");
        Self { platform, client, token, document }
    }

    /// The same platform under another login.
    async fn signed_in_as(&self, email: &str, scopes: &str) -> Self {
        Self { token: token(&self.platform, email, scopes).await, ..self.clone() }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Seen {
        let url = self.platform.api().join(path).expect("a path");
        let mut request = self.client.request(method.clone(), url.clone()).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let mark = self.platform.journal().mark();
        let seen = seen(request.send().await.expect("an answer")).await;
        let honest = self.platform.journal().since(mark).iter().all(|exchange| exchange.faults.is_empty());
        let judged = check_answer_matches_document(&self.document, method.as_str(), url.path(), seen.status.as_u16(), &seen.body);
        match judged {
            Err(Refusal::Discrepancy(discrepancy)) if honest => panic!("{discrepancy}: {}", discrepancy.actual),
            _ => seen,
        }
    }

    async fn get(&self, path: &str) -> Seen {
        self.send(Method::GET, path, None).await
    }

    /// A resource path of the medical centre that Ada works at.
    async fn ours(&self, path: &str) -> Seen {
        self.get(&format!("/v2/tenants/101/{path}")).await
    }

    fn arm(&self, fault: &str, times: Times) {
        self.platform.faults().arm(fault, times).expect("a known fault");
    }
}

async fn seen(response: Response) -> Seen {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("a body");
    Seen { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}

impl Seen {
    fn refuses(&self, status: u16, error: &str) -> &str {
        assert_eq!((self.status.as_u16(), self.body["error"].as_str()), (status, Some(error)), "{}", self.body);
        self.body["message"].as_str().filter(|message| !message.is_empty()).expect("a message")
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

async fn ada() -> Caller {
    Caller::new(ADA, EVERYTHING).await
}
