//! Whether a platform still answers as it did when it was recorded (`collaudo record`): in kind, and as quickly.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cucumber::{given, then, when};
use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Failure;
use super::recordings::{self, Facts, Kept, Recordings};
use super::world::World;
use crate::checks::{Answer, Change, Discrepancy, Recording, Refusal, documented_lists, documented_scope, documented_shape, is_slower};
use crate::oauth::{decode_jwt, discovery_of};
use crate::platform::api_document;

/// What is new, or slower, breaks no client.
const NEW_OR_SLOWER: &str = "PL-37";
/// One slow answer is an accident.
const TIMES: usize = 3;
/// Entries of a page: enough to see what an entry may leave out.
const ENTRIES: usize = 100;

/// An answer that was looked at.
pub(super) struct Looked {
    /// Of its recording.
    name: String,
    /// Answers of one group are compared by their median time.
    group: &'static str,
    recording: Recording,
    took: Duration,
    /// Its status, where that is not the one that such an answer has to have: a failure is nothing to go by later.
    failed: Option<u16>,
}

#[given("the platform was recorded")]
async fn was_recorded(world: &mut World) -> Result<(), Failure> {
    let setup = world.setup()?;
    let Some(recordings) = &setup.golden.recordings else {
        return Err(Failure::not_applicable("the mock is a part of this program, and so are its approved texts"));
    };
    if recordings.writes || !recordings.is_empty() {
        return Ok(());
    }
    let folder = recordings.folder.display();
    Err(Failure::not_applicable(format!("nothing of the platform was recorded in {folder}: `collaudo record` does it")))
}

#[when("the client looks at what the platform announces")]
async fn looks_at_announcements(world: &mut World) -> Result<(), Failure> {
    let (discovery, keys) = (discovery_of(world.stage()?.platform_issuer()), world.client()?.metadata.jwks_uri.clone());
    world.look_repeatedly("discovery", "discovery", &discovery, Recording::of_discovery).await?;
    world.look_repeatedly("key-set", "key set", &keys, Recording::of_key_set).await
}

#[when("the client reads the document of the API")]
async fn reads_document(world: &mut World) -> Result<(), Failure> {
    let url = world.document_address()?;
    world.look_repeatedly("api-document", "document of the API", &url, |answer| Recording::of_api_document(&answer.body)).await
}

#[when("the client looks at its tokens")]
async fn looks_at_tokens(world: &mut World) -> Result<(), Failure> {
    let client = world.client()?;
    let tokens = client.tokens.clone();
    world.keep_look("token-answer", "token", Recording::of_token_answer)?;
    let access = tokens.as_ref().map(|tokens| &tokens.access);
    let id = tokens.as_ref().and_then(|tokens| tokens.id.as_ref());
    for (name, token) in [("access-token", access), ("id-token", id)] {
        world.memory.looked.extend(token.map(|token| Looked::token(name, token)));
    }
    Ok(())
}

#[when("the client reads the user information, and a page and an entry of every list that it may read")]
async fn reads_everything(world: &mut World) -> Result<(), Failure> {
    let document = world.own_document().await?;
    world.ask("v2/userinfo", true).await?;
    world.keep_look("userinfo", "userinfo", Recording::of_answer)?;
    // A list that the platform does not document is none of its own, unless it was recorded.
    let recorded = world.recorded_lists()?;
    let lists: BTreeSet<String> = documented_lists(&document).into_iter().chain(recorded).collect();
    for list in lists {
        world.look_at_list(&list, &document).await?;
    }
    Ok(())
}

#[when("the platform refuses the client in the usual ways")]
async fn is_refused(world: &mut World) -> Result<(), Failure> {
    let tenant = world.own_tenant()?;
    for (name, with_token) in [("refusal-without-token", false), ("refusal-of-a-token", true)] {
        let url = world.stage()?.api()?.join(&format!("v2/tenants/{tenant}/patients")).map_err(Failure::broke)?;
        let nobodys = SecretString::from("nobody-issued-this-token");
        world.client()?.get(url.as_str(), with_token.then_some(&nobodys)).await?;
        world.keep_look(name, "refusal", Recording::of_answer)?;
    }
    world.client()?.refresh(&SecretString::from("nobody-issued-this-token")).await?;
    world.keep_look("refusal-of-a-grant", "token", Recording::of_answer)
}

#[then("all of it is as it was recorded")]
async fn is_as_recorded(world: &mut World) -> Result<(), Failure> {
    let compared = world.compare_with_recordings()?;
    world.tell(compared)
}

impl Looked {
    /// Says in the run's own folder that it was looked at, for whoever records.
    fn note_in(&self, folder: &std::path::Path) -> Result<(), Failure> {
        let facts = Facts { recorded_on: recordings::today(), milliseconds: 0, first_seen: BTreeMap::new() };
        let kept = Kept { recording: self.recording.clone(), facts };
        recordings::leave(folder, &self.name, &kept).map_err(Failure::broke)
    }

    fn token(name: &str, token: &SecretString) -> Self {
        let jwt = decode_jwt(token.expose_secret()).ok();
        let recording = Recording::of_token(jwt.as_ref().map(|jwt| (&jwt.header, &jwt.claims)));
        Self { name: name.to_owned(), group: "", recording, took: Duration::ZERO, failed: None }
    }
}

/// What came of comparing answers with their recordings.
#[derive(Default)]
struct Comparison {
    breaking: Vec<(String, Change, Date)>,
    additive: Vec<(String, Change, Date)>,
    /// What could not be compared, with the reason.
    unread: Vec<String>,
    /// By group, times that were recorded and times now.
    times: BTreeMap<&'static str, (Vec<Duration>, Vec<Duration>)>,
}

impl Comparison {
    fn compare(&mut self, looked: Looked, recordings: &Recordings, pending: &std::path::Path) -> Result<(), Failure> {
        let Looked { name, group, recording, took, failed } = looked;
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let facts = Facts { recorded_on: recordings::today(), milliseconds, first_seen: BTreeMap::new() };
        let mut actual = Kept { recording, facts };
        let Some(approved) = recordings.approved(&name).map_err(Failure::broke)? else {
            if let Some(status) = failed.filter(|_| recordings.writes) {
                self.unread.push(format!("{name}: it is answered with status {status}{}", recordings::NOT_RECORDED));
                return Ok(());
            }
            if recordings.writes {
                return recordings::approve(&recordings.folder, &name, &actual).map_err(Failure::broke);
            }
            self.unread.push(format!("{name}: it was not recorded"));
            return recordings::leave(pending, &name, &actual).map_err(Failure::broke);
        };
        let (then, now) = self.times.entry(group).or_default();
        then.push(approved.facts.took());
        now.push(took);
        self.unread.extend(
            approved.recording.emptied(&actual.recording).into_iter().map(|place| format!("{name}, {place}: the list is empty now")),
        );
        let changes = approved.recording.changes(&actual.recording);
        if changes.is_empty() {
            // What differed the last time does so no more.
            return if recordings.writes { recordings::forget(pending, &name).map_err(Failure::broke) } else { Ok(()) };
        }
        for change in changes {
            let since = recordings.since(&name, &change);
            actual.facts.first_seen.insert(change.to_string(), since);
            if change.breaking { &mut self.breaking } else { &mut self.additive }.push((name.clone(), change, since));
        }
        recordings::leave(pending, &name, &actual).map_err(Failure::broke)
    }

    /// Groups whose answers take markedly longer in the median.
    fn slower(&self) -> Vec<(&'static str, Duration, Duration)> {
        let timed = self.times.iter().filter(|(group, _)| !group.is_empty());
        let medians = timed.filter_map(|(group, (then, now))| Some((*group, median(then)?, median(now)?)));
        medians.filter(|(_, then, now)| is_slower(*then, *now)).collect()
    }
}

fn median(times: &[Duration]) -> Option<Duration> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// Both sides of the changes, a line each.
fn sides(changes: &[(String, Change, Date)]) -> (Vec<String>, Vec<String>) {
    let side = |name: &str, place: &str, told: Option<&String>, nothing: &str| {
        format!("{name}, {place}: {}", told.map_or(nothing, String::as_str))
    };
    changes
        .iter()
        .map(|(name, Change { place, recorded, actual, .. }, since)| {
            let seen = side(name, place, actual.as_ref(), "gone");
            (side(name, place, recorded.as_ref(), "nothing"), format!("{seen} (first seen {since})"))
        })
        .unzip()
}

fn no_recordings() -> Failure {
    Failure::broke("the target has no folder of recordings")
}

fn named(changes: &[(String, Change, Date)]) -> Vec<String> {
    changes.iter().map(|(name, change, _)| format!("{name}, {change}")).collect()
}

/// The first of them, and how many more there are. Without a day: a baseline knows a finding by its words.
fn summary(what: &str, told: &[String]) -> Option<String> {
    let (first, more) = told.split_first()?;
    Some(if more.is_empty() { format!("{what}: {first}") } else { format!("{what}: {first}; and {} more", more.len()) })
}

impl World {
    /// Everything that was looked at, beside its recording.
    fn compare_with_recordings(&mut self) -> Result<Comparison, Failure> {
        let (looked, unread) = (std::mem::take(&mut self.memory.looked), std::mem::take(&mut self.memory.unread));
        let setup = self.setup()?;
        let recordings = setup.golden.recordings.as_ref().ok_or_else(no_recordings)?;
        let of_run = recordings::left_by_a_run(&setup.golden.pending, &recordings.folder);
        if recordings.writes {
            looked.iter().try_for_each(|looked| looked.note_in(&of_run))?;
        }
        let pending = if recordings.writes { &recordings.folder } else { &of_run };
        let mut comparison = Comparison { unread, ..Comparison::default() };
        looked.into_iter().try_for_each(|looked| comparison.compare(looked, recordings, pending))?;
        Ok(comparison)
    }

    fn document_address(&self) -> Result<String, Failure> {
        Ok(self.stage()?.api()?.join(super::platform_document::DOCUMENT).map_err(Failure::broke)?.into())
    }

    /// The platform's own document of its API; of one that it does not answer, the contract's.
    async fn own_document(&mut self) -> Result<Value, Failure> {
        let url = self.document_address()?;
        let client = self.client()?;
        client.get(&url, None).await?;
        let answer = client.answer()?;
        Ok(if answer.body.get("paths").is_some() { answer.body.clone() } else { api_document().clone() })
    }

    /// Asks for the address several times, and keeps what it answers in kind, with the median of the times. A failure is kept whenever it comes.
    async fn look_repeatedly(
        &mut self,
        name: &str,
        group: &'static str,
        url: &str,
        read: impl Fn(&Answer) -> Recording,
    ) -> Result<(), Failure> {
        let client = self.client()?;
        let mut times = Vec::new();
        let mut failed = None;
        for _ in 0..TIMES {
            client.get(url, None).await?;
            times.push(client.took);
            failed = failed.or_else(|| client.answer.clone().filter(|answer| answer.status >= 500));
        }
        client.took = median(&times).unwrap_or_default();
        client.answer = failed.or(client.answer.take());
        self.keep_look(name, group, read)
    }

    /// Keeps the client's last answer in kind.
    fn keep_look(&mut self, name: &str, group: &'static str, read: impl Fn(&Answer) -> Recording) -> Result<(), Failure> {
        let client = self.client()?;
        let answer = client.answer()?;
        let wanted = match name {
            "refusal-of-a-grant" => 400,
            _ if group == "refusal" => 401,
            _ => 200,
        };
        let failed = (answer.status != wanted).then_some(answer.status);
        let looked = Looked { name: name.to_owned(), group, recording: read(answer), took: client.took, failed };
        self.memory.looked.push(looked);
        Ok(())
    }

    /// Lists of the contract that were recorded, whatever the platform's document has become since.
    fn recorded_lists(&self) -> Result<Vec<String>, Failure> {
        let setup = self.setup()?;
        let recordings = setup.golden.recordings.as_ref().ok_or_else(no_recordings)?;
        Ok(documented_lists(api_document()).into_iter().filter(|list| recordings.has(list)).collect())
    }

    async fn look_at_list(&mut self, list: &str, document: &Value) -> Result<(), Failure> {
        let path = format!("v2/tenants/{}/{list}", self.own_tenant()?);
        let scope = [document, api_document()].into_iter().find_map(|document| documented_scope(document, "GET", &format!("/{path}")));
        if let Some(scope) = scope.filter(|scope| self.client().is_ok_and(|client| !client.scopes.contains(scope))) {
            let setup = self.setup()?;
            let recordings = setup.golden.recordings.as_ref().ok_or_else(no_recordings)?;
            if recordings.has(list) {
                self.memory.unread.push(format!("{list}: the client does not ask for the scope `{scope}`"));
            }
            return Ok(());
        }
        self.ask(&format!("{path}?offset=0&limit={}", self.page_of(ENTRIES)?), true).await?;
        self.keep_look(list, "page", |answer| Recording::of_documented(answer, document, &format!("/{path}")))?;
        let id = self.client()?.answer()?.body.pointer("/items/0/id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let whole = self.memory.looked.last().map(|looked| looked.recording.clone()).unwrap_or_default();
        let entry = id.map(|id| format!("{path}/{id}"));
        if let Some(entry) = entry.filter(|entry| documented_shape(document, "GET", &format!("/{entry}"), 200).is_some()) {
            self.ask(&entry, true).await?;
            self.keep_look(&format!("{list}-entry"), "entry", |answer| {
                Recording::of_entry(answer, document, &format!("/{entry}"), &whole)
            })?;
        }
        Ok(())
    }

    /// Every change is told: what breaks clients as a finding, the rest as a warning.
    fn tell(&mut self, comparison: Comparison) -> Result<(), Failure> {
        let (mut expected, mut actual) = sides(&comparison.additive);
        let mut told = named(&comparison.additive);
        for (group, then, now) in comparison.slower() {
            expected.push(format!("{group}: answered in {} ms", then.as_millis()));
            actual.push(format!("{group}: answered in {} ms", now.as_millis()));
            told.push(format!("{group}: slower"));
        }
        for unread in comparison.unread {
            expected.push("compared with its recording".to_owned());
            actual.push(unread.clone());
            told.push(unread);
        }
        if let Some(summary) = summary("answers otherwise than it was recorded, which breaks no client", &told) {
            let (expected, actual) = (expected.join("\n"), actual.join("\n"));
            self.warn(NEW_OR_SLOWER, Discrepancy { summary, expected, actual, clause: "C-59", exchanges: Vec::new() });
        }
        let Some(summary) = summary("no longer answers as it was recorded", &named(&comparison.breaking)) else { return Ok(()) };
        let (expected, actual) = sides(&comparison.breaking);
        let (expected, actual) = (expected.join("\n"), actual.join("\n"));
        let found = Discrepancy { summary, expected, actual, clause: "C-59", exchanges: Vec::new() };
        self.judge_for("PL-36", Err(Refusal::Discrepancy(found)))
    }
}
