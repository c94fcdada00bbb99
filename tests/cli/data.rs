//! `collaudo mock --data FILE`: what was acknowledged outlives the process, however it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::program::{Desk, Running, free_port, text};

/// A mock on a data file, and what it said of itself.
struct Mock {
    running: Running,
    facts: Value,
}

/// Fails only when a provider is installed already: then that one is used.
fn install_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn start(desk: &Desk, port: u16) -> Mock {
    let port = port.to_string();
    let callback = "http://127.0.0.1:9/callback";
    let arguments = ["mock", "--data", "mock.db", "--port", &port, "--redirect-uri", callback, "--token-for", "ada.ferri@sanluca.example"];
    let mut command = desk.command(&[&arguments[..], &["--log", "off", "--format", "json"]].concat());
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("text");
    Mock { running: Running(child), facts: serde_json::from_str(&line).expect("one JSON object") }
}

impl Mock {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", text(&self.facts["issuer"]))
    }

    fn token(&self) -> String {
        text(&self.facts["access_token"])
    }
}

async fn read(client: &Client, url: String, token: &str) -> (StatusCode, Value) {
    let answer = client.get(url).bearer_auth(token).send().await.expect("an answer");
    (answer.status(), answer.json().await.unwrap_or_default())
}

fn patient(number: usize) -> Value {
    json!({ "firstName": "Prova", "lastName": format!("Numero {number}"), "fiscalCode": fiscal_code(number) })
}

/// A right one for each number, by Italy's rule for the check character.
fn fiscal_code(number: usize) -> String {
    let letters: Vec<char> = ('A'..='Z').collect();
    let place: String = [number / 17_576 % 26, number / 676 % 26, number / 26 % 26, number % 26].iter().map(|at| letters[*at]).collect();
    let fifteen = format!("{}XX80A01F205", place);
    let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let value = |character: char| character.to_digit(36).map_or(0, |digit| if digit > 9 { digit - 10 } else { digit }) as usize;
    let sum: usize =
        fifteen.chars().enumerate().map(|(at, character)| if at % 2 == 0 { odd[value(character)] } else { value(character) }).sum();
    format!("{fifteen}{}", letters[sum % 26])
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed_while_it_writes() {
    let (desk, port) = (Desk::new(), free_port());
    install_provider();
    let client = Client::new();
    let acknowledged: Arc<Mutex<Vec<(u64, usize)>>> = Arc::default();
    let mut first: Option<(String, Value, Value)> = None;
    let mut number = 0;
    for round in 0..5_u64 {
        let mock = start(&desk, port);
        let (_, keys) = read(&client, mock.url("/.well-known/openid-configuration/jwks"), "").await;
        let (token, known_keys, users) = first.get_or_insert_with(|| (mock.token(), keys.clone(), mock.facts["users"].clone())).clone();
        assert_eq!((&keys, &mock.facts["users"]), (&known_keys, &users), "keys and people are the same in round {round}");
        assert_eq!(read(&client, mock.url("/v2/userinfo"), &token).await.0, StatusCode::OK, "the first token works in round {round}");
        let written: Vec<_> = acknowledged.lock().expect("nobody panics").iter().cloned().collect();
        for (id, number) in &written {
            let (status, found) = read(&client, mock.url(&format!("/v2/tenants/101/patients/{id}")), &token).await;
            assert_eq!((status, &found["lastName"]), (StatusCode::OK, &patient(*number)["lastName"]), "patient {id} in round {round}");
        }
        let writers: Vec<_> = (0..4)
            .map(|_| {
                number += 1000;
                let (client, url, token, acknowledged) =
                    (client.clone(), mock.url("/v2/tenants/101/patients"), token.clone(), acknowledged.clone());
                tokio::spawn(async move {
                    for number in number.. {
                        let sent = client.post(&url).bearer_auth(&token).json(&patient(number)).send().await;
                        let Ok(answer) = sent else { break };
                        let status = answer.status();
                        let Ok(made) = answer.json::<Value>().await else { break };
                        assert_eq!(status, StatusCode::CREATED, "{made}");
                        let id = made["id"].as_u64().expect("an id");
                        acknowledged.lock().expect("nobody panics").push((id, number));
                    }
                })
            })
            .collect();
        let before = acknowledged.lock().expect("nobody panics").len();
        let enough = async {
            while acknowledged.lock().expect("nobody panics").len() < before + 10 + usize::try_from(round).expect("small") {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), enough).await.expect("patients are written");
        mock.running.signal(rustix::process::Signal::KILL);
        for writer in writers {
            writer.await.expect("every answer before the end was good");
        }
    }
    assert!(acknowledged.lock().expect("nobody panics").len() >= 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_and_what_the_portal_changed_are_there_again() {
    let (desk, port) = (Desk::new(), free_port());
    install_provider();
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).cookie_store(true).build().expect("a client");
    let mock = start(&desk, port);
    let sign_up =
        [("email", "nora.sala@software.example"), ("password", "correct horse 7"), ("given_name", "Nora"), ("family_name", "Sala")];
    let answer = client.post(mock.url("/sign-up")).form(&sign_up).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let (id, secret) = (text(&mock.facts["client"]["client_id"]), text(&mock.facts["client"]["client_secret"]));
    let (url, token) = (mock.url("/connect/revocation"), mock.token());
    let revoked = client.post(url).basic_auth(&id, Some(&secret)).form(&[("token", &token)]).send().await.expect("an answer");
    assert_eq!(revoked.status(), StatusCode::OK);
    mock.running.signal(rustix::process::Signal::KILL);
    drop(mock.running);

    let again = start(&desk, port);
    assert_eq!(text(&again.facts["client"]["client_id"]), id, "the application is registered once");
    assert_eq!(text(&again.facts["client"]["client_secret"]), secret);
    assert_eq!(read(&client, again.url("/v2/userinfo"), &token).await.0, StatusCode::UNAUTHORIZED, "revoked stays revoked");
    assert_ne!(again.token(), token);
    assert_eq!(read(&client, again.url("/v2/userinfo"), &again.token()).await.0, StatusCode::OK);
    let answer = client.post(again.url("/sign-up")).form(&sign_up).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "Nora has her account already");
}

#[test]
fn a_file_that_cannot_be_used_is_one_clear_error() {
    let (desk, port) = (Desk::new(), free_port());
    let refused = |wanted: &str| {
        let ended = desk.ended(&["mock", "--data", "mock.db", "--port", &free_port().to_string()]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains(wanted) && ended.stderr.contains("hint: "), "{}", ended.stderr);
    };
    let mock = start(&desk, port);
    assert_eq!(mode(&desk.path("mock.db")), 0o600, "it holds passwords");
    refused("is in use by another process");
    drop(mock);

    let change = |sql: &str| Connection::open(desk.path("mock.db")).expect("it opens").execute_batch(sql).expect("it is changed");
    change("PRAGMA user_version = 9");
    refused("is of format 9, and this program reads format 1");
    change("PRAGMA user_version = 1; DELETE FROM entries WHERE kind = 'accounts.users' AND key = '[00000001]'");
    refused("is damaged: an element is missing before accounts.users[00000002]");
    change("PRAGMA application_id = 7");
    refused("mock.db is not a data file of collaudo");
    for name in ["mock.db-wal", "mock.db-shm"] {
        // Where SQLite has left one.
        let _ = std::fs::remove_file(desk.path(name));
    }
    desk.write("mock.db", &"no database ".repeat(1000));
    refused("mock.db is not a data file of collaudo");
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}
