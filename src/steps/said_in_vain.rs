//! What a profile says that nothing can come of: selectors that no browser reads, and redirect URIs where nobody listens.

use url::Url;

use super::Failure;
use super::application::listens;
use super::stage::Stage;
use crate::browser::Page;
use crate::domain::App;

/// What is wrong with each selector of the profile that the browser does not read.
pub(super) async fn unread_selectors(page: &Page, app: &App) -> Result<Vec<String>, Failure> {
    let mut told = Vec::new();
    for (key, css) in selectors(app) {
        if let Some(why) = page.why_not_read(&css).await? {
            told.push(format!("`{css}` ({key}) is no CSS selector: {why}"));
        }
    }
    Ok(told)
}

/// Every CSS selector that the profile of an application with pages names, with its key.
fn selectors(app: &App) -> Vec<(String, String)> {
    let login = &app.login;
    let optional = |key: String, css: Option<&String>| css.map(|css| (key, css.clone()));
    let mut found = vec![("app.login.trigger".to_owned(), login.trigger.clone())];
    found.extend(login.before.iter().map(|css| ("app.login.before".to_owned(), css.clone())));
    for (key, css) in [("signed_in", &login.signed_in), ("error", &login.error), ("other_trigger", &login.other_trigger)] {
        found.extend(optional(format!("app.login.{key}"), css.as_ref()));
    }
    if let Some(logout) = &login.logout {
        found.push(("app.login.logout".to_owned(), logout.trigger.clone()));
        found.extend(logout.before.iter().map(|css| ("app.login.logout.before".to_owned(), css.clone())));
    }
    for (feature, action) in &app.actions {
        found.push((format!("app.actions.{feature}.shows"), action.shows.clone()));
        found.extend(action.before.iter().map(|css| (format!("app.actions.{feature}.before"), css.clone())));
        for (key, css) in [("next", &action.next), ("submit", &action.submit), ("books", &action.books)] {
            found.extend(optional(format!("app.actions.{feature}.{key}"), css.as_ref()));
        }
    }
    found
}

/// The registered redirect URIs on this machine at whose port nothing listens now that the application has started.
pub(super) fn deaf_redirect_uris(stage: &Stage) -> Vec<String> {
    let elsewhere =
        |url: &Url| url.host_str() != stage.base_url.host_str() || url.port_or_known_default() != stage.base_url.port_or_known_default();
    let registered = stage.redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok());
    let deaf = registered.filter(|url| elsewhere(url) && listens(url) == Some(false));
    let told = deaf.map(|url| {
        format!(
            "nothing listens at port {} of {url}, although the application answers at {}: no sign-in can come back. Write the address \
             that it listens at as app.redirect_uris",
            url.port_or_known_default().unwrap_or_default(),
            stage.base_url
        )
    });
    told.collect()
}
