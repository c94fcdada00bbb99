use collaudo::platform::accounts::ADA;
use reqwest::header::CONTENT_TYPE;

use super::stage::{Answer, Stage, answer, location, parameter, parameters};

const FORM: &str = "application/x-www-form-urlencoded";
const ENDPOINTS: [&str; 4] = ["/connect/token", "/connect/revocation", "/connect/introspect", "/connect/deviceauthorization"];

async fn send(stage: &Stage, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    answer(stage.browser.post(stage.url(path)).header(CONTENT_TYPE, media_type).body(body).send().await.expect("an answer")).await
}

/// An error as RFC 6749 section 5.2 shapes it.
fn is_shaped(answer: &Answer) -> bool {
    let description = answer.json["error_description"].as_str().unwrap_or_default();
    let printable = description.chars().all(|c| (' '..='~').contains(&c) && !matches!(c, '"' | '\\'));
    answer.json["error"] == "invalid_request"
        && !description.is_empty()
        && printable
        && answer.headers[CONTENT_TYPE].as_bytes().starts_with(b"application/json")
}

#[tokio::test]
async fn endpoints_for_clients_answer_what_they_cannot_read_in_the_shape_of_the_rfc() {
    let stage = Stage::new().await;
    for path in ENDPOINTS {
        for (media_type, body) in [
            (FORM, b"grant_type=a&grant_type=b".to_vec()),
            (FORM, b"grant_type=%C3%28".to_vec()),
            (FORM, b"grant_type=\xff\xfe".to_vec()),
            (FORM, b"%ff=1".to_vec()),
            (FORM, "è=1&è=2".as_bytes().to_vec()),
            ("application/json", br#"{"grant_type":"refresh_token"}"#.to_vec()),
            ("multipart/form-data; boundary=x", b"--x--".to_vec()),
            ("text/plain", b"grant_type=refresh_token".to_vec()),
            ("", b"grant_type=refresh_token".to_vec()),
            (
                FORM,
                (0..60_000).map(|number| format!("p{number}=x&")).collect::<String>().into_bytes().into_iter().chain(*b"p1=y").collect(),
            ),
        ] {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let refused = send(&stage, path, media_type, body).await;
            assert!(refused.status == 400 && is_shaped(&refused), "{path} {media_type} {shown}: {refused:?}");
        }
        let long = format!("grant_type=refresh_token&refresh_token={}", "x".repeat(2 * 1024 * 1024));
        let refused = send(&stage, path, FORM, long).await;
        assert!(refused.status == 413 && is_shaped(&refused), "{path}: {refused:?}");
        assert_eq!(stage.get(stage.url(path)).await.status(), 405, "{path}");
    }
    assert_eq!(stage.tokens(ADA).await.status, 200, "the server is not what it was");
}

#[tokio::test]
async fn an_authorization_request_that_cannot_be_read_is_refused_where_its_client_hears_it() {
    let stage = Stage::new().await;
    for broken in ["nonce=%C3%28", "%ff=1", "login_hint=%80"] {
        let url = format!("{}&{broken}", stage.authorization_url(&[("nonce", "")]));
        let sent = parameters(&location(&stage.get(url.as_str()).await).parse().expect("a URL"));
        assert_eq!((sent["error"].as_str(), sent.get("code")), ("invalid_request", None), "{broken}");
    }
    let url = stage.authorization_url(&[("redirect_uri", ""), ("client_id", "")]);
    for nameless in ["client_id=%ff", "client_id=%C3%28&redirect_uri=https://a.example/"] {
        let response = stage.get(format!("{url}&{nameless}").as_str()).await;
        assert_eq!((response.status().as_u16(), response.headers().get("location")), (400, None), "{nameless}");
    }
    let query = stage.authorization_url(&[]).query().expect("parameters").to_owned();
    for (media_type, status) in
        [(FORM, 303), ("application/x-www-form-urlencoded;charset=UTF-8", 303), ("text/plain", 400), ("application/json", 400)]
    {
        let request = stage.browser.post(stage.url("/connect/authorize")).header(CONTENT_TYPE, media_type).body(query.clone());
        assert_eq!(request.send().await.expect("an answer").status(), status, "{media_type}");
    }
    let long = format!("{query}&x={}", "x".repeat(2 * 1024 * 1024));
    assert_eq!(send(&stage, "/connect/authorize", FORM, long).await.status, 413);
    assert!(parameter(&stage.login(ADA, &[]).await, "code").len() > 20);
}

#[tokio::test]
async fn the_verification_page_takes_any_nonsense_for_a_wrong_code() {
    let stage = Stage::new().await;
    stage.login(ADA, &[]).await;
    let page = super::stage::text(stage.get(stage.url("/device?user_code=%ff%3Cscript%3E")).await).await;
    assert!(!page.contains("<script"), "{page}");
    let csrf = super::stage::field(&page, "csrf");
    for code in ["", "\u{0}", "<script>alert(1)</script>", &"B".repeat(100_000), "àèìòù"] {
        let response = stage.post("/device", &[("csrf", &csrf), ("user_code", code)]).await;
        assert_eq!(response.status(), 400, "{}", &code[..code.len().min(20)]);
        assert!(!super::stage::text(response).await.contains("<script"));
    }
}
