//! `collaudo mock` as a developer uses it.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::Value;

use super::program::{Desk, Running};

/// A mock under way, and what it said of itself.
struct Mock {
    running: Running,
    facts: Value,
}

impl Mock {
    fn start(desk: &Desk, arguments: &[&str]) -> Self {
        // Fails only when a provider is installed already: then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut command = desk.command(&[&["mock", "--port", "0", "--format", "json"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
        Self { running: Running(child), facts: serde_json::from_str(&line).expect("JSON") }
    }

    fn text(&self, pointer: &str) -> &str {
        self.facts.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {}", self.facts))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text("/issuer"))
    }

    /// Ends it and gives what it logged.
    fn log(mut self) -> String {
        self.running.signal(rustix::process::Signal::TERM);
        let mut log = String::new();
        self.running.0.stderr.take().expect("it is piped").read_to_string(&mut log).expect("text");
        assert_eq!(self.running.0.wait().expect("it is ours").code(), Some(0), "a mock that is told to end has done its work");
        log
    }
}

const PROFILE: &str = r##"
[app]
name = "Prenotazioni Veloci"
type = "web"
url = "http://127.0.0.1:5000/"
command = ["true"]
scopes = ["openid", "giponext.patients"]
redirect_uris = ["http://127.0.0.1:5000/callback"]
tenants = ["authorised"]

[app.login]
trigger = "#login"
signed_in = "#user"
"##;

#[tokio::test]
async fn a_developer_finds_addresses_people_and_the_environment_of_the_own_application() {
    let desk = Desk::new();
    let profile = desk.write("collaudo.toml", PROFILE);
    let mock = Mock::start(&desk, &["--register", profile.to_str().expect("text"), "--token-for", "ada.ferri@sanluca.example"]);
    let page = reqwest::get(mock.url("/_mock?lang=en")).await.expect("an answer").text().await.expect("text");
    for shown in
        ["Prenotazioni Veloci", mock.text("/client/client_id"), mock.text("/client/client_secret"), mock.text("/users/ada/password")]
    {
        assert!(page.contains(shown), "{shown} is not on the page");
    }
    // The application's scopes, and no other, are in the token.
    let client = reqwest::Client::new();
    let status = async |path: &str| {
        client.get(mock.url(path)).bearer_auth(mock.text("/access_token")).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!([status("/v2/tenants/101/patients").await, status("/v2/tenants/101/medical-reports").await], [200, 403]);
    assert_eq!(status("/_control/faults").await, 404, "nobody asked for the control interface");
    let log = mock.log();
    assert!(log.contains("200  GET /v2/tenants/101/patients") && log.contains("403  GET /v2/tenants/101/medical-reports"), "{log}");
    assert!(!log.contains("/_mock"), "the workbench is no platform: {log}");
}

#[tokio::test]
async fn faults_are_armed_by_hand_with_the_key_alone() {
    let desk = Desk::new();
    let mock = Mock::start(&desk, &["--control", "--log", "json"]);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let send = async |method: &str, path: &str, key: &str| {
        let method = method.parse::<reqwest::Method>().expect("a method");
        let answer = client.request(method, mock.url(path)).bearer_auth(key).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
    };
    let key = mock.text("/control_key").to_owned();
    for (method, path) in [("GET", "/_control/faults"), ("PUT", "/_control/faults/api-server-error"), ("GET", "/_control/journal")] {
        assert_eq!(send(method, path, "a-guess").await.0, 401, "{method} {path}");
    }
    assert_eq!(send("PUT", "/_control/faults/no-such-fault", &key).await.0, 404);
    assert_eq!(send("PUT", "/_control/faults/api-server-error?times=0", &key).await.0, 422);
    assert_eq!(send("PUT", "/_control/faults/issuer-other-throughout?times=1", &key).await.0, 200);
    let issuer = async || send("GET", "/.well-known/openid-configuration", "x").await.1["issuer"].clone();
    assert_eq!([issuer().await, issuer().await], ["https://account.attacker.invalid".into(), Value::from(mock.text("/issuer"))]);
    let (_, faults) = send("GET", "/_control/faults", &key).await;
    assert_eq!(faults["firings"][0]["fault"], "issuer-other-throughout");
    let (_, journal) = send("GET", "/_control/journal?since=0", &key).await;
    assert_eq!(journal["exchanges"][0]["faults"], serde_json::json!(["issuer-other-throughout"]));
    assert_eq!(send("PUT", "/_control/faults/api-server-error", &key).await.0, 200);
    assert_eq!(send("DELETE", "/_control/faults", &key).await.0, 204);
    assert_eq!(send("GET", "/v2/userinfo", "x").await.0, 401, "disarmed");

    // The page takes the key by its form, never by its address.
    let page = client.get(mock.url(&format!("/_control?key={key}"))).send().await.expect("an answer");
    assert_eq!(page.status(), 401);
    let entered = client.post(mock.url("/_control/enter")).form(&[("key", &key)]).send().await.expect("an answer");
    let cookie = entered.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let page =
        client.get(mock.url("/_control")).header("cookie", cookie.split(';').next().expect("a pair")).send().await.expect("an answer");
    assert!(page.text().await.expect("text").contains("state-forged"));
    let log = mock.log();
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && !log.contains(&key), "{log}");
}

#[test]
fn a_wrong_assumption_and_a_token_for_nobody_are_told_at_once() {
    let desk = Desk::new();
    for (arguments, said) in [
        (vec!["--assume", "pkce=true"], "--assume pkce=true: unknown field `pkce`"),
        (vec!["--assume", "rate_limit=many"], "--assume rate_limit=many: "),
        (vec!["--token-for", "ada.ferri@sanluca.example"], "--token-for needs an application"),
        (vec!["--redirect-uri", "http://127.0.0.1:5000/cb", "--token-for", "nobody@nowhere.example"], "no user has the e-mail"),
    ] {
        let ended = desk.ended(&[&["mock", "--port", "0"], arguments.as_slice()].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(said), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn issuers_of_one_process_share_nothing() {
    let desk = Desk::new();
    let arguments =
        ["--issuer", "north", "--issuer", "south", "--redirect-uri", "http://127.0.0.1:9/cb", "--token-for", "ada.ferri@sanluca.example"];
    let mock = Mock::start(&desk, &[&arguments[..], &["--log", "off"]].concat());
    let of = |name: &str, pointer: &str| {
        let issuers = mock.facts["issuers"].as_array().expect("a list");
        let issuer = issuers.iter().find(|issuer| issuer["name"] == name).expect("it is told");
        issuer.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned()
    };
    assert_eq!(mock.text("/issuer"), of("north", "/issuer"), "the first is told as the one");
    for pointer in ["/issuer", "/users/ada/password", "/client/client_id", "/client/client_secret", "/access_token"] {
        assert_ne!(of("north", pointer), of("south", pointer), "{pointer}");
    }
    let read = async |url: String| reqwest::get(url).await.expect("an answer").text().await.expect("text");
    let keys = |name: &str| read(format!("{}/.well-known/openid-configuration/jwks", of(name, "/issuer")));
    assert_ne!(keys("north").await, keys("south").await);
    let userinfo = async |at: &str, token: &str| {
        let request = reqwest::Client::new().get(format!("{}/v2/userinfo", of(at, "/issuer"))).bearer_auth(of(token, "/access_token"));
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((userinfo("north", "north").await, userinfo("south", "south").await), (200, 200));
    assert_eq!((userinfo("north", "south").await, userinfo("south", "north").await), (401, 401));
    assert!(read(format!("{}/_mock", of("north", "/issuer"))).await.contains(&format!("{}/_mock", of("south", "/issuer"))));
    let refused = desk.ended(&["mock", "--issuer", "../north"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("letters, digits"), "{}", refused.stderr);
}

#[tokio::test]
async fn a_page_of_another_port_cannot_use_the_cookie_of_the_control_page() {
    let desk = Desk::new();
    let mock = Mock::start(&desk, &["--control", "--log", "off"]);
    let cookie = format!("collaudo_control={}", mock.text("/control_key"));
    let arm = async |origin: Option<&str>| {
        let request = reqwest::Client::new().put(mock.url("/_control/faults/token-html")).header("cookie", &cookie);
        let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(arm(None).await, 403);
    assert_eq!(arm(Some("http://localhost:5000")).await, 403);
    assert_eq!(arm(Some(mock.text("/issuer"))).await, 200);
}
