//! Looks before a run whether application, platform and browser can meet at all: most errors are errors of configuration.

use std::sync::Arc;

use super::learning::{Begun, learn};
use super::looks::{Look, Looks, Sight};
use super::people::Person;
use super::proof::{Proof, action, both_sides, client_secret, honest_sign_in, is_sent_back, sign_out};
use super::reach::reach_platform;
use super::said_in_vain::{deaf_redirect_uris, unread_selectors};
use super::setup::Sample;
use super::sign_in::{Consent, Outcome};
use super::stage::{Stage, Visitor};
use super::target_look::own_client;
use super::{Failure, Setup};
use crate::browser::{BrowserError, Page};
use crate::checks;
use crate::domain::{ApplicationType, Endpoint, Verdict, Window};

/// Looks at everything in the order in which a sign-in needs it, and stops at the first thing without which nothing more can be seen.
///
/// `whole`: also at what only some scenarios need, and tell of themselves.
///
/// What makes a run hopeless is kept in the setup: scenarios that need the application are then not judged one by one.
pub async fn preflight(setup: &Arc<Setup>, whole: bool) -> Vec<Look> {
    let (mut looks, mut strayed) = look_once(setup, whole).await;
    // An application may lose a sign-in without a word on a busy machine: a person then tries once more.
    if looks.last().is_some_and(is_of_a_sign_in) && strayed.is_none() {
        setup.presence.may_be_tried();
        (looks, strayed) = look_once(setup, whole).await;
    }
    // One that asks at the usual paths is judged there, and told of it by the scenarios of AZ-12.
    if let Some(strayed) = strayed.filter(|_| !setup.is_shared()) {
        setup.note_that_it_hard_wires();
        setup.presence.may_be_tried();
        looks = look_once(setup, whole).await.0;
        let told =
            format!("the application takes them from elsewhere than discovery{strayed}; the platform has them at the usual paths now");
        looks.insert(0, Look { what: "endpoints".to_owned(), sight: Sight::Wrong, told, ours: false });
    }
    looks
}

/// Whether nothing can be judged for what a sign-in of the application's came to.
fn is_of_a_sign_in(look: &Look) -> bool {
    look.sight == Sight::Hopeless && !look.ours && [SIGN_IN, MARKER].contains(&look.what.as_str())
}

/// What was seen, and what asked where no endpoint is if nothing could be judged.
async fn look_once(setup: &Arc<Setup>, whole: bool) -> (Vec<Look>, Option<String>) {
    let (mut looks, mut strayed) = (Looks(Vec::new()), None);
    for feature in setup.profile.app.features_without_action() {
        looks.wrong("features", format!(
            "app.features declares `{feature}`, and nothing says how to use it, so that it is not judged: write [app.actions.{feature}] with \
             open, shows and scope, or take it out"
        ));
    }
    let sample = Sample { device_interval_seconds: Some(DEVICE_INTERVAL_SECONDS), ..Sample::of(setup.seed) };
    let ended = match Stage::raise(setup.clone(), sample).await {
        Ok(mut stage) => {
            let patience = setup.patience();
            let looked = tokio::time::timeout(patience.of_a_look(), look(&mut stage, &mut looks, whole)).await;
            let mut ended = looked.unwrap_or_else(|_| Err(hopeless("time")(Failure::unjudged(patience.never_ended()))));
            if let Err(stop) = &mut ended {
                let sides = if stop.is_ours() { String::new() } else { both_sides(&stage).await };
                stop.add(&sides);
                strayed = Some(stage.strayed()).filter(|strayed| !strayed.is_empty());
            }
            stage.strike().await;
            ended
        }
        Err(failure) => Err(Stop("platform", Proof::Hopeless(failure))),
    };
    if let Err(Stop(what, proof)) = ended {
        if let Proof::Hopeless(failure) = &proof {
            setup.presence.refuse(failure.clone());
        }
        looks.take(what, proof);
    }
    (looks.0, strayed)
}

/// The looks at what a sign-in comes to.
const SIGN_IN: &str = "sign-in";
const MARKER: &str = "signed-in marker";

/// A device asks so often: somebody waits for it.
const DEVICE_INTERVAL_SECONDS: u64 = 1;

/// Why nothing more can be seen.
struct Stop(&'static str, Proof);

impl Stop {
    fn is_ours(&self) -> bool {
        matches!(&self.1, Proof::Hopeless(failure) if failure.verdict() == Verdict::Errored)
    }

    fn add(&mut self, sides: &str) {
        match &mut self.1 {
            Proof::Wrong(told) | Proof::Doubtful(told) if !told.contains("last words: ") => *told = with(told, sides),
            Proof::Hopeless(Failure::Unjudged { reason }) if !reason.contains("last words: ") => *reason = with(reason, sides),
            _ => {}
        }
    }
}

type Step = Result<(), Stop>;

/// A failure of this look that leaves nothing to judge.
fn hopeless(what: &'static str) -> impl Fn(Failure) -> Stop {
    move |failure| Stop(what, Proof::Hopeless(failure))
}

async fn look(stage: &mut Stage, looks: &mut Looks, whole: bool) -> Step {
    let setup = stage.setup.clone();
    let what = "platform";
    looks.fine(what, reach_platform(stage).await.map_err(hopeless(what))?);
    if setup.remote().is_some() {
        let what = "client";
        match client_secret(stage).await.map_err(hopeless(what))? {
            proof @ Proof::Hopeless(_) => return Err(Stop(what, proof)),
            proof => looks.take(what, proof),
        }
        if whole && !setup.is_shared() {
            let what = "target";
            match own_client(stage).await.map_err(hopeless(what))? {
                proof @ Proof::Hopeless(_) => return Err(Stop(what, proof)),
                proof => looks.take(what, proof),
            }
        }
    }
    if setup.profile.app.r#type == ApplicationType::Spa && setup.remote().is_some_and(|remote| !remote.file.assume.cors) {
        return Err(hopeless(what)(Failure::unjudged(
            "the target file says that no page of another origin may call the platform ([assume] cors): no single-page application can work there",
        )));
    }
    match setup.profile.app.r#type {
        r#type if r#type.has_pages() => look_at_pages(stage, looks, whole).await,
        r#type => look_at_program(stage, r#type, looks).await,
    }
}

async fn look_at_pages(stage: &mut Stage, looks: &mut Looks, whole: bool) -> Step {
    let setup = stage.setup.clone();
    let what = "application";
    stage.register_application().await.map_err(hopeless(what))?;
    stage.trust_application().await.map_err(hopeless(what))?;
    let login = setup.login().clone();
    let visitor = stage.visitor("doctor").await.map_err(hopeless(what))?;
    check_status(stage).await.map_err(hopeless(what))?;
    looks.fine(what, format!("answers at {}", stage.base_url));
    unread_selectors(&visitor.page, &setup.profile.app)
        .await
        .map_err(hopeless("profile"))?
        .into_iter()
        .for_each(|told| looks.wrong("selector", told));
    deaf_redirect_uris(stage).into_iter().for_each(|told| looks.wrong("redirect URI", told));
    if let Some(signed_in) = &login.signed_in {
        let what = MARKER;
        looks.fine(what, shown_already(&visitor.page, signed_in).await.map_err(hopeless(what))?);
    }
    let what = "login trigger";
    stage.make_way(&visitor, &login.before, &login.trigger).await.map_err(hopeless(what))?;
    visitor.page.wait_for(&login.trigger, visitor.context.patience()).await.map_err(|error| {
        let why = format!("`{}` (app.login.trigger) is not on {}: {error}", login.trigger, stage.base_url);
        hopeless(what)(Failure::unjudged(why))
    })?;
    looks.fine(what, format!("`{}` is on the page", login.trigger));
    let begun = begin(stage, visitor, looks).await?;
    check_redirect_uris(stage, looks)?;
    if login.signed_in.is_some() {
        let what = SIGN_IN;
        match honest_sign_in(stage, &begun).await.map_err(hopeless(what))? {
            Proof::Fine(told) => looks.fine(what, told),
            proof => return Err(Stop(what, proof)),
        }
    }
    if let Some(signed_in) = &login.signed_in {
        stage.notice_loads(&begun.visitor, signed_in).await.map_err(hopeless(SIGN_IN))?;
    }
    learn_markers(stage, &begun, looks).await?;
    let visitor = signed_in_again(stage, begun.visitor, looks).await?;
    look_at_actions(stage, &visitor, looks).await;
    if let Some(logout) = login.logout.as_ref().filter(|_| whole) {
        let proof = sign_out(stage, &visitor, logout).await.unwrap_or_else(|failure| Proof::Wrong(failure.message()));
        looks.take("sign-out", proof);
    }
    Ok(())
}

/// Clicks the trigger, up to the window at the platform.
async fn begin(stage: &Stage, visitor: Visitor, looks: &mut Looks) -> Result<Begun, Stop> {
    let what = "authorization request";
    let before = visitor.page.elements().await.map_err(|error| hopeless(what)(error.into()))?;
    let mark = stage.instrument().map_or(0, |platform| platform.journal().mark());
    let window = stage.open_sign_in(&visitor).await.map_err(hopeless(what))?;
    let reached = reaches_platform(stage, &window, mark).await;
    if let Err(error) = reached {
        let told = format!("a click on the trigger does not lead to {}: {error}", stage.issuer);
        let asked = stage.exchanges().iter().any(|exchange| exchange.endpoint == Endpoint::Authorization);
        // What the platform refused is for the scenarios to judge, if they can tell who is signed in.
        let judged = asked && stage.setup.login().signed_in.is_some();
        return Err(Stop(what, if judged { Proof::Wrong(told) } else { Proof::Hopeless(Failure::unjudged(told)) }));
    }
    let kind = if stage.setup.login().window == Window::Popup { "popup" } else { "window" };
    looks.fine(what, format!("the {kind} reaches {}", stage.issuer));
    Ok(Begun { visitor, window, before })
}

/// Waits until the window is at a page of the platform, or the platform has sent it back at once.
async fn reaches_platform(stage: &Stage, window: &Page, mark: usize) -> Result<(), String> {
    let pages = stage.platform_pages();
    let at_platform = window.wait_for_url(|url| url.starts_with(&pages), "window at the platform", window.context().patience());
    let Ok(platform) = stage.instrument() else {
        return at_platform.await.map(drop).map_err(|error: BrowserError| error.to_string());
    };
    let refused = platform.journal().wait_for(mark, "refused authorization request", window.context().patience(), is_sent_back);
    tokio::select! {
        reached = at_platform => reached.map(drop).map_err(|error| error.to_string()),
        Ok(_) = refused => Err("the platform sends the browser back with an error at once".to_owned()),
    }
}

fn check_redirect_uris(stage: &Stage, looks: &mut Looks) -> Step {
    if stage.instrument().is_err() {
        return Ok(());
    }
    let what = "redirect URI";
    match checks::check_redirect_uri(&stage.exchanges(), &stage.redirect_uris, false) {
        Ok(()) => looks.fine(what, format!("is the registered {}", stage.redirect_uris.join(", "))),
        // A mandatory rule does not hold: its scenarios say so, where they can tell who is signed in.
        Err(checks::Refusal::Discrepancy(found)) if stage.setup.login().signed_in.is_some() => {
            return Err(Stop(what, Proof::Wrong(format!("{}: {}", found.summary, found.actual))));
        }
        Err(checks::Refusal::Discrepancy(found)) => {
            return Err(hopeless(what)(Failure::unjudged(format!("{}: {}", found.summary, found.actual))));
        }
        Err(refusal) => return Err(hopeless(what)(Failure::unjudged(refusal))),
    }
    Ok(())
}

/// Learns what the profile does not say of the login.
async fn learn_markers(stage: &mut Stage, begun: &Begun, looks: &mut Looks) -> Step {
    let setup = stage.setup.clone();
    let login = setup.login().clone();
    if login.signed_in.is_some() && login.error.is_some() {
        return Ok(());
    }
    let what = MARKER;
    let learned = if login.signed_in.is_some() {
        // The sign-in that was begun has been used up.
        let visitor = stage.visitor("doctor, learning").await.map_err(hopeless(what))?;
        // What a refusal looks like may stay unknown.
        let Ok(another) = begin(stage, visitor, &mut Looks(Vec::new())).await else { return Ok(()) };
        learn(stage, &another).await
    } else {
        learn(stage, begun).await
    };
    let learned = match learned {
        Err(Failure::Unjudged { reason }) => Err(Failure::unjudged(format!("{reason}{}", stage.strayed()))),
        learned => learned,
    };
    let learned = learned.map_err(hopeless(what))?;
    if let (None, Some(css)) = (&login.signed_in, &learned.signed_in) {
        looks.fine(what, format!("`{css}` names two people, each after an honest sign-in"));
    }
    if let (None, Some(css)) = (&login.error, &learned.error) {
        looks.fine("error marker", format!("`{css}` is shown after a refusal"));
    }
    setup.learned.get_or_init(|| learned);
    Ok(())
}

/// Somebody who is signed in: where a load signs out, the looks so far have done so.
async fn signed_in_again(stage: &mut Stage, visitor: Visitor, looks: &mut Looks) -> Result<Visitor, Stop> {
    if !stage.setup.forgets_at_load() {
        return Ok(visitor);
    }
    let what = SIGN_IN;
    looks.fine(what, "a load of the page signs the user out: scenarios stay within the page".to_owned());
    let ada = stage.person("Ada").map_err(hopeless(what))?;
    stage.sign_in(&ada, &Consent::GrantAll).await.map_err(hopeless(what))?;
    stage.visitor(&ada.name).await.map_err(hopeless(what))
}

/// Opens each action once; one that is wrong is told by its scenarios.
async fn look_at_actions(stage: &Stage, visitor: &Visitor, looks: &mut Looks) {
    for (name, declared) in &stage.setup.profile.app.actions {
        let proof = action(stage, visitor, declared).await.unwrap_or_else(|failure| Proof::Wrong(failure.message()));
        let proof = match proof {
            Proof::Wrong(told) => Proof::Wrong(with(&told, &both_sides(stage).await)),
            Proof::Doubtful(told) => Proof::Doubtful(with(&told, &both_sides(stage).await)),
            proof => proof,
        };
        looks.take(&format!("action {name}"), proof);
    }
}

fn with(told: &str, sides: &str) -> String {
    if sides.is_empty() { told.to_owned() } else { format!("{told}; {sides}") }
}

/// Starts a program, waits until it shows a person what to do, and does it.
async fn look_at_program(stage: &mut Stage, r#type: ApplicationType, looks: &mut Looks) -> Step {
    let what = "program";
    stage.register_program(r#type).await.map_err(hopeless(what))?;
    stage.start_program().map_err(hopeless(what))?;
    let address = stage.address_to_open().await.map_err(hopeless(what))?;
    looks.fine(what, format!("starts, and shows {}", address.split('?').next().unwrap_or_default()));
    let what = SIGN_IN;
    let ada = stage.person("Ada").map_err(hopeless(what))?;
    let ended = stage.sign_in_with_program("doctor", &ada, &Consent::GrantAll).await;
    let told = match ended {
        Ok(Outcome::SignedIn(said)) if ada.is_named_by(&said) => {
            stage.end_program().await;
            looks.fine(what, format!("an honest one ends with `{}`", said.trim()));
            look_at_runs(stage, &ada, looks).await;
            return Ok(());
        }
        Ok(other) => format!("an honest sign-in of {} is {}", ada.called(), other.describe()),
        Err(failure) => failure.message(),
    };
    Err(Stop(what, Proof::Wrong(told)))
}

/// Runs the program once for each action.
async fn look_at_runs(stage: &mut Stage, person: &Person, looks: &mut Looks) {
    let actions = stage.registered().map(|registered| registered.app.actions.clone()).unwrap_or_default();
    for (name, action) in actions {
        let what = format!("action {name}");
        match stage.entries_of_run(person, &action).await {
            Ok(0) => looks.take(&what, Proof::Doubtful(format!("no line of the program matches `{}` (its `shows`)", action.shows))),
            Ok(entries) => looks.fine(&what, format!("{entries} lines of the program match `{}`", action.shows)),
            Err(failure) => looks.wrong(&what, failure.message()),
        }
    }
}

/// An application that answers with an error page has nothing to judge.
async fn check_status(stage: &Stage) -> Result<(), Failure> {
    let url = stage.base_url.clone();
    match stage.application_client()?.get(url.clone()).send().await {
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
    let shown = if page.tells(selector).await? { page.text(selector).await? } else { None };
    match shown {
        Some(shown) => Err(Failure::unjudged(format!(
            "`{selector}` (app.login.signed_in) is on the page before anybody has signed in, and says `{}`: name something that is there only \
             for a signed-in user",
            shown.trim()
        ))),
        None => Ok(format!("`{selector}` is not there yet")),
    }
}
