//! Looks before a run whether application, platform and browser can meet at all: most errors are errors of configuration.

use std::sync::Arc;

use super::learning::{Begun, learn};
use super::setup::Sample;
use super::stage::Stage;
use super::{Failure, PATIENCE, Setup};
use crate::browser::Page;
use crate::checks;
use crate::domain::{ApplicationType, Verdict};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub what: String,
    /// `Err` says what is wrong, and what to do.
    pub found: Result<String, String>,
    /// Whether our side is at fault rather than the application.
    pub ours: bool,
}

/// Looks at everything in the order in which a sign-in needs it, and stops at the first thing that is wrong.
///
/// What is wrong is kept in the setup: scenarios that need the application are then not judged one by one.
pub async fn preflight(setup: &Arc<Setup>) -> Vec<Look> {
    let mut looks = Vec::new();
    let ended = look(setup, &mut looks).await;
    if let Err((what, failure)) = ended {
        let ours = failure.verdict() == Verdict::Errored;
        looks.push(Look { what: what.to_owned(), found: Err(failure.message()), ours });
        *setup.refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(failure);
    }
    looks
}

type Step = Result<(), (&'static str, Failure)>;

async fn look(setup: &Arc<Setup>, looks: &mut Vec<Look>) -> Step {
    let mut seen = |what: &str, found: String| looks.push(Look { what: what.to_owned(), found: Ok(found), ours: false });
    let what = "platform";
    let mut stage = Stage::raise(setup.clone(), Sample::of(setup.seed)).await.map_err(|failure| (what, failure))?;
    let discovered = reach_platform(&stage).await.map_err(|failure| (what, failure))?;
    seen(what, discovered);
    if setup.profile.app.r#type != ApplicationType::Web {
        let what = "program";
        let shown = look_at_program(&mut stage, setup.profile.app.r#type).await.map_err(|failure| (what, failure))?;
        seen(what, shown);
        stage.strike().await;
        return Ok(());
    }
    let what = "application";
    stage.register_application().await.map_err(|failure| (what, failure))?;
    let login = setup.login().clone();
    let visitor = stage.visitor("doctor").await.map_err(|failure| (what, failure))?;
    check_status(&stage).await.map_err(|failure| (what, failure))?;
    seen(what, format!("answers at {}", stage.base_url));
    if let Some(signed_in) = &login.signed_in {
        let what = "signed-in marker";
        let present = shown_already(&visitor.page, signed_in).await.map_err(|failure| (what, failure))?;
        seen(what, present);
    }
    let what = "login trigger";
    visitor.page.wait_for(&login.trigger, PATIENCE / 2).await.map_err(|error| {
        (what, Failure::unjudged(format!("`{}` (app.login.trigger) is not on {}: {error}", login.trigger, stage.base_url)))
    })?;
    seen(what, format!("`{}` is on the page", login.trigger));
    let what = "authorization request";
    let before = visitor.page.elements().await.map_err(|error| (what, error.into()))?;
    let window = stage.open_sign_in(&visitor).await.map_err(|failure| (what, failure))?;
    let issuer = stage.issuer.clone();
    let reached = window.wait_for_url(|url| url.starts_with(&issuer), "window at the platform", PATIENCE).await;
    reached.map_err(|error| (what, Failure::unjudged(format!("a click on the trigger does not lead to {issuer}: {error}"))))?;
    seen(what, format!("the {} reaches {issuer}", if login.window == crate::domain::Window::Popup { "popup" } else { "window" }));
    let what = "redirect URI";
    if stage.mock().is_ok() {
        let native = setup.profile.app.r#type == ApplicationType::Native;
        match checks::check_redirect_uri(&stage.exchanges(), &stage.redirect_uris, native) {
            Ok(()) => seen(what, format!("is the registered {}", stage.redirect_uris.join(", "))),
            Err(checks::Refusal::Discrepancy(found)) => {
                return Err((what, Failure::unjudged(format!("{}: {}", found.summary, found.actual))));
            }
            Err(refusal) => return Err((what, Failure::unjudged(refusal))),
        }
    }
    if login.signed_in.is_none() || login.error.is_none() {
        let what = "signed-in marker";
        let learned = match learn(&mut stage, &Begun { visitor, window, before }).await {
            Ok(learned) => learned,
            Err(Failure::Unjudged { reason }) => return Err((what, Failure::unjudged(format!("{reason}{}", stage.strayed())))),
            Err(failure) => return Err((what, failure)),
        };
        if let (None, Some(css)) = (&login.signed_in, &learned.signed_in) {
            seen(what, format!("`{css}` names two people, each after an honest sign-in"));
        }
        if let (None, Some(css)) = (&login.error, &learned.error) {
            seen("error marker", format!("`{css}` is shown after a refusal"));
        }
        setup.learned.get_or_init(|| learned);
    }
    stage.strike().await;
    Ok(())
}

/// Starts a program, and waits until it shows a person what to do.
async fn look_at_program(stage: &mut Stage, r#type: ApplicationType) -> Result<String, Failure> {
    stage.register_program(r#type).await?;
    stage.start_program()?;
    let address = stage.address_to_open().await?;
    Ok(format!("starts, and shows {}", address.split('?').next().unwrap_or_default()))
}

/// An application that answers with an error page has nothing to judge.
async fn check_status(stage: &Stage) -> Result<(), Failure> {
    let url = stage.base_url.clone();
    match super::stage::http_client(None)?.get(url.clone()).send().await {
        Ok(answer) if answer.status().is_client_error() || answer.status().is_server_error() => Err(Failure::unjudged(format!(
            "the application answers {url} with status {}: its own log should say why",
            answer.status().as_u16()
        ))),
        // That it does not answer at all is told by whoever opened it in a browser.
        _ => Ok(()),
    }
}

/// A marker that is there before anybody has signed in says nothing of a sign-in.
async fn shown_already(page: &Page, selector: &str) -> Result<String, Failure> {
    let shown = if page.is_visible(selector).await? { page.text(selector).await? } else { None };
    match shown {
        Some(shown) => Err(Failure::unjudged(format!(
            "`{selector}` (app.login.signed_in) is on the page before anybody has signed in, and says `{}`: name something that is there only \
             for a signed-in user",
            shown.trim()
        ))),
        None => Ok(format!("`{selector}` is not there yet")),
    }
}

/// Reads the discovery document and compares the clocks.
async fn reach_platform(stage: &Stage) -> Result<String, Failure> {
    let ca = stage.setup.remote().and_then(|remote| remote.extra_ca_pem.clone());
    let client = super::stage::http_client(ca.as_deref())?;
    let url = format!("{}/.well-known/openid-configuration", stage.issuer);
    let answer = client.get(&url).send().await.map_err(|error| Failure::broke(format!("{url} does not answer: {error}")))?;
    if !answer.status().is_success() {
        return Err(Failure::broke(format!("{url} answers with status {}", answer.status())));
    }
    let date = answer.headers().get("date").and_then(|date| date.to_str().ok()).and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let skew = date.map(|date| jiff::Timestamp::now().as_second() - date.timestamp().as_second());
    match skew {
        Some(skew) if skew.abs() > 60 => Err(Failure::broke(format!(
            "the platform's clock differs from this machine's by {skew} s: set the clock, tokens would look expired"
        ))),
        Some(skew) => Ok(format!("answers at {}, clocks differ by {} s", stage.issuer, skew.abs())),
        None => Ok(format!("answers at {}", stage.issuer)),
    }
}
