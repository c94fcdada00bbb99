use axum::routing::MethodFilter;
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::json;

use super::answer::{Answer, created, find, find_mut, next_id, one, page, same_version};
use super::call::{Call, Operation};
use super::clinic::Records;
use super::error::ApiError;
use super::records::{Appointment, AppointmentStatus};
use super::rome;
use crate::oauth::giponext::AGENDA;

pub const ALL: &[Operation] = &[Operation::read(AGENDA, list), Operation::write(MethodFilter::POST, AGENDA, create)];

pub const ONE: &[Operation] = &[
    Operation::read(AGENDA, |call, records| one(call, &records.appointments)),
    Operation::write(MethodFilter::PUT, AGENDA, update),
    Operation::write(MethodFilter::DELETE, AGENDA, cancel),
];

pub const AVAILABILITIES: &[Operation] = &[Operation::read(AGENDA, availabilities)];

/// What an application may say of an appointment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    agenda_id: u32,
    patient_id: u32,
    treatment_id: Option<u32>,
    start: Timestamp,
    end: Timestamp,
    #[serde(default)]
    status: AppointmentStatus,
    booking_channel: Option<String>,
    notes: Option<String>,
    version: Option<u32>,
}

/// A stretch of days and an agenda, as filters of a list name them.
struct Filter {
    from: Timestamp,
    to: Timestamp,
    agenda: Option<u32>,
}

impl Filter {
    /// `from` and `to` are days of the calendar in Italy, both included.
    fn of(call: &Call) -> Result<Self, ApiError> {
        let shape = "a date such as 2026-03-31";
        let from: Option<Date> = call.parsed("from", shape)?;
        let to: Option<Date> = call.parsed("to", shape)?;
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(ApiError::Malformed("the parameter to must not be before from".to_owned()));
        }
        let midnight = |day: Date| rome::at(day, Time::midnight());
        Ok(Self {
            from: from.map_or(Timestamp::MIN, midnight),
            to: to.map_or(Timestamp::MAX, |day| midnight(day.saturating_add(1.day()))),
            agenda: call.parsed("agendaId", "an integer")?,
        })
    }

    fn takes(&self, agenda: u32, start: Timestamp) -> bool {
        (self.from..self.to).contains(&start) && self.agenda.is_none_or(|wanted| wanted == agenda)
    }
}

fn list(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let filter = Filter::of(call)?;
    let patient: Option<u32> = call.parsed("patientId", "an integer")?;
    let wanted = |appointment: &&Appointment| {
        filter.takes(appointment.agenda_id, appointment.start) && patient.is_none_or(|patient| appointment.patient_id == patient)
    };
    let mut matches: Vec<&Appointment> = records.appointments.iter().filter(wanted).collect();
    matches.sort_by_key(|appointment| (appointment.start, appointment.id));
    page(call, matches)
}

fn availabilities(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let filter = Filter::of(call)?;
    let free = records.slots.iter().filter(|slot| {
        filter.takes(slot.agenda_id, slot.start) && records.overlapping(slot.agenda_id, slot.start, slot.end, None).is_none()
    });
    page(call, free.collect())
}

fn create(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body()?;
    check(&draft, records, None)?;
    let appointment = draft.into_appointment(next_id(&records.appointments, records.first_id), 1);
    let answer = created(call, &appointment);
    records.appointments.push(appointment);
    Ok(answer)
}

fn update(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let id = call.id()?;
    let draft: Draft = call.body()?;
    let sent = draft.version.ok_or_else(|| ApiError::Malformed("the body must have the version that was read".to_owned()))?;
    let present = find(&records.appointments, id)?.version;
    same_version::<Appointment>(present, sent)?;
    check(&draft, records, Some(id))?;
    let appointment = find_mut(&mut records.appointments, id)?;
    *appointment = draft.into_appointment(id, present + 1);
    Ok(Answer::Found(json!(appointment)))
}

/// Removes an appointment. The version that was read may be named, so that a change meanwhile is noticed.
fn cancel(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let id = call.id()?;
    let sent: Option<u32> = call.parsed("version", "an integer")?;
    let present = find(&records.appointments, id)?.version;
    same_version::<Appointment>(present, sent.unwrap_or(present))?;
    records.appointments.retain(|appointment| appointment.id != id);
    Ok(Answer::Gone)
}

/// The business rules of an appointment (C-55).
fn check(draft: &Draft, records: &Records, updated: Option<u32>) -> Result<(), ApiError> {
    let known = |field, found: Result<(), ApiError>| found.map_err(|error| ApiError::business(field, error.to_string()));
    known("agendaId", find(&records.agendas, draft.agenda_id).map(drop))?;
    known("patientId", find(&records.patients, draft.patient_id).map(drop))?;
    if let Some(treatment) = draft.treatment_id {
        known("treatmentId", find(&records.treatments, treatment).map(drop))?;
    }
    if draft.end <= draft.start {
        return Err(ApiError::business("end", "the appointment must end after it starts"));
    }
    let takes_time = draft.status != AppointmentStatus::Cancelled;
    if takes_time && records.overlapping(draft.agenda_id, draft.start, draft.end, updated).is_some() {
        return Err(ApiError::business("start", "the agenda has another appointment at that time"));
    }
    Ok(())
}

impl Draft {
    fn into_appointment(self, id: u32, version: u32) -> Appointment {
        Appointment {
            id,
            agenda_id: self.agenda_id,
            patient_id: self.patient_id,
            treatment_id: self.treatment_id,
            start: self.start,
            end: self.end,
            status: self.status,
            booking_channel: self.booking_channel,
            notes: self.notes,
            version,
        }
    }
}
