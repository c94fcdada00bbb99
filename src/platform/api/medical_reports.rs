use axum::routing::MethodFilter;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Answer, created, find, next_id, one, page};
use super::call::{Call, Operation};
use super::clinic::Records;
use super::error::ApiError;
use super::records::{EpisodeStatus, MedicalReport, ReportStatus};
use crate::oauth::giponext::MEDICAL_REPORTS;

pub const ALL: &[Operation] = &[Operation::read(MEDICAL_REPORTS, list), Operation::write(MethodFilter::POST, MEDICAL_REPORTS, create)];

pub const ONE: &[Operation] = &[Operation::read(MEDICAL_REPORTS, |call, records| one(call, &records.medical_reports))];

/// What an application may say of a medical report.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    patient_id: u32,
    episode_id: Option<u32>,
    title: String,
    date: Date,
    doctor: String,
    text: String,
    #[serde(default)]
    status: ReportStatus,
}

fn list(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let patient: Option<u32> = call.parsed("patientId", "an integer")?;
    let wanted = |report: &&MedicalReport| patient.is_none_or(|patient| report.patient_id == patient);
    page(call, records.medical_reports.iter().filter(wanted).collect())
}

fn create(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body()?;
    check(&draft, records)?;
    let report = MedicalReport {
        id: next_id(&records.medical_reports, records.first_id),
        patient_id: draft.patient_id,
        episode_id: draft.episode_id,
        title: draft.title.trim().to_owned(),
        status: draft.status,
        date: draft.date,
        doctor: draft.doctor,
        text: draft.text,
        version: 1,
    };
    let answer = created(call, &report);
    records.medical_reports.push(report);
    Ok(answer)
}

/// The business rules of a medical report (C-55).
fn check(draft: &Draft, records: &Records) -> Result<(), ApiError> {
    if draft.title.trim().is_empty() {
        return Err(ApiError::business("title", "the title must not be empty"));
    }
    find(&records.patients, draft.patient_id).map_err(|error| ApiError::business("patientId", error.to_string()))?;
    let Some(episode) = draft.episode_id else { return Ok(()) };
    let episode = find(&records.episodes, episode).map_err(|error| ApiError::business("episodeId", error.to_string()))?;
    if episode.patient_id != draft.patient_id {
        return Err(ApiError::business("episodeId", "the episode is another patient's"));
    }
    if episode.status == EpisodeStatus::Closed {
        return Err(ApiError::business("episodeId", "the episode is closed: it takes no more reports"));
    }
    Ok(())
}
