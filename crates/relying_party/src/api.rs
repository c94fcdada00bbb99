use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::TokenResponse;
use reqwest::header::{LINK, LOCATION};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::Defect;
pub(super) use super::answers::ApiError;
use super::answers::{LACKS_MEMBERS, comes_first, has_unknown_member, successful, written};
use super::app::App;
use super::config::under;
use super::http::{Answer, HttpError, Repeat};
use super::id_token::Occasion;
use super::loose_claims::names;
use super::pages::Row;
use super::provider::{RefreshError, TokenAnswer};
use super::session::{Session, SignedIn};
use super::sign_in::{SignInError, access_token, refresh_token};

/// Entries asked for at once. The platform may give fewer.
const PAGE_SIZE: usize = 50;
/// A list that does not end by then never will.
const MOST_PAGES: usize = 1000;
/// Writes of one change: the first, and one more after somebody else's change.
const WRITES: usize = 2;
/// How often the defect repeats what was refused for good.
const LOOPS: usize = 12;

pub(super) type SharedLists = Mutex<HashMap<&'static str, Vec<Row>>>;

pub(super) struct Call {
    pub method: Method,
    pub address: String,
    body: Option<Value>,
}

/// One page of a list (C-56). Members that we do not know are passed over (GX-11).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Value>,
    has_more: bool,
}

impl App {
    /// One reading request with a token that belongs to no session yet.
    pub(crate) async fn get(&self, address: &str, access: &SecretString) -> Result<Answer, ApiError> {
        if self.config.has(Defect::TokenInQuery) {
            self.call_by_query(address, access).await?;
        }
        if self.config.has(Defect::TrustsAnyCertificateForUsers) {
            let request = self.http.client().get(address).bearer_auth(access.expose_secret()).build().map_err(HttpError::from)?;
            return Ok(self.http.unless(Defect::TrustsAnyCertificateForUsers).send(request, Repeat::Read).await?);
        }
        self.call(&Call { method: Method::GET, address: address.to_owned(), body: None }, access).await
    }

    /// Only the defects ask so. A strict platform refuses it; then the header follows, and everything works all the same.
    async fn call_by_query(&self, address: &str, access: &SecretString) -> Result<(), ApiError> {
        let query = [("access_token", access.expose_secret())];
        let request = self.http.client().get(address).query(&query).build().map_err(HttpError::from)?;
        let _ = self.http.send(request, Repeat::Once).await;
        Ok(())
    }

    /// The token goes in the header and nowhere else (RS-01), and to this address alone (RS-02).
    async fn call(&self, call: &Call, access: &SecretString) -> Result<Answer, ApiError> {
        let address = Url::parse(&call.address).map_err(|_| ApiError::Unreadable("an address is not a URL"))?;
        let mut answer = self.call_at(address.clone(), call, access).await?;
        if call.goes_astray(&self.config)
            && answer.status.is_redirection()
            && let Some(target) = answer.headers.get(LOCATION).and_then(|target| address.join(target.to_str().ok()?).ok())
        {
            answer = self.call_at(target, call, access).await?;
        }
        Ok(answer)
    }

    async fn call_at(&self, address: Url, call: &Call, access: &SecretString) -> Result<Answer, ApiError> {
        let mut request = self.http.client().request(call.method.clone(), address).bearer_auth(access.expose_secret());
        if let Some(body) = &call.body {
            request = request.json(&written(&self.config, body, access));
        }
        let repeat = match call.method {
            Method::GET if self.config.has(Defect::HurriesWithFurtherPages) && call.is_further_page() => Repeat::Hurried,
            Method::GET => Repeat::Read,
            _ if self.config.has(Defect::HurriesWithWrites) => Repeat::Hurried,
            _ => Repeat::Once,
        };
        let http = match call.careless_by() {
            Some(defect) => self.http.unless(defect),
            None => &self.http,
        };
        Ok(http.send(request.build().map_err(HttpError::from)?, repeat).await?)
    }

    /// Reads a resource, changes it and writes it back with the version that was read. Members that we do not know go back as
    /// they came. If somebody else was quicker, it is read again before it is written again (GX-12).
    pub(crate) async fn change(&self, session: &Session, resource: &str, id: u64, edit: impl Fn(&mut Value)) -> Result<(), ApiError> {
        let mut edited = self.read_one(session, resource, id, &edit).await?;
        for tried in 1..=WRITES {
            let address = self.address(session, &format!("{resource}/{id}"))?;
            let write = Call { method: Method::PUT, address, body: Some(edited.clone()) };
            match self.call_signed_in(session, write).await {
                Err(ApiError::Conflict) if self.config.has(Defect::TellsConflictAsMade) => return Ok(()),
                Err(ApiError::Conflict) if tried < WRITES => {
                    if !self.config.has(Defect::WritesAgainWithoutReading) {
                        let read = self.read_one(session, resource, id, &edit).await?;
                        edited = if self.config.has(Defect::WritesOldBodyAgain) { edited } else { read };
                    }
                }
                Err(ApiError::Rejected(_)) if tried < WRITES && self.config.has(Defect::RepeatsRejectedWrite) => {}
                outcome => return outcome.map(drop),
            }
        }
        Err(ApiError::Conflict)
    }

    /// Makes a new resource. Where the answer is lost nobody knows whether it was carried out: it is looked for before anything else
    /// is done, and never sent again blindly (RS-06).
    pub(crate) async fn create(&self, session: &Session, resource: &'static str, draft: &Value) -> Result<(), ApiError> {
        let address = self.address(session, resource)?;
        let write = || Call { method: Method::POST, address: address.clone(), body: Some(draft.clone()) };
        match self.call_signed_in(session, write()).await {
            Err(ApiError::Unavailable) if self.config.has(Defect::TellsFailedBookingAsMade) => Ok(()),
            Err(ApiError::Rejected(_)) if self.config.has(Defect::TellsRejectedBookingAsMade) => Ok(()),
            Err(ApiError::Unavailable) if self.config.has(Defect::RepeatsBooking) => self.call_signed_in(session, write()).await.map(drop),
            Err(ApiError::Dropped) if self.config.has(Defect::RepeatsDroppedBooking) || self.config.has(Defect::RepeatsBooking) => {
                self.call_signed_in(session, write()).await.map(drop)
            }
            Err(ApiError::Unavailable | ApiError::Dropped) => {
                let entries: Vec<Value> = self.list(session, resource, &[]).await?;
                let is_it = |entry: &Value| draft.as_object().is_some_and(|draft| draft.iter().all(|(name, value)| entry[name] == *value));
                if entries.iter().any(is_it) { Ok(()) } else { Err(ApiError::Unavailable) }
            }
            outcome => outcome.map(drop),
        }
    }

    async fn read_one(&self, session: &Session, resource: &str, id: u64, edit: impl Fn(&mut Value)) -> Result<Value, ApiError> {
        let address = self.address(session, &format!("{resource}/{id}"))?;
        let answer = self.call_signed_in(session, Call { method: Method::GET, address, body: None }).await?;
        let mut value = answer.json().filter(Value::is_object).ok_or(ApiError::Unreadable("the body is not a JSON object"))?;
        edit(&mut value);
        Ok(value)
    }

    /// Below the tenant of the signed-in user: no other tenant can be named (GX-20).
    fn address(&self, session: &Session, path: &str) -> Result<String, ApiError> {
        let tenant = session.signed_in().ok_or(ApiError::SessionEnded)?.user.tenant.id;
        let tenant: String = form_urlencoded::byte_serialize(tenant.as_bytes()).collect();
        Ok(under(&self.config.api, &format!("v2/tenants/{tenant}/{path}")))
    }

    /// Every entry of one of the tenant's lists. The next page is counted from what came, whatever page size the platform
    /// prefers, and no page is asked for twice (GX-08).
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        session: &Session,
        resource: &'static str,
        members: &[&str],
    ) -> Result<Vec<T>, ApiError> {
        let mut entries = Vec::new();
        for read in 0..MOST_PAGES {
            let offset = if self.config.has(Defect::AdvancesByTheLimit) { read * PAGE_SIZE } else { entries.len() };
            let page = match self.page(session, resource, offset, members).await {
                Err(_) if read > 0 && self.config.has(Defect::HidesLostPages) => return Ok(entries),
                page => page?,
            };
            let came = page.items.len();
            for item in page.items {
                entries.push(serde_json::from_value(item).map_err(|error| {
                    tracing::warn!(resource, %error, "an entry is not readable");
                    ApiError::Unreadable("an entry")
                })?);
            }
            let short = came < PAGE_SIZE && self.config.has(Defect::EndsAtAShortPage);
            if !page.has_more || came == 0 || short || self.config.has(Defect::StopsAfterFirstPage) {
                return Ok(entries);
            }
        }
        Err(ApiError::Unreadable("a list without an end"))
    }

    /// The entries from one on, as many as the platform gives at once, and whether there are more.
    pub(crate) async fn list_from<T: DeserializeOwned>(
        &self,
        session: &Session,
        resource: &str,
        members: &[&str],
        offset: usize,
    ) -> Result<(Vec<T>, bool), ApiError> {
        let page = self.page(session, resource, offset, members).await?;
        let more = page.has_more && !page.items.is_empty() && !self.config.has(Defect::StopsAfterFirstPage);
        let entries = serde_json::from_value(Value::Array(page.items)).map_err(|_| ApiError::Unreadable("an entry"))?;
        Ok((entries, more))
    }

    async fn page(&self, session: &Session, resource: &str, offset: usize, members: &[&str]) -> Result<Page, ApiError> {
        let address = self.address(session, &format!("{resource}?offset={offset}&limit={PAGE_SIZE}"))?;
        let answer = self.call_signed_in(session, Call { method: Method::GET, address, body: None }).await?;
        let value = answer.json().ok_or(ApiError::Unreadable("the body is not JSON"))?;
        if self.config.has(Defect::RefusesUnknownFields) && has_unknown_member(&value, members) {
            return Err(ApiError::Unreadable("a member is unknown"));
        }
        // RS-02: where to go on is counted, and no address of an answer is followed.
        let linked =
            answer.headers.get(LINK).and_then(|link| link.to_str().ok()).and_then(|link| link.trim_start_matches('<').split('>').next());
        let linked = linked.filter(|_| self.config.has(Defect::FollowsForeignLink));
        if let Some(next) = value["next"].as_str().filter(|_| self.config.has(Defect::FollowsForeignNext)).or(linked)
            && let Some(signed_in) = session.signed_in()
        {
            let _ = self.get(next, &signed_in.tokens.access).await;
        }
        let mut value = value;
        if self.config.has(Defect::NeedsOrderOfMembers) && comes_first(&value, "hasMore", "items") {
            value["hasMore"] = false.into();
        }
        serde_json::from_value(value).map_err(|_| ApiError::Unreadable(LACKS_MEMBERS))
    }

    /// One request of a signed-in user: after a 401 one refresh and one repetition, and no more (GX-06, RS-03).
    async fn call_signed_in(&self, session: &Session, call: Call) -> Result<Answer, ApiError> {
        let mut tokens = session.signed_in().ok_or(ApiError::SessionEnded)?.tokens;
        if self.config.has(Defect::RefreshesWithoutLifetime) && !tokens.has_lifetime {
            tokens = self.refresh_tokens(session, tokens.generation).await?.tokens;
        }
        if self.config.has(Defect::SharesOneToken) {
            tokens.access = self.first_token("", &tokens.access);
        }
        if self.config.has(Defect::SharesTokenAtCentre)
            && let Some(signed_in) = session.signed_in()
        {
            tokens.access = self.first_token(&signed_in.user.tenant.id, &tokens.access);
        }
        let answer = self.call(&call, &tokens.access).await?;
        if answer.status.is_server_error() {
            self.note_failed_call(&call.address, &tokens);
        }
        if answer.status != StatusCode::UNAUTHORIZED {
            return successful(answer, &call);
        }
        if self.config.has(Defect::EndsSessionAtFurtherPage) && call.is_further_page() {
            session.end(SignInError::SessionEnded);
            return Err(ApiError::SessionEnded);
        }
        let mut refreshed = self.refresh_tokens(session, tokens.generation).await?;
        if self.config.has(Defect::TokenInQueryAfterRefresh) {
            self.call_by_query(&call.address, &refreshed.tokens.access).await?;
        }
        let writes = call.writes();
        if writes && self.config.has(Defect::TellsLostWriteAsMade) {
            return Ok(answer);
        }
        let mut answer = self.call(&call, &refreshed.tokens.access).await?;
        if writes && self.config.has(Defect::WritesTwiceAfterRefresh) {
            self.call(&call, &refreshed.tokens.access).await?;
        }
        for _ in 0..LOOPS {
            if answer.status == StatusCode::UNAUTHORIZED && self.config.has(Defect::RefreshesAgainAndAgain) {
                refreshed = self.refresh_tokens(session, refreshed.tokens.generation).await?;
                answer = self.call(&call, &refreshed.tokens.access).await?;
            }
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            session.end(SignInError::SessionEnded);
            return Err(ApiError::SessionEnded);
        }
        successful(answer, &call)
    }

    /// New tokens in place of those of `generation`. Requests that wait here use what the first of them got (RT-04).
    async fn refresh_tokens(&self, session: &Session, generation: u64) -> Result<SignedIn, ApiError> {
        let turn = if self.config.has(Defect::RefreshesInParallel) { None } else { Some(session.refreshing.lock().await) };
        let current = session.signed_in().ok_or(ApiError::SessionEnded)?;
        if turn.is_some() && current.tokens.generation > generation && !self.config.has(Defect::RefreshesInTurn) {
            return Ok(current);
        }
        if self.config.has(Defect::TriesClientCredentialsAtRefresh) {
            let _ = self.try_client_credentials().await;
        }
        let refresh = current.tokens.refresh.as_ref().filter(|_| !self.config.has(Defect::NoRefresh));
        let Some(refresh) = refresh else {
            return self.end(session);
        };
        let mut outcome = self.refresh(refresh).await;
        if self.config.has(Defect::LoopsOnInvalidGrant) {
            for _ in 0..LOOPS {
                if matches!(outcome, Err(RefreshError::Ended)) {
                    outcome = self.refresh(refresh).await;
                }
            }
        }
        match outcome {
            Ok(answer) => self.keep(session, &current, &answer).await,
            Err(RefreshError::Ended) => self.end(session),
            Err(RefreshError::Unavailable(_)) if self.config.has(Defect::EndsSessionOnRefreshFailure) => self.end(session),
            // The user stays signed in: the next request tries again (RT-05).
            Err(RefreshError::Unavailable(reason)) => {
                tracing::warn!(%reason, "the tokens were not refreshed");
                Err(ApiError::Unavailable)
            }
        }
    }

    async fn is_same_user(&self, sub: &str, id_token: &str) -> bool {
        if self.config.has(Defect::ComparesRefreshedNamesAlone)
            && let Ok(metadata) = self.metadata().await
        {
            return names(id_token, &metadata.issuer, sub);
        }
        let told = self.check_id_token(id_token, Occasion::Refresh).await;
        told.as_deref() == Ok(sub) || self.config.has(Defect::SkipsSubjectCheck)
    }

    /// What the defects call with, whoever is signed in, or whoever is of this tenant.
    fn first_token(&self, tenant: &str, own: &SecretString) -> SecretString {
        let mut first = self.first_tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        first.entry(tenant.to_owned()).or_insert_with(|| own.clone()).clone()
    }

    /// RT-03, GX-19: no token, no data, no further request; the person is asked once to sign in.
    fn end(&self, session: &Session) -> Result<SignedIn, ApiError> {
        if self.config.has(Defect::KeepsEndedSession) {
            if let Some(signed_in) = &mut session.data().signed_in {
                signed_in.tokens.refresh = None;
            }
            return Err(ApiError::Unavailable);
        }
        if !self.config.has(Defect::IgnoresDeactivation) {
            session.end(SignInError::SessionEnded);
        }
        Err(ApiError::SessionEnded)
    }

    async fn keep(&self, session: &Session, current: &SignedIn, answer: &TokenAnswer) -> Result<SignedIn, ApiError> {
        let mut renewed = current.clone();
        // RT-06: a refresh is about the same person.
        if let Some(id_token) = &answer.extra_fields().id_token {
            let claimed = claims_of(id_token).filter(|_| self.config.has(Defect::TakesOverAtRefresh));
            if let Some((sub, name)) = claimed {
                renewed.user.sub = sub;
                renewed.user.name = name.unwrap_or(renewed.user.name);
            } else if !self.is_same_user(&current.user.sub, id_token).await {
                return self.end(session);
            }
        }
        renewed.tokens.generation += 1;
        renewed.tokens.access = access_token(answer);
        // RT-02: a new refresh token replaces the old one; without a new one the old one stays good.
        let loses = self.config.has(Defect::LosesThirdRefreshToken) && renewed.tokens.generation == 3;
        if !self.config.has(Defect::KeepsOldRefreshToken) && !loses {
            renewed.tokens.refresh = refresh_token(answer).or_else(|| self.kept_refresh_token(answer, renewed.tokens.refresh));
        }
        match answer.scopes() {
            Some(_) if self.config.has(Defect::KeepsScopesAtRefresh) => {}
            Some(scopes) => renewed.granted = scopes.iter().map(|scope| scope.as_str()).collect(),
            None if self.config.has(Defect::ReadsMissingScopeAsNoneAtRefresh) => renewed.granted = Default::default(),
            None => {}
        }
        if self.config.has(Defect::ForgetsPlatformSessionAtRefresh) {
            renewed.id_token = None;
        }
        if self.config.has(Defect::TakesUserInformationAtRefresh) {
            let info = self.user_information(&renewed.tokens).await.ok().and_then(|answer| answer.json()).unwrap_or_default();
            renewed.user.name = info["name"].as_str().map_or(renewed.user.name, str::to_owned);
        }
        let mut data = session.data();
        // Who signed out meanwhile stays out.
        if data.signed_in.is_none() {
            return Err(ApiError::SessionEnded);
        }
        data.signed_in = Some(renewed.clone());
        Ok(renewed)
    }
}

/// Subject and name in an ID token that nobody has checked. Only the defect reads them.
fn claims_of(id_token: &str) -> Option<(String, Option<String>)> {
    let claims = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some((claims["sub"].as_str()?.to_owned(), claims["name"].as_str().map(str::to_owned)))
}
