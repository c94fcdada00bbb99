use axum::routing::MethodFilter;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Answer, add, next_id, one, page, referred, remove, replace, unchanged};
use super::call::{Call, Operation};
use super::clinic::Records;
use super::document::{MEDICAL_REPORT_DRAFT, MEDICAL_REPORT_UPDATE};
use super::error::ApiError;
use super::records::{EpisodeStatus, MedicalReport, ReportStatus};
use crate::oauth::giponext::MEDICAL_REPORTS;

pub(super) const ALL: &[Operation] =
    &[Operation::read(MEDICAL_REPORTS, list), Operation::write(MethodFilter::POST, MEDICAL_REPORTS, create)];

pub(super) const ONE: &[Operation] = &[
    Operation::read(MEDICAL_REPORTS, |call, records| one(call, &records.medical_reports)),
    Operation::write(MethodFilter::PUT, MEDICAL_REPORTS, update),
    Operation::write(MethodFilter::DELETE, MEDICAL_REPORTS, delete),
];

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
    status: Option<ReportStatus>,
    version: Option<u32>,
}

fn list(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let (patient, episode) = (call.id_parameter("patientId")?, call.id_parameter("episodeId")?);
    let wanted = |report: &&MedicalReport| {
        patient.is_none_or(|patient| report.patient_id == patient) && episode.is_none_or(|episode| report.episode_id == Some(episode))
    };
    page(call, records.medical_reports.iter().filter(wanted).collect())
}

fn create(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&MEDICAL_REPORT_DRAFT)?;
    check(&draft, records)?;
    let report = draft.into_report(next_id(&records.medical_reports, records.first_id), 1);
    Ok(add(call, &mut records.medical_reports, report))
}

fn update(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&MEDICAL_REPORT_UPDATE)?;
    let present = unchanged(call, &records.medical_reports, draft.version)?;
    not_signed(&present)?;
    check(&draft, records)?;
    replace(&mut records.medical_reports, draft.into_report(present.id, present.version + 1))
}

fn delete(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let present = unchanged(call, &records.medical_reports, call.id_parameter("version")?)?;
    not_signed(&present)?;
    Ok(remove(&mut records.medical_reports, present.id))
}

fn not_signed(report: &MedicalReport) -> Result<(), ApiError> {
    let signed = report.status == ReportStatus::Signed;
    if signed { Err(ApiError::business("status", "the report is signed: it takes no more changes")) } else { Ok(()) }
}

/// The business rules of a medical report (C-55).
fn check(draft: &Draft, records: &Records) -> Result<(), ApiError> {
    for (value, field) in [(&draft.title, "title"), (&draft.doctor, "doctor")] {
        if value.trim().is_empty() {
            return Err(ApiError::business(field, format!("the {field} must not be empty")));
        }
    }
    if draft.status == Some(ReportStatus::Signed) && draft.text.trim().is_empty() {
        return Err(ApiError::business("text", "a signed report has a text"));
    }
    referred(&records.patients, draft.patient_id, "patientId")?;
    let Some(episode) = draft.episode_id else { return Ok(()) };
    let episode = referred(&records.episodes, episode, "episodeId")?;
    if episode.patient_id != draft.patient_id {
        return Err(ApiError::business("episodeId", "the episode is another patient's"));
    }
    if episode.status == EpisodeStatus::Closed {
        return Err(ApiError::business("episodeId", "the episode is closed: it takes no more reports"));
    }
    if draft.date < episode.opened_on {
        return Err(ApiError::business("date", "the report is of a day before its episode"));
    }
    Ok(())
}

impl Draft {
    fn into_report(self, id: u32, version: u32) -> MedicalReport {
        MedicalReport {
            id,
            patient_id: self.patient_id,
            episode_id: self.episode_id,
            title: self.title.trim().to_owned(),
            status: self.status.unwrap_or_default(),
            date: self.date,
            doctor: self.doctor,
            text: self.text,
            version,
        }
    }
}
