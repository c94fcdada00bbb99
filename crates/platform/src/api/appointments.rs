use axum::routing::MethodFilter;
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::answer::{Answer, add, next_id, one, page, referred, remove, replace, unchanged};
use super::call::{Call, Operation};
use super::clinic::Records;
use super::document::{APPOINTMENT_DRAFT, APPOINTMENT_UPDATE};
use super::error::ApiError;
use super::records::{Appointment, AppointmentStatus, Availability};
use super::rome;
use crate::oauth::giponext::AGENDA;

pub(super) const ALL: &[Operation] = &[Operation::read(AGENDA, list), Operation::write(MethodFilter::POST, AGENDA, create)];

pub(super) const ONE: &[Operation] = &[
    Operation::read(AGENDA, |call, records| one(call, &records.appointments)),
    Operation::write(MethodFilter::PUT, AGENDA, update),
    Operation::write(MethodFilter::DELETE, AGENDA, cancel),
];

pub(super) const AVAILABILITIES: &[Operation] = &[Operation::read(AGENDA, availabilities)];

pub(super) const ONE_AVAILABILITY: &[Operation] = &[Operation::read(AGENDA, |call, records| {
    let free: Vec<Availability> = records.free_slots().cloned().collect();
    one(call, &free)
})];

/// What an application may say of an appointment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    agenda_id: u32,
    patient_id: u32,
    treatment_id: Option<u32>,
    start: Timestamp,
    end: Timestamp,
    status: Option<AppointmentStatus>,
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
            return Err(ApiError::business("to", "the last day must not be before the first"));
        }
        let midnight = |day: Date| rome::at(day, Time::midnight());
        Ok(Self {
            from: from.map_or(Timestamp::MIN, midnight),
            to: to.map_or(Timestamp::MAX, |day| midnight(day.saturating_add(1.day()))),
            agenda: call.id_parameter("agendaId")?,
        })
    }

    fn takes(&self, agenda: u32, start: Timestamp) -> bool {
        (self.from..self.to).contains(&start) && self.agenda.is_none_or(|wanted| wanted == agenda)
    }
}

fn list(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let filter = Filter::of(call)?;
    let patient = call.id_parameter("patientId")?;
    let wanted = |appointment: &&Appointment| {
        filter.takes(appointment.agenda_id, appointment.start) && patient.is_none_or(|patient| appointment.patient_id == patient)
    };
    let mut matches: Vec<&Appointment> = records.appointments.iter().filter(wanted).collect();
    matches.sort_by_key(|appointment| (appointment.start, appointment.id));
    page(call, matches)
}

fn availabilities(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let filter = Filter::of(call)?;
    page(call, records.free_slots().filter(|slot| filter.takes(slot.agenda_id, slot.start)).collect())
}

fn create(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&APPOINTMENT_DRAFT)?;
    check(&draft, records, None)?;
    let appointment = draft.into_appointment(next_id(&records.appointments, records.first_id), 1);
    Ok(add(call, &mut records.appointments, appointment))
}

fn update(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&APPOINTMENT_UPDATE)?;
    let present = unchanged(call, &records.appointments, draft.version)?;
    check(&draft, records, Some(present.id))?;
    replace(&mut records.appointments, draft.into_appointment(present.id, present.version + 1))
}

/// Removes an appointment. The version that was read may be named, so that a change meanwhile is noticed.
fn cancel(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let present = unchanged(call, &records.appointments, call.id_parameter("version")?)?;
    Ok(remove(&mut records.appointments, present.id))
}

/// The business rules of an appointment (C-55).
fn check(draft: &Draft, records: &Records, updated: Option<u32>) -> Result<(), ApiError> {
    let agenda = referred(&records.agendas, draft.agenda_id, "agendaId")?;
    referred(&records.patients, draft.patient_id, "patientId")?;
    if let Some(treatment) = draft.treatment_id
        && referred(&records.treatments, treatment, "treatmentId")?.speciality != agenda.speciality
    {
        return Err(ApiError::business("treatmentId", "the treatment is of another speciality than the agenda"));
    }
    if draft.end <= draft.start {
        return Err(ApiError::business("end", "the appointment must end after it starts"));
    }
    if !records.offers(draft.agenda_id, draft.start, draft.end) {
        return Err(ApiError::business("start", "the agenda is not open at that time"));
    }
    let takes_time = draft.status != Some(AppointmentStatus::Cancelled);
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
            status: self.status.unwrap_or_default(),
            booking_channel: self.booking_channel,
            notes: self.notes,
            version,
        }
    }
}
