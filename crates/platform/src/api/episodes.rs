use axum::routing::MethodFilter;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Answer, add, next_id, one, page, referred, remove, replace, unchanged};
use super::call::{Call, Operation};
use super::clinic::Records;
use super::document::{EPISODE_DRAFT, EPISODE_UPDATE};
use super::error::ApiError;
use super::records::{Episode, EpisodeStatus};
use crate::oauth::giponext::EPISODES;

pub(super) const ALL: &[Operation] = &[Operation::read(EPISODES, list), Operation::write(MethodFilter::POST, EPISODES, create)];

pub(super) const ONE: &[Operation] = &[
    Operation::read(EPISODES, |call, records| one(call, &records.episodes)),
    Operation::write(MethodFilter::PUT, EPISODES, update),
    Operation::write(MethodFilter::DELETE, EPISODES, delete),
];

/// What an application may say of an episode of care.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    patient_id: u32,
    title: String,
    opened_on: Date,
    status: Option<EpisodeStatus>,
    closed_on: Option<Date>,
    version: Option<u32>,
}

fn list(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let patient = call.id_parameter("patientId")?;
    page(call, records.episodes.iter().filter(|episode| patient.is_none_or(|patient| episode.patient_id == patient)).collect())
}

fn create(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&EPISODE_DRAFT)?;
    check(&draft, records)?;
    let episode = draft.into_episode(next_id(&records.episodes, records.first_id), 1);
    Ok(add(call, &mut records.episodes, episode))
}

fn update(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&EPISODE_UPDATE)?;
    let present = unchanged(call, &records.episodes, draft.version)?;
    if present.status == EpisodeStatus::Closed {
        return Err(ApiError::business("status", "the episode is closed: it takes no more changes"));
    }
    if draft.patient_id != present.patient_id && has_reports(records, present.id) {
        return Err(ApiError::business("patientId", "the episode has medical reports: it stays its patient's"));
    }
    check(&draft, records)?;
    replace(&mut records.episodes, draft.into_episode(present.id, present.version + 1))
}

fn delete(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let present = unchanged(call, &records.episodes, call.id_parameter("version")?)?;
    if has_reports(records, present.id) {
        return Err(ApiError::business("id", "the episode has medical reports: it cannot be removed"));
    }
    Ok(remove(&mut records.episodes, present.id))
}

fn has_reports(records: &Records, episode: u32) -> bool {
    records.medical_reports.iter().any(|report| report.episode_id == Some(episode))
}

/// The business rules of an episode of care (C-55).
fn check(draft: &Draft, records: &Records) -> Result<(), ApiError> {
    if draft.title.trim().is_empty() {
        return Err(ApiError::business("title", "the title must not be empty"));
    }
    referred(&records.patients, draft.patient_id, "patientId")?;
    match (draft.status.unwrap_or_default(), draft.closed_on) {
        (EpisodeStatus::Open, Some(_)) => Err(ApiError::business("closedOn", "an open episode has no last day")),
        (EpisodeStatus::Closed, None) => Err(ApiError::business("closedOn", "a closed episode has its last day")),
        (_, Some(last)) if last < draft.opened_on => Err(ApiError::business("closedOn", "an episode does not end before it begins")),
        _ => Ok(()),
    }
}

impl Draft {
    fn into_episode(self, id: u32, version: u32) -> Episode {
        Episode {
            id,
            patient_id: self.patient_id,
            title: self.title.trim().to_owned(),
            status: self.status.unwrap_or_default(),
            opened_on: self.opened_on,
            closed_on: self.closed_on,
            version,
        }
    }
}
