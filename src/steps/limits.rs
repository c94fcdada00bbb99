//! The platform's rate limit, as a client of our own obeys it: it waits for as long as an answer 429 says, and asks again.

use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode, header};

/// How often a request is sent at most.
const TIMES: usize = 4;
/// The longest wait that is obeyed: a platform that asks for more is not waited for, and its 429 is the answer.
const LONGEST: Duration = Duration::from_secs(70);

/// Sends a request. After a 429 it is sent again, once the platform lets it in. With the answer comes the moment when it was asked for.
pub(super) async fn send(http: &reqwest::Client, request: reqwest::Request) -> Result<(reqwest::Response, Instant), reqwest::Error> {
    let mut request = request;
    for _ in 1..TIMES {
        let (again, sent) = (request.try_clone(), Instant::now());
        let response = http.execute(request).await?;
        let wait = (response.status() == StatusCode::TOO_MANY_REQUESTS).then(|| told_to_wait(response.headers(), jiff::Timestamp::now()));
        match (wait.flatten(), again) {
            (Some(wait), Some(again)) if wait <= LONGEST => {
                tokio::time::sleep(wait).await;
                request = again;
            }
            _ => return Ok((response, sent)),
        }
    }
    let sent = Instant::now();
    Ok((http.execute(request).await?, sent))
}

/// `Retry-After`, in seconds or as a date (RFC 9110 section 10.2.3).
fn told_to_wait(headers: &HeaderMap, now: jiff::Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn waits(text: &str) -> Option<u64> {
        let now: jiff::Timestamp = "2026-11-29T08:00:00Z".parse().expect("a time");
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_str(text).expect("a header"))]);
        told_to_wait(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_by_a_date() {
        assert_eq!(waits("17"), Some(17));
        assert_eq!(waits("Sun, 29 Nov 2026 08:00:30 GMT"), Some(30));
        assert_eq!(waits("Sun, 29 Nov 2026 07:00:00 GMT"), Some(0), "a date that is past");
        assert_eq!(waits("soon"), None);
    }
}
