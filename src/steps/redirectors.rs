//! Whether a link or a form of somebody else's sends the browser on to a foreign host: at the login, at the redirect URI, at the
//! sign-out.

use std::collections::BTreeSet;

use cucumber::gherkin::Step;
use cucumber::{then, when};
use url::Url;

use super::Failure;
use super::attempt::Expected;
use super::people::Person;
use super::series::phrases;
use super::sign_in::Consent;
use super::stage::{Stage, Visitor};
use super::world::World;
use crate::browser::pages;
use crate::checks::is_sent_away;
use crate::platform::Times;

/// Parameters by which applications are known to be told where to go on to.
const RETURN_PARAMETERS: [&str; 30] = [
    "return_to",
    "returnTo",
    "return_url",
    "returnUrl",
    "ReturnUrl",
    "return",
    "redirect",
    "redirect_to",
    "redirectTo",
    "redirect_url",
    "redirect_uri",
    "post_logout_redirect_uri",
    "next",
    "url",
    "continue",
    "target",
    "dest",
    "destination",
    "back",
    "goto",
    "rd",
    "from",
    "callbackUrl",
    "RelayState",
    "next_url",
    "return_path",
    "success_url",
    "vai",
    "continua",
    "ritorno",
];

/// Where an address can be named. A place that has sent the browser away once is open: it is tried with no other spelling.
const AT_LOGIN: &str = "in a link to the login";
const IN_RESPONSE: &str = "in the authorization response";
const AT_SIGN_OUT: &str = "in the request to sign out";
const AFTER_FAILURE: &str = "in a link to the login, after a sign-in that failed";
const SIGNED_IN: &str = "in a link to the login that somebody follows who is signed in";

#[when(expr = "{word} signs in and out once for each address that Mallory names to go on to")]
async fn signs_in_and_out_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    world.provoke_by_hand().await?;
    world.memory.actor = Some(name.clone());
    world.memory.login = world.link_to_the_login().await?;
    world.learn_return_parameters().await?;
    let mut logout = None;
    for kind in phrases(step)? {
        world.name_where_none_is_open(&name, kind, &mut logout).await?;
    }
    world.delivered()
}

/// The platform answers with an error, and the next sign-in, without the link, goes well.
#[when(expr = "{word}'s sign-in fails once for each address that Mallory names to go on to")]
async fn fails_for_each(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    let Some(link) = world.memory.login.clone() else { return Ok(()) };
    for kind in phrases(step)? {
        if !world.is_open(AFTER_FAILURE) {
            world.fail_by_link(&name, kind, link.clone()).await?;
        }
    }
    Ok(())
}

/// Where a load signs the user out, or where only a script starts a login, nobody who is signed in follows such a link.
#[when(expr = "{word} follows a link to the login within her session once for each address that Mallory names to go on to")]
async fn follows_links_signed_in(world: &mut World, name: String, step: &Step) -> Result<(), Failure> {
    let (Some(link), false) = (world.memory.login.clone(), world.setup()?.forgets_at_load()) else { return Ok(()) };
    let stage = world.stage_mut()?;
    let person = Person { name: format!("{name}, signed in"), ..stage.person(&name)? };
    let visitor = stage.visitor(&person.name).await?;
    for kind in phrases(step)? {
        if !world.is_open(SIGNED_IN) {
            world.follow_link_signed_in(&visitor, &person, kind, link.clone()).await?;
        }
    }
    Ok(())
}

#[then("the browser was never sent to Mallory's host")]
async fn never_sent_away(world: &mut World) -> Result<(), Failure> {
    let (told, unseen) = (world.memory.sent_away.join("; "), world.memory.unseen.join("; "));
    if told.is_empty() && !unseen.is_empty() {
        return Err(Failure::unjudged(unseen));
    }
    world.react(told.is_empty(), "sends the browser to an address that a link names", "a page of the application", &told)
}

#[then("the browser was not sent to Mallory's host")]
async fn not_sent_away(world: &mut World) -> Result<(), Failure> {
    let (foreign, seen) = (world.foreign_address()?, world.memory.seen);
    let requests = world.request_addresses(seen).await?;
    if requests.is_empty() {
        return Err(Failure::unjudged("the browser sent no request after the link"));
    }
    let away = requests.iter().any(|request| is_sent_away(request, &foreign));
    let actual = "the browser was redirected to the foreign host";
    world.react(!away, "sends the browser to an address that a link names", "a page of the application", actual)
}

/// Names it by every parameter that applications are known to use, in the place of what the address has there, and of every address
/// that is named by another.
fn name_return_address(link: &mut Url, parameters: &[(&str, &str)]) {
    let Some((_, target)) = parameters.first() else { return };
    let kept: Vec<(String, String)> = link
        .query_pairs()
        .into_owned()
        .filter(|(name, _)| parameters.iter().all(|(parameter, _)| parameter != name))
        .map(|(name, value)| if is_address(&value) { (name, (*target).to_owned()) } else { (name, value) })
        .collect();
    link.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(parameters);
}

fn is_address(value: &str) -> bool {
    value.starts_with('/') || value.starts_with("http")
}

impl World {
    /// By which parameters the application itself names addresses of its own: where it sends somebody who opens a feature and is not signed
    /// in, and what it has asked for so far.
    async fn learn_return_parameters(&mut self) -> Result<(), Failure> {
        let visitor = self.actor_visitor().await?;
        let (base_url, setup) = (self.stage()?.base_url.clone(), self.setup()?);
        for action in setup.profile.app.actions.values() {
            if let Ok(page) = base_url.join(&action.open) {
                // Somebody who is not signed in may be sent to the platform at once.
                self.stage_mut()?.provocation.started_sign_ins += 1;
                // Only what is asked for on the way is of interest.
                let _ = visitor.page.goto(page.as_str()).await;
            }
        }
        let asked = visitor.context.requests().into_iter().filter_map(|request| Url::parse(&request.url).ok());
        let own = asked.filter(|url| url.origin() == base_url.origin() && self.is_no_response(url));
        let named = own.flat_map(|url| url.query_pairs().into_owned().collect::<Vec<_>>()).filter(|(_, value)| is_address(value));
        let named: BTreeSet<String> = named.map(|(name, _)| name).filter(|name| !RETURN_PARAMETERS.contains(&name.as_str())).collect();
        self.memory.return_parameters = named.into_iter().collect();
        Ok(())
    }

    /// The parameters of an authorization response are the platform's: its `iss` is an address too.
    fn is_no_response(&self, url: &Url) -> bool {
        self.stage().is_ok_and(|stage| stage.redirect_uris.iter().all(|uri| !url.as_str().starts_with(uri.as_str())))
    }

    /// Every parameter by which applications are known to be told where to go on to, and this one's own, with the address.
    fn return_parameters<'a>(own: &'a [String], target: &'a str) -> Vec<(&'a str, &'a str)> {
        RETURN_PARAMETERS.into_iter().chain(own.iter().map(String::as_str)).map(|parameter| (parameter, target)).collect()
    }

    /// The application's address that starts a login; none where a click leads to the platform at once.
    async fn link_to_the_login(&mut self) -> Result<Option<Url>, Failure> {
        let visitor = self.actor_visitor().await?;
        let trigger = self.setup()?.profile.app.login.trigger.clone();
        let login = match pages::address_of(&visitor.page, &trigger).await? {
            Some(login) => Some(login),
            None => self.first_address_of_a_sign_in(&visitor).await?,
        };
        login.map(|login| Url::parse(&login).map_err(Failure::broke)).transpose()
    }

    /// The application's address that a click on the login trigger asks for first, where a script does it.
    async fn first_address_of_a_sign_in(&mut self, visitor: &Visitor) -> Result<Option<String>, Failure> {
        let before = visitor.context.requests().len();
        let stage = self.stage_mut()?;
        stage.provocation.started_sign_ins += 1;
        let window = stage.open_sign_in_page(visitor).await?;
        if !window.is_same(&visitor.page) {
            window.close().await?;
        }
        Ok(stage.first_address_before_the_platform(visitor, before))
    }

    /// One foreign address in each place that no other has opened.
    async fn name_where_none_is_open(&mut self, name: &str, kind: &str, learnt: &mut Option<(String, Url)>) -> Result<(), Failure> {
        let target = self.foreign_target(kind)?;
        if let Some(link) = self.memory.login.clone().filter(|_| !self.is_open(AT_LOGIN)) {
            self.sign_in_by_link(name, kind, &link, &target).await?;
        }
        if !(self.is_open(IN_RESPONSE) && self.is_open(AT_SIGN_OUT)) {
            self.sign_in_and_out_with(name, kind, &target, learnt).await?;
        }
        Ok(())
    }

    async fn fail_by_link(&mut self, name: &str, kind: &str, mut link: Url) -> Result<(), Failure> {
        let (key, target) = (format!("{name}, {kind}, refused"), self.foreign_target(kind)?);
        name_return_address(&mut link, &Self::return_parameters(&self.memory.return_parameters, &target));
        let stage = self.stage_mut()?;
        stage.provocation.started_sign_ins += 2;
        let (person, visitor) = (Person { name: key.clone(), ..stage.person(name)? }, stage.visitor(&key).await?);
        let seen = visitor.context.requests().len();
        stage.arm("error-server-error", Times::Next(1))?;
        let mut went = stage.sign_in_from(&visitor, &link, &person).await;
        let foreign = stage.instrument()?.elsewhere("/mallory").to_string();
        if went.is_ok() && !visitor.context.requests().iter().skip(seen).any(|request| is_sent_away(&request.url, &foreign)) {
            stage.go_home(&visitor).await?;
            // Not waited for as a success: a browser that was sent away shows none.
            stage.provocation.expected = Expected::Refused;
            went = stage.sign_in(&person, &Consent::GrantAll).await.map(drop);
            stage.provocation.expected = Expected::SignedIn;
        }
        stage.instrument()?.faults().disarm("error-server-error").map_err(Failure::broke)?;
        if !self.was_sent_away(&visitor, seen, kind, AFTER_FAILURE).await? {
            went?;
        }
        self.stage_mut()?.close_visitor(&key).await;
        Ok(())
    }

    async fn sign_in_by_link(&mut self, name: &str, kind: &str, link: &Url, target: &str) -> Result<(), Failure> {
        let (key, mut link) = (format!("{name}, {kind}"), link.clone());
        let own = self.memory.return_parameters.clone();
        name_return_address(&mut link, &Self::return_parameters(&own, target));
        let stage = self.stage_mut()?;
        stage.provocation.started_sign_ins += 1;
        let (person, visitor) = (stage.person(name)?, stage.visitor(&key).await?);
        let seen = visitor.context.requests().len();
        let went = stage.sign_in_from(&visitor, &link, &person).await;
        if !self.was_sent_away(&visitor, seen, kind, AT_LOGIN).await? {
            went?;
        }
        self.stage_mut()?.close_visitor(&key).await;
        Ok(())
    }

    /// A link to the login that names the address, followed by somebody who is signed in already.
    async fn follow_link_signed_in(&mut self, visitor: &Visitor, person: &Person, kind: &str, mut link: Url) -> Result<(), Failure> {
        let target = self.foreign_target(kind)?;
        name_return_address(&mut link, &Self::return_parameters(&self.memory.return_parameters, &target));
        let stage = self.stage_mut()?;
        if stage.who_is_signed_in(visitor).await?.is_none() {
            stage.provocation.started_sign_ins += 1;
            stage.sign_in_honestly(person).await?;
            stage.settle(visitor).await?;
        }
        // It may lead on to the platform, and from there back to the application.
        stage.provocation.started_sign_ins += 1;
        let seen = visitor.context.requests().len();
        let went = visitor.page.goto(link.as_str()).await;
        if !self.was_sent_away(visitor, seen, kind, SIGNED_IN).await? {
            went?;
        }
        Ok(())
    }

    /// A sign-in whose response names the address besides, then a sign-out that does.
    async fn sign_in_and_out_with(
        &mut self,
        name: &str,
        kind: &str,
        target: &str,
        learnt: &mut Option<(String, Url)>,
    ) -> Result<(), Failure> {
        let key = format!("{name}, {kind}, once more");
        let logout = self.setup()?.profile.app.login.logout.clone().filter(|_| !self.is_open(AT_SIGN_OUT));
        let named_in_response = !self.is_open(IN_RESPONSE);
        let follow_up = self.setup()?.patience().follow_up;
        let own = self.memory.return_parameters.clone();
        let parameters = Self::return_parameters(&own, target);
        let stage = self.stage_mut()?;
        stage.provocation.started_sign_ins += 1;
        let (person, visitor) = (Person { name: key.clone(), ..stage.person(name)? }, stage.visitor(&key).await?);
        let seen = visitor.context.requests().len();
        stage.instrument()?.name_in_responses(if named_in_response { &parameters } else { &[] });
        // Not waited for as a success: a browser that was sent away shows none.
        stage.provocation.expected = Expected::Refused;
        let went = stage.sign_in(&person, &Consent::GrantAll).await;
        stage.provocation.expected = Expected::SignedIn;
        stage.instrument()?.name_in_responses(&[]);
        if self.was_sent_away(&visitor, seen, kind, IN_RESPONSE).await? {
            self.stage_mut()?.close_visitor(&key).await;
            return Ok(());
        }
        went?;
        if let Some(logout) = logout {
            let stage = self.stage_mut()?;
            if stage.who_is_signed_in(&visitor).await?.is_none() {
                // Whoever refuses such a response is asked to sign out after an honest one.
                stage.provocation.started_sign_ins += 1;
                stage.sign_in_honestly(&person).await?;
                stage.go_home(&visitor).await?;
            }
            stage.make_way(&visitor, &logout.before, &logout.trigger).await?;
            if visitor.page.wait_for(&logout.trigger, follow_up).await.is_err() {
                self.memory.unseen.push(format!("the control to sign out was not there after a sign-in, for {kind}"));
            } else {
                let seen = visitor.context.requests().len();
                self.sign_out_with(&visitor, &logout.trigger, &parameters, learnt).await?;
                self.was_sent_away(&visitor, seen, kind, AT_SIGN_OUT).await?;
            }
        }
        self.stage_mut()?.close_visitor(&key).await;
        Ok(())
    }

    /// By the application's own control, its link or form changed; where a script signs out, by the address that it asks for.
    async fn sign_out_with(
        &mut self,
        visitor: &Visitor,
        logout: &str,
        parameters: &[(&str, &str)],
        learnt: &mut Option<(String, Url)>,
    ) -> Result<(), Failure> {
        if let Some(control) = pages::name_at_control(&visitor.page, logout, parameters).await? {
            visitor.page.click(&control).await?;
            return self.stage()?.settle(visitor).await;
        }
        if learnt.is_none() {
            let (before, own) = (visitor.context.requests().len(), self.stage()?.base_url.origin());
            visitor.page.click(logout).await?;
            self.stage()?.settle(visitor).await?;
            let asked = visitor.context.requests().into_iter().skip(before);
            let mut asked = asked
                .filter(|request| matches!(request.resource_type.as_str(), "Document" | "Fetch" | "XHR"))
                .filter_map(|request| Some((request.method, Url::parse(&request.url).ok()?)));
            *learnt = asked.find(|(_, url)| url.origin() == own);
        }
        if let Some((method, address)) = learnt.as_ref() {
            let mut address = address.clone();
            name_return_address(&mut address, parameters);
            pages::send_to(&visitor.page, method, address.as_str(), parameters).await?;
            self.stage()?.settle(visitor).await?;
        }
        Ok(())
    }

    /// Whether the browser was sent to Mallory's, which is taken down.
    async fn was_sent_away(&mut self, visitor: &Visitor, seen: usize, kind: &str, place: &str) -> Result<bool, Failure> {
        let foreign = self.foreign_address()?;
        let sent = || {
            let requests = visitor.context.requests();
            visitor.context.was_redirected_to_a_script(seen) || requests[seen..].iter().any(|request| is_sent_away(&request.url, &foreign))
        };
        if !sent() {
            self.stage()?.settle(visitor).await?;
        }
        let away = sent();
        if away {
            self.memory.sent_away.push(format!("{kind} {place}"));
        }
        Ok(away)
    }

    fn is_open(&self, place: &str) -> bool {
        self.memory.sent_away.iter().any(|told| told.ends_with(place))
    }
}

impl Stage {
    /// The application's own address that the browser asked for before it came to the platform, from its `before`th request on.
    pub(super) fn first_address_before_the_platform(&self, visitor: &Visitor, before: usize) -> Option<String> {
        let (own, page) = (self.base_url.origin(), self.base_url.path());
        let asked = visitor.context.requests().into_iter().skip(before).filter(|request| request.resource_type == "Document");
        let before_it = asked.map(|request| request.url).take_while(|url| !url.starts_with(&self.issuer));
        let mut before_it = before_it.filter_map(|url| Url::parse(&url).ok());
        before_it.find(|url| url.origin() == own && url.path() != page).map(String::from)
    }
}
