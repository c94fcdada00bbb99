//! The bundled application against a strict stub of the platform: what the sound one does, and what each defect changes.

mod access;
mod defects;
mod login;
mod stub;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use collaudo::relying_party::{Config, Defect, Listener, RelyingParty, Window};
use reqwest::{Client, Response, redirect};
use stub::{SECRET, Stub, TENANT};
use url::Url;

const SCOPES: [&str; 5] = ["openid", "offline_access", "giponext.patients", "giponext.agenda", "giponext.medicalreports"];

struct Stage {
    stub: Arc<Stub>,
    app: RelyingParty,
}

/// One browser: its cookies.
struct Browser {
    following: Client,
    stepping: Client,
}

impl Stage {
    async fn new(defect: Option<Defect>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stub = Stub::start().await;
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).expect("a loopback port is free");
        let config = Config {
            issuer: stub.url(),
            api: stub.url(),
            client_id: "portale".to_owned(),
            client_secret: Some(SECRET.into()),
            client_auth: Default::default(),
            extra: Default::default(),
            scopes: SCOPES.map(str::to_owned).into(),
            tenants: vec![TENANT.to_owned()],
            background: None,
            other: None,
            base_url: listener.base_url(),
            extra_ca_pem: None,
            window: Window::Popup,
            ends_platform_session: false,
            defect,
            habit: None,
        };
        let app = RelyingParty::start(listener, config).await.expect("the application starts");
        Self { stub, app }
    }

    fn at(&self, path: &str) -> Url {
        self.app.base_url().join(path).expect("a path is a URL's end")
    }
}

impl Browser {
    fn new() -> Self {
        let jar = Arc::new(reqwest::cookie::Jar::default());
        let client = |policy| {
            let builder = Client::builder().cookie_provider(jar.clone()).redirect(policy).timeout(Duration::from_secs(20));
            builder.build().expect("a plain client")
        };
        Self { following: client(redirect::Policy::limited(12)), stepping: client(redirect::Policy::none()) }
    }

    async fn get(&self, url: Url) -> String {
        self.following.get(url).send().await.expect("an answer").text().await.expect("a text")
    }

    async fn step(&self, url: Url) -> Response {
        self.stepping.get(url).send().await.expect("an answer")
    }

    /// From the application to the platform and to the callback's address, which is not visited.
    async fn authorize(&self, stage: &Stage) -> Url {
        let request = location(&self.step(stage.at("/login")).await);
        location(&self.step(request).await)
    }

    /// The whole login in one window: the page where it ends.
    async fn sign_in(&self, stage: &Stage) -> String {
        self.get(stage.at("/login")).await
    }

    async fn is_signed_in(&self, stage: &Stage) -> bool {
        self.get(stage.at("/")).await.contains("id=\"user\"")
    }
}

fn location(response: &Response) -> Url {
    let target = response.headers().get("location").expect("a redirect").to_str().expect("plain text");
    response.url().join(target).expect("a URL")
}

fn entries(page: &str) -> usize {
    page.matches("<li><div><span class=\"row-title\">").count()
}
