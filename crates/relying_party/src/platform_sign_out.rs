use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use secrecy::ExposeSecret;
use url::{Url, form_urlencoded};

use super::app::App;
use super::session::{SignedIn, random};
use super::{Config, Defect};

/// Where the browser goes to sign the user out at the platform too, and the cookie with the state that has to come back
/// (OpenID Connect RP-Initiated Logout 1.0 section 2, LO-06). `None`: the sign-out ends here.
pub(super) async fn begin(app: &App, signed_in: &SignedIn) -> Option<(String, Cookie<'static>)> {
    if !app.config.ends_platform_session || signed_in.at_other {
        return None;
    }
    let endpoint = app.metadata().await.ok()?.end_session_endpoint.clone()?;
    let mut address = Url::parse(&endpoint).ok()?;
    // Without a hint the platform asks the user, and sends nobody back.
    let hint = signed_in.id_token.as_ref()?;
    let state = if app.config.has(Defect::SignsOutByOneState) { "signed-out-of-portale-referti".to_owned() } else { random() };
    address
        .query_pairs_mut()
        .append_pair("client_id", &app.config.client_id)
        .append_pair("post_logout_redirect_uri", &app.config.post_logout_redirect_uri())
        .append_pair("state", &state);
    if let Some(secret) = app.config.client_secret.as_ref().filter(|_| app.config.has(Defect::TellsSecretAtSignOut)) {
        address.query_pairs_mut().append_pair("client_secret", secret.expose_secret());
    }
    let forgotten = signed_in.tokens.generation > 0 && app.config.has(Defect::ForgetsHintAfterRefresh);
    if !forgotten && !app.config.has(Defect::ForgetsIdTokenHint) {
        address.query_pairs_mut().append_pair("id_token_hint", hint.expose_secret());
    }
    Some((address.into(), state_cookie(&app.config, state)))
}

/// The way back. The session ended before the browser left: whatever comes with this request changes nothing, and names no
/// address to go on to.
pub(super) async fn returned(State(app): State<Arc<App>>, RawQuery(query): RawQuery, jar: CookieJar) -> impl IntoResponse {
    let query = query.unwrap_or_default();
    let state = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "state").map(|(_, value)| value);
    let sent = jar.get(state_cookie_name(&app.config)).map(Cookie::value);
    if sent.is_none() || sent != state.as_deref() {
        tracing::warn!("a return from a sign-out that this browser did not begin");
    }
    let mut removal = state_cookie(&app.config, String::new());
    removal.make_removal();
    let target = state.filter(|state| app.config.has(Defect::TakesStateForAddress) && state.starts_with("http"));
    (jar.add(removal), Redirect::to(target.as_deref().unwrap_or("/")))
}

fn state_cookie_name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-portale-leaving" } else { "portale-leaving" }
}

fn state_cookie(config: &Config, state: String) -> Cookie<'static> {
    Cookie::build((state_cookie_name(config), state)).http_only(true).same_site(SameSite::Lax).secure(config.is_https()).path("/").build()
}
