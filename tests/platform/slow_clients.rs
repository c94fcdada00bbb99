//! Slow, silent and oversized clients: the platform bounds what they take, and serves the others meanwhile.

use std::time::{Duration, Instant};

use collaudo::platform::{ConnectionLimits, Platform, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an honest client may wait while others are slow.
const SOON: Duration = Duration::from_secs(10);

async fn platform(limits: ConnectionLimits) -> Platform {
    Platform::start(Settings { limits, ..Settings::default() }).await.expect("a free port")
}

async fn connect(platform: &Platform) -> TcpStream {
    TcpStream::connect(("127.0.0.1", platform.issuer().port().expect("an explicit port"))).await.expect("it listens")
}

/// What the platform sends until it closes the connection.
async fn until_closed(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("it is closed");
    // A reset is an end as well.
    let _ = read;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_slow_connections_hold_up_nobody() {
    let limits = ConnectionLimits { connections: 50, ..ConnectionLimits::default() };
    let platform = platform(limits).await;
    let mut slow = Vec::new();
    for number in 0..500 {
        let mut stream = connect(&platform).await;
        // Whether it is written is the platform's affair: the connection may be cut already.
        let _ = stream.write_all(if number % 2 == 0 { b"GET / HTTP/1.1\r\nHost: local" } else { b"" }).await;
        slow.push(stream);
    }
    let url = platform.issuer().join("/.well-known/openid-configuration").expect("a path");
    for _ in 0..20 {
        // A connection of its own each time.
        let client = reqwest::Client::builder().timeout(SOON).build().expect("a client");
        assert_eq!(client.get(url.clone()).send().await.expect("an answer").status(), 200);
    }
    let newest = slow.split_off(495);
    for stream in slow.drain(..400) {
        until_closed(stream).await;
    }
    drop(newest);
}

#[tokio::test]
async fn a_header_that_never_ends_is_given_up() {
    let limits = ConnectionLimits { header_time: Duration::from_millis(300), ..ConnectionLimits::default() };
    let platform = platform(limits).await;
    let silent = connect(&platform).await;
    let mut dripping = connect(&platform).await;
    let started = Instant::now();
    let drip = async {
        let mut written = dripping.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").await;
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        while written.is_ok() && started.elapsed() < SOON {
            ticks.tick().await;
            written = dripping.write_all(b"a").await;
        }
    };
    drip.await;
    assert!(started.elapsed() < SOON, "whoever sends a byte now and then is cut as well");
    until_closed(silent).await;
}

#[tokio::test]
async fn a_body_that_never_ends_or_is_too_long_is_refused_and_the_connection_closed() {
    let limits = ConnectionLimits { body_time: Duration::from_millis(300), ..ConnectionLimits::default() };
    let platform = platform(limits).await;
    let head = |length: usize| {
        format!(
            "POST /connect/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut slow = connect(&platform).await;
    slow.write_all(head(100).as_bytes()).await.expect("it is read");
    slow.write_all(b"grant_type=").await.expect("it is read");
    let answer = until_closed(slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"error\":\"invalid_request\""), "{answer}");

    let mut long = connect(&platform).await;
    long.write_all(head(2 * 1024 * 1024).as_bytes()).await.expect("it is read");
    let answer = until_closed(long).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"error\":\"invalid_request\""), "{answer}");
}

#[tokio::test]
async fn broken_utf_8_is_refused_and_never_an_error_of_ours() {
    let platform = platform(ConnectionLimits::default()).await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let json = "Content-Type: application/json\r\n";
    let requests: [(&str, &str, &[u8]); 8] = [
        ("GET /%ff%fe", "", b""),
        ("GET /connect/authorize?client_id=%ff&redirect_uri=%c3%28", "", b""),
        ("GET /v2/tenants/%ff/patients", "", b""),
        ("GET /v2/tenants/101/patients?search=%ff", "Authorization: Bearer \u{e9}\r\n", b""),
        ("POST /connect/token", form, b"grant_type=\xff\xfe&code=\xc3\x28"),
        ("POST /connect/revocation", form, b"token=%ff"),
        ("POST /v2/tenants/101/patients", json, b"{\"firstName\":\"\xff\"}"),
        ("POST /sign-in", form, b"\xff\xff\xff"),
    ];
    for (line, header, body) in requests {
        let mut stream = connect(&platform).await;
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}Content-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.expect("it is read");
        stream.write_all(body).await.expect("it is read");
        let answer = until_closed(stream).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with('4'), "{line}: {answer}");
    }
}
