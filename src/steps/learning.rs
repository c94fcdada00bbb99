//! Learns from sign-ins what the profile does not say: what the application shows when somebody is signed in, and when the person
//! refused.
//!
//! Each sign-in is in a browser of its own. A text that is always the same never wins: the marker has to name two people, each after
//! their own sign-in, and has to find nothing before.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::Failure;
use super::attempt::undecided;
use super::markers::{Sight, Unknown, refused, signed_in, tells_of_a_failure, told_apart};
use super::naming::{NameForm, Naming};
use super::people::{Person, mentions};
use super::sign_in::{Consent, INDECISION, Outcome, at_the_platform};
use super::stage::{Stage, Visitor};
use crate::browser::{BrowserError, Element, Page};
use crate::domain::{ApplicationType, Login, Window};

/// Browsers of the look before the run, by what they are for.
const ANOTHER: &str = "doctor, somebody else";
const REFUSING: &str = "doctor, refusing";
const AGAIN: &str = "doctor, once more";

/// How long a page is given to name a person where the one before did not.
const ENOUGH: Duration = Duration::from_secs(2);

/// How many of the page's new words a reason tells.
const TOLD: usize = 6;

/// The sign-in that the look before the run has begun.
pub(super) struct Begun {
    pub visitor: Visitor,
    /// The window that is at the platform.
    pub window: Page,
    /// The page before anybody has signed in.
    pub before: Vec<Element>,
}

/// The login with everything that could be learned of it.
///
/// # Errors
/// When `signed_in` is not written and cannot be learned: nothing could be judged then. What a refusal looks like may stay unknown.
pub(super) async fn learn(stage: &mut Stage, begun: &Begun) -> Result<Login, Failure> {
    let written = stage.setup.login().clone();
    if written.signed_in.is_none() {
        return match learn_both(stage, begun).await {
            // Nobody to sign in as, say: the run has to say so, and not to pass the application over.
            Err(Failure::NotApplicable { reason }) => Err(Failure::unjudged(format!("{reason}: {}", what_to_write()))),
            learned => learned,
        };
    }
    // Without it the steps do as they do for a profile that names none.
    Ok(learn_refusal(stage, begun).await.unwrap_or(written))
}

async fn learn_both(stage: &mut Stage, begun: &Begun) -> Result<Login, Failure> {
    let mut login = stage.setup.login().clone();
    let (ada, other) = (stage.person("Ada")?, somebody_else(stage)?);
    let patience = stage.setup.patience().sign_in;
    let during = during(begun, &login).await?;
    let (first, named) = sight(stage, &begun.visitor, &begun.window, &ada, &begun.before, patience).await?;
    let visitor = untouched(stage, ANOTHER).await?;
    let before = visitor.page.elements().await?;
    let window = stage.open_sign_in(&visitor).await?;
    let (second, second_named) = sight(stage, &visitor, &window, &other, &before, if named { patience } else { ENOUGH }).await?;
    leave(stage, ANOTHER).await;

    let sights = [first, second];
    let mut candidates = match signed_in(&begun.before, &sights) {
        Ok(candidates) => candidates,
        Err(unknown) => match otherwise(&begun.before, &sights, &ada, &other) {
            Some((naming, candidates)) => {
                stage.setup.naming.get_or_init(|| naming);
                candidates
            }
            None if !named => return Err(nameless(&ada, &begun.before, &sights[0].pages[0])),
            None if !second_named => return Err(nameless(&other, &before, &sights[1].pages[0])),
            None => return Err(unjudged(stage, &unknown, &ada, &other)),
        },
    };
    let visitor = untouched(stage, REFUSING).await?;
    let always = visitor.page.telling_among(&candidates).await?;
    let dropped = |candidates: &[String]| Unknown::AlwaysThere(candidates.first().cloned().unwrap_or_default());
    let reason = dropped(&candidates);
    candidates.retain(|css| !always.contains(css));
    if candidates.is_empty() {
        return Err(unjudged(stage, &reason, &ada, &other));
    }
    let known: Vec<Element> =
        [&begun.before, &during].into_iter().chain(sights.iter().flat_map(|sight| &sight.pages)).flatten().cloned().collect();
    let told = refuse(stage, &visitor, &ada, &known).await?;
    let shown = visitor.page.telling_among(&candidates).await?;
    leave(stage, REFUSING).await;
    // A platform that has the consent already asks for none, and so nothing was refused.
    let was_refused = stage.mock().is_ok() || shown.is_empty();
    if was_refused {
        candidates.retain(|css| !shown.contains(css));
    }
    login.signed_in = Some(candidates.into_iter().next().ok_or_else(|| unjudged(stage, &reason, &ada, &other))?);
    if login.error.is_none() && was_refused {
        login.error = holds(stage, &login, told, &ada).await?;
    }
    let ada = stage.person("Ada")?;
    match once_more(stage, &login, &ada, &Consent::GrantAll).await? {
        Outcome::SignedIn(shown) if ada.is_named_by(&shown) => Ok(login),
        other => Err(Failure::unjudged(format!(
            "`{}`, which was learned from honest sign-ins, does not tell the next one: {}; {}",
            login.signed_in.unwrap_or_default(),
            other.describe(),
            what_to_write()
        ))),
    }
}

async fn learn_refusal(stage: &mut Stage, begun: &Begun) -> Result<Login, Failure> {
    let mut login = stage.setup.login().clone();
    let ada = stage.person("Ada")?;
    let during = during(begun, &login).await?;
    let Begun { visitor, window, before } = begun;
    if at_the_platform(window, &ada, &Consent::GrantAll, &login).await?.is_some() {
        return Ok(login);
    }
    if !matches!(stage.begin_attempt(&login, visitor).await?.outcome(window).await?, Outcome::SignedIn(_)) {
        return Ok(login);
    }
    let known: Vec<Element> = [before, &during, &visitor.page.elements().await?].into_iter().flatten().cloned().collect();
    let visitor = stage.visitor(REFUSING).await?;
    let told = refuse(stage, &visitor, &ada, &known).await?;
    leave(stage, REFUSING).await;
    login.error = holds(stage, &login, told, &ada).await?;
    Ok(login)
}

/// The first of the selectors, if it tells a refusal again, and no honest sign-in.
async fn holds(stage: &mut Stage, login: &Login, told: Vec<String>, person: &Person) -> Result<Option<String>, Failure> {
    let Some(error) = told.into_iter().next() else { return Ok(None) };
    let login = Login { error: Some(error), ..login.clone() };
    let honest = once_more(stage, &login, person, &Consent::GrantAll).await?;
    if !matches!(honest, Outcome::SignedIn(_)) {
        return Ok(None);
    }
    let cancelled = once_more(stage, &login, person, &Consent::Cancel).await?;
    Ok(login.error.filter(|_| matches!(cancelled, Outcome::Refused(Some(_)))))
}

/// How the application calls its users at a marker that is written, and that said this of Ada, whom it did not name; found by a sign-in
/// of somebody else, and held against another of hers: two texts with the time of day in them differ too. `Err` is what it said of somebody
/// else, where that tells nobody apart.
pub(super) async fn naming_at_the_marker(stage: &mut Stage, ada: &Person, shown: &str) -> Result<Result<Naming, String>, Failure> {
    let (login, other) = (stage.setup.login().clone(), somebody_else(stage)?);
    let visitor = untouched(stage, ANOTHER).await?;
    let outcome = stage.sign_in_by(&login, &visitor, &other, &Consent::GrantAll).await;
    leave(stage, ANOTHER).await;
    let Outcome::SignedIn(said) = outcome? else { return Ok(Err(String::new())) };
    let Some(naming) = Naming::told_apart((&ada.shown, shown), (&other.shown, &said)) else { return Ok(Err(said)) };
    let called: Vec<String> = naming.of(&ada.shown).into_iter().collect();
    let again = once_more(stage, &login, ada, &Consent::GrantAll).await?;
    // A page that a script draws over may have the whole name for a moment.
    let tells = |again: &str| mentions(again, &called) || ada.is_named_by(again);
    Ok(if matches!(&again, Outcome::SignedIn(again) if tells(again)) { Ok(naming) } else { Err(said) })
}

/// A sign-in as the scenarios do it, with what was learned.
async fn once_more(stage: &mut Stage, login: &Login, person: &Person, consent: &Consent) -> Result<Outcome, Failure> {
    let visitor = stage.visitor(AGAIN).await?;
    let outcome = stage.sign_in_by(login, &visitor, person, consent).await;
    leave(stage, AGAIN).await;
    outcome
}

/// What the page shows while the popup is open: that is no answer to what is done there.
async fn during(begun: &Begun, login: &Login) -> Result<Vec<Element>, Failure> {
    match login.window {
        Window::Popup => Ok(begun.visitor.page.elements().await?),
        Window::Same => Ok(Vec::new()),
    }
}

/// Signs a person in, and takes down what names them: where the sign-in leaves them, and on the page loaded anew. Whether a page does
/// by name.
async fn sight(
    stage: &Stage,
    visitor: &Visitor,
    window: &Page,
    person: &Person,
    before: &[Element],
    patience: Duration,
) -> Result<(Sight, bool), Failure> {
    let login = stage.setup.login();
    match at_the_platform(window, person, &Consent::GrantAll, login).await {
        Ok(None) => {}
        Ok(Some(ended)) => {
            return Err(Failure::unjudged(format!("an honest sign-in of {} is {}", person.called(), ended.describe())));
        }
        Err(failure) => return Err(stage.explain(failure).await),
    }
    let (left, named) = naming(stage, &visitor.page, person, before, patience).await?;
    if stage.forgets(visitor, person, before).await? {
        return Ok((Sight { names: person.names(), pages: [left.clone(), left] }, named));
    }
    let (anew, _) = naming(stage, &visitor.page, person, before, if named { patience } else { ENOUGH }).await?;
    Ok((Sight { names: person.names(), pages: [left, anew] }, named))
}

impl Stage {
    /// Loads the page anew. `true` where that signs out the user of a single-page application: what leads to a login is back, and nothing
    /// names the person.
    async fn forgets(&self, visitor: &Visitor, person: &Person, before: &[Element]) -> Result<bool, Failure> {
        let page = &visitor.page;
        page.goto(self.base_url.as_str()).await?;
        if self.app.r#type != ApplicationType::Spa {
            return Ok(false);
        }
        self.settle(visitor).await?;
        let (elements, login) = (page.elements().await?, self.setup.login());
        let named = elements.iter().any(|element| mentions(&element.text, &person.names()));
        let is_new = |element: &Element| before.iter().all(|before| before.text != element.text);
        let entrance = if elements.iter().any(is_new) { vec![login.trigger.as_str()] } else { login.entrance() };
        let mut open = false;
        for css in entrance {
            open = open || page.is_visible(css).await?;
        }
        let forgets = !named && open;
        if forgets {
            self.setup.note_that_it_forgets();
        }
        Ok(forgets)
    }
}

/// The page, once it names the person in words that were not there before; or as it is when it has not for as long as this.
async fn naming(
    stage: &Stage,
    page: &Page,
    person: &Person,
    before: &[Element],
    patience: Duration,
) -> Result<(Vec<Element>, bool), Failure> {
    match page.wait_for_words(&stage.platform_pages(), before, &person.names(), patience).await {
        Ok(elements) => Ok((elements, true)),
        Err(BrowserError::Timeout { .. }) => Ok((page.elements().await?, false)),
        Err(error) => Err(stage.explain(error.into()).await),
    }
}

/// The selectors that tell two people apart though they name nobody in full, and how the application calls its users there.
fn otherwise(before: &[Element], sights: &[Sight; 2], ada: &Person, other: &Person) -> Option<(Naming, Vec<String>)> {
    let people = [ada, other];
    if people.iter().any(|person| person.shown.is_empty()) {
        return None;
    }
    for form in NameForm::ALL {
        let called: Option<Vec<String>> = people.iter().map(|person| form.of(&person.shown)).collect();
        let Some(called) = called else { continue };
        let sights = std::array::from_fn::<Sight, 2, _>(|one| Sight { names: vec![called[one].clone()], ..sights[one].clone() });
        if let Ok(candidates) = signed_in(before, &sights) {
            return Some((Naming::By(form), candidates));
        }
    }
    let apart = told_apart(before, sights);
    let (_, best) = apart.first()?;
    let naming = Naming::told_apart((&ada.shown, &best[0]), (&other.shown, &best[1]))?;
    let alike = apart.iter().filter(|(_, texts)| texts == best);
    Some((naming, alike.map(|(css, _)| css.clone()).collect()))
}

/// Why nothing names the person.
fn nameless(person: &Person, before: &[Element], seen: &[Element]) -> Failure {
    let name = person.called();
    let nameless = format!(", or give users.{}.name in the target file", person.name.to_lowercase());
    let nameless = if person.shown.is_empty() { nameless.as_str() } else { "" };
    let always = before.iter().filter(|element| mentions(&element.text, &person.names())).min_by_key(|element| element.text.len());
    if let Some(element) = always {
        return Failure::unjudged(format!(
            "`{}` is on the page before anybody has signed in, and an honest sign-in of {name} adds nothing that names the person: {}",
            element.text,
            what_to_write()
        ));
    }
    Failure::unjudged(format!(
        "after an honest sign-in of {name} nothing on the page names the person; {}: {}{nameless}",
        news(before, seen),
        what_to_write()
    ))
}

/// What a page says that it did not say before, for a person.
pub(super) fn news(before: &[Element], seen: &[Element]) -> String {
    let old: HashSet<&str> = before.iter().map(|element| element.text.as_str()).collect();
    let mut new: Vec<&str> = seen.iter().map(|element| element.text.as_str()).filter(|text| !old.contains(text)).collect();
    new.sort_by_key(|text| text.len());
    new.dedup();
    if new.is_empty() {
        return "it says what it said before".to_owned();
    }
    let told: Vec<String> = new.iter().take(TOLD).map(|text| format!("`{text}`")).collect();
    format!("new on it is {}", told.join(", "))
}

/// The person refuses consent: the selectors of what only that is answered with.
async fn refuse(stage: &Stage, visitor: &Visitor, person: &Person, known: &[Element]) -> Result<Vec<String>, Failure> {
    let login = stage.setup.login();
    let window = stage.open_sign_in(visitor).await?;
    match at_the_platform(&window, person, &Consent::Cancel, login).await {
        Ok(None) => {}
        Ok(Some(_)) => return Ok(Vec::new()),
        // Nobody can refuse at this platform: nothing is learned of it.
        Err(failure) if failure.is_left_out() => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    }
    let (page, patience) = (&visitor.page, stage.setup.patience().sign_in);
    let popup = login.window == Window::Popup;
    tokio::select! {
        told = told_on(stage, visitor, page, known, patience) => told,
        _ = window.wait_until_closed(patience), if popup => told_on(stage, visitor, page, known, INDECISION).await,
        () = undecided(&window, INDECISION), if popup => told_on(stage, visitor, &window, known, INDECISION).await,
    }
}

/// What is said there in the end: a word such as "One moment" passes, and tells no refusal.
async fn told_on(stage: &Stage, visitor: &Visitor, page: &Page, known: &[Element], deadline: Duration) -> Result<Vec<String>, Failure> {
    let until = Instant::now() + deadline;
    let (mut known, mut found) = (known.to_vec(), Vec::new());
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = if found.is_empty() { left } else { left.min(INDECISION) };
        let seen = page.wait_for_words(&stage.platform_pages(), &known, &[], left).await;
        let after = match seen {
            Ok(after) => {
                stage.settle(visitor).await?;
                page.elements().await.unwrap_or(after)
            }
            Err(BrowserError::Timeout { .. } | BrowserError::Closed { .. }) => return Ok(found),
            Err(error) => return Err(error.into()),
        };
        let news = refused(&[&known], &after);
        if news.first().is_some_and(|css| tells_of_a_failure(css)) {
            return Ok(news);
        }
        if !news.is_empty() {
            found = news;
        }
        // Other words where there were some before, such as of a button.
        known.extend(after);
    }
}

/// Somebody whom the application serves as it does Ada.
fn somebody_else(stage: &Stage) -> Result<Person, Failure> {
    let Some(remote) = stage.setup.remote() else { return stage.person("Mallory") };
    let users = &remote.file.users;
    let own = users.get("ada").map(|ada| &ada.tenant);
    let others = || users.iter().filter(|(key, _)| *key != "ada");
    let other = others().find(|(_, user)| Some(&user.tenant) == own).or_else(|| others().next());
    let (key, _) = other.ok_or_else(|| Failure::not_applicable("the target file names no second user"))?;
    stage.person(key)
}

/// A new browser, on the page that is ready for a sign-in: one that a script builds is empty at first.
async fn untouched(stage: &mut Stage, key: &str) -> Result<Visitor, Failure> {
    let visitor = stage.visitor(key).await?;
    visitor.page.wait_for_any(&stage.setup.login().entrance(), visitor.context.patience()).await?;
    Ok(visitor)
}

async fn leave(stage: &mut Stage, key: &str) {
    if let Some(visitor) = stage.forget_visitor(key) {
        visitor.context.close().await;
    }
}

fn what_to_write() -> &'static str {
    "write app.login.signed_in in the profile, a CSS selector of what is there only for a signed-in user, and names them"
}

fn unjudged(stage: &Stage, unknown: &Unknown, ada: &Person, other: &Person) -> Failure {
    let (ada, other) = (ada.called(), other.called());
    let found = match unknown {
        Unknown::Nobody => format!("after an honest sign-in of {ada} nothing on {} names the person", stage.base_url),
        Unknown::AlwaysThere(text) => {
            format!("`{text}` names {ada} after an honest sign-in, and what stands there is shown before anybody has signed in, too")
        }
        Unknown::OnlyOnce(text) => format!(
            "`{text}` names {ada} after an honest sign-in, and nothing in its place names {other}, and no others, after that person's; both \
             at once and when the page is loaded anew"
        ),
    };
    Failure::unjudged(format!("{found}: {}", what_to_write()))
}
