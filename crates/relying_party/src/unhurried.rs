//! Habits of a server that takes its time, or is asked all the time. Without them none of this is reached.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::Habit;
use super::app::App;
use super::lists::Feature;

/// Longer than a list at rest is given to grow.
const A_WHILE: Duration = Duration::from_millis(2500);
/// How long a long poll is held open.
const HELD: Duration = Duration::from_secs(25);

pub(super) async fn take_time() {
    pause(A_WHILE).await;
}

/// There is no news in this application: the answer comes when the request has been held for long enough.
pub(super) async fn news() -> StatusCode {
    pause(HELD).await;
    StatusCode::NO_CONTENT
}

async fn pause(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}

/// A page that its script fills: what a browser opens is empty, and what the script asks for is whole.
pub(super) async fn shell(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_opened = request.headers().get("sec-fetch-dest").is_some_and(|kind| kind == "document");
    let is_list = Feature::ALL.iter().any(|feature| feature.path() == request.uri().path());
    if app.config.does(Habit::WaitsForItsServer) && is_opened && is_list {
        return Html(include_str!("../templates/loading.html")).into_response();
    }
    next.run(request).await
}
