use axum::http::header;
use axum::response::IntoResponse;

pub(super) async fn css() -> impl IntoResponse {
    asset("text/css; charset=utf-8", include_str!("../../assets/platform.css"))
}

pub(super) async fn mark() -> impl IntoResponse {
    asset("image/svg+xml", include_str!("../../assets/mark.svg"))
}

fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "max-age=300")], text)
}
