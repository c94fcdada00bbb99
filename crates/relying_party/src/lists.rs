use std::collections::HashSet;

use jiff::civil::{Date, DateTime};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::ApiError;
use super::app::App;
use super::session::Session;
use super::words::Words;
use super::{Defect, Habit, unhurried};
use crate::oauth::giponext;

/// What a signed-in user can do here that reads the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    Patients,
    Agenda,
    MedicalReports,
}

impl Feature {
    pub(crate) const ALL: [Self; 3] = [Self::Patients, Self::Agenda, Self::MedicalReports];

    pub(crate) fn is_agenda(self) -> bool {
        self == Self::Agenda
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Patients => "/patients",
            Self::Agenda => "/agenda",
            Self::MedicalReports => "/medical-reports",
        }
    }

    /// C-52.
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Self::Patients => giponext::PATIENTS,
            Self::Agenda => giponext::AGENDA,
            Self::MedicalReports => giponext::MEDICAL_REPORTS,
        }
    }

    pub(crate) fn list_id(self) -> &'static str {
        match self {
            Self::Patients => "patients",
            Self::Agenda => "agenda",
            Self::MedicalReports => "reports",
        }
    }

    pub(crate) fn title(self, w: &Words) -> &str {
        match self {
            Self::Patients => w.t("Pazienti", "Patients"),
            Self::Agenda => w.t("Agenda", "Agenda"),
            Self::MedicalReports => w.t("Referti", "Medical reports"),
        }
    }

    pub(crate) fn lead(self, w: &Words) -> &str {
        match self {
            Self::Patients => w.t("L’anagrafica del centro medico", "The people in the centre’s care"),
            Self::Agenda => w.t("Gli appuntamenti del centro medico", "The centre’s appointments"),
            Self::MedicalReports => w.t("I referti del centro medico", "The centre’s reports"),
        }
    }

    /// 24 by 24 outline.
    pub(crate) fn icon(self) -> &'static str {
        match self {
            Self::Patients => {
                "M15 19v-1a4 4 0 0 0-4-4H7a4 4 0 0 0-4 4v1M9 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M21 19v-1a4 4 0 0 0-3-3.87M15.5 3.2a3.5 3.5 0 0 1 0 6.6"
            }
            Self::Agenda => {
                "M4 6.5A1.5 1.5 0 0 1 5.5 5h13A1.5 1.5 0 0 1 20 6.5v12a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5zM4 10h16M8 3v4M16 3v4"
            }
            Self::MedicalReports => "M13 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V9zM13 3v6h6M9 13h6M9 17h4",
        }
    }
}

/// One line of a list, in both languages.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub title: String,
    pub detail: (String, String),
    pub status: Option<Status>,
    /// Id of an appointment that can be confirmed here.
    pub confirms: Option<u64>,
}

impl Row {
    pub(crate) fn detail(&self, w: &Words) -> &str {
        w.t(&self.detail.0, &self.detail.1)
    }
}

/// A value of an open list: those we know have words, others are shown as they are (C-59).
#[derive(Clone, Debug)]
pub(super) struct Status(String);

impl Status {
    pub(crate) fn label<'a>(&'a self, w: &'a Words) -> &'a str {
        match self.0.as_str() {
            "booked" => w.t("Prenotato", "Booked"),
            "confirmed" => w.t("Confermato", "Confirmed"),
            "completed" => w.t("Concluso", "Completed"),
            "cancelled" => w.t("Annullato", "Cancelled"),
            "draft" => w.t("Bozza", "Draft"),
            "signed" => w.t("Firmato", "Signed"),
            other => other,
        }
    }

    pub(crate) fn tone(&self) -> &'static str {
        match self.0.as_str() {
            "confirmed" | "signed" => "good",
            "cancelled" => "bad",
            "completed" => "quiet",
            _ => "plain",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Patient {
    first_name: String,
    last_name: String,
    fiscal_code: Option<String>,
    birth_date: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Agenda {
    id: Value,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Appointment {
    id: Option<u64>,
    agenda_id: Value,
    start: String,
    end: Option<String>,
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
struct MedicalReport {
    title: String,
    status: Option<String>,
    date: Option<String>,
    doctor: Option<String>,
}

/// Members known when the application was written. The sound application does not need them; the defect refuses all others (GX-11).
const PATIENT: &[&str] = &[
    "id",
    "firstName",
    "lastName",
    "fiscalCode",
    "birthDate",
    "birthPlace",
    "gender",
    "phone",
    "email",
    "address",
    "city",
    "postalCode",
    "contactPreference",
    "version",
];
const AGENDA: &[&str] = &["id", "name", "doctor", "speciality", "room", "slotMinutes", "version"];
const APPOINTMENT: &[&str] =
    &["id", "agendaId", "patientId", "treatmentId", "start", "end", "status", "bookingChannel", "notes", "version"];
const MEDICAL_REPORT: &[&str] = &["id", "patientId", "episodeId", "title", "status", "date", "doctor", "text", "version"];

/// The rows of a feature, read anew at each visit: no copy of clinical data is kept here (GX-19, GX-20).
pub(super) async fn read(app: &App, session: &Session, feature: Feature) -> Result<Vec<Row>, ApiError> {
    let shared = app.config.has(Defect::SharesDataBetweenUsers).then(|| app.shared_lists.lock().ok()).flatten();
    if let Some(rows) = shared.and_then(|lists| lists.get(feature.path()).cloned()) {
        return Ok(rows);
    }
    if let Some(rows) = session.data().earlier_rows.get(feature.path()).filter(|_| app.config.has(Defect::KeepsListsAtSignOut)) {
        return Ok(rows.clone());
    }
    let outcome = match feature {
        Feature::Patients => patients(app, session).await,
        Feature::Agenda => appointments(app, session).await,
        Feature::MedicalReports if app.config.has(Defect::FixedReports) => Ok(vec![fixed_report()]),
        Feature::MedicalReports => medical_reports(app, session).await,
    };
    let keeps = app.config.has(Defect::KeepsListsAtSignOut) || app.config.has(Defect::KeepsPatientsOfTheDeactivated);
    if let (Ok(rows), true) = (&outcome, keeps) {
        session.data().kept_rows.insert(feature.path(), rows.clone());
    }
    if app.config.has(Defect::IgnoresDeactivation) {
        match &outcome {
            Ok(rows) => drop(session.data().kept_rows.insert(feature.path(), rows.clone())),
            Err(ApiError::SessionEnded) => return Ok(session.data().kept_rows.get(feature.path()).cloned().unwrap_or_default()),
            Err(_) => {}
        }
    }
    if let Ok(rows) = &outcome
        && app.config.has(Defect::SharesDataBetweenUsers)
        && let Ok(mut lists) = app.shared_lists.lock()
    {
        lists.insert(feature.path(), rows.clone());
    }
    outcome
}

/// [`read`] from one row on, and where the next page begins. Only [`Habit::PagesItsLists`] leaves rows for another page.
pub(super) async fn read_from(app: &App, session: &Session, feature: Feature, from: usize) -> Result<(Vec<Row>, Option<usize>), ApiError> {
    if session.data().disconnected {
        let kept = session.data().kept_rows.get(feature.path()).cloned();
        let kept = kept.filter(|_| feature == Feature::Patients && app.config.has(Defect::KeepsPatientsOfTheDeactivated));
        return kept.map(|rows| (rows, None)).ok_or(ApiError::SessionEnded);
    }
    let scrolls = app.config.does(Habit::ScrollsSlowly);
    if feature != Feature::Patients || !(scrolls || app.config.does(Habit::PagesItsLists)) {
        return Ok((read(app, session, feature).await?, None));
    }
    if scrolls && from > 0 {
        unhurried::take_time().await;
    }
    let (patients, more) = app.list_from(session, "patients", PATIENT, from).await?;
    let rows = patient_rows(patients);
    let next = more.then_some(from + rows.len());
    Ok((rows, next))
}

async fn patients(app: &App, session: &Session) -> Result<Vec<Row>, ApiError> {
    let mut rows = patient_rows(app.list(session, "patients", PATIENT).await?);
    if app.config.has(Defect::ShowsOneOfAName) {
        let mut known = HashSet::new();
        rows.retain(|row| known.insert(row.title.clone()));
    }
    Ok(rows)
}

fn patient_rows(patients: Vec<Patient>) -> Vec<Row> {
    let row = |patient: Patient| {
        let born = patient.birth_date.as_deref().map(day);
        let code = patient.fiscal_code.unwrap_or_default();
        let detail = |words: &str| born.as_ref().map_or_else(|| code.clone(), |born| format!("{words} {born} · {code}"));
        Row {
            title: format!("{} {}", patient.first_name, patient.last_name),
            detail: (detail("Data di nascita"), detail("Born")),
            status: None,
            confirms: None,
        }
    };
    patients.into_iter().map(row).collect()
}

async fn appointments(app: &App, session: &Session) -> Result<Vec<Row>, ApiError> {
    let agendas: Vec<Agenda> = app.list(session, "agendas", AGENDA).await?;
    let appointments: Vec<Appointment> = app.list(session, "appointments", APPOINTMENT).await?;
    let is_unknown = |appointment: &Appointment| appointment.status.as_ref().is_some_and(|status| status.contains("triage"));
    if app.config.has(Defect::NeedsKnownStatus) && appointments.iter().any(is_unknown) {
        return Err(ApiError::Unreadable("a status"));
    }
    let row = |appointment: Appointment| {
        let agenda = agendas.iter().find(|agenda| agenda.id == appointment.agenda_id).and_then(|agenda| agenda.name.clone());
        let agenda = agenda.unwrap_or_default();
        let until = appointment.end.as_deref().and_then(hour).map(|end| format!("\u{2060}–\u{2060}{end}")).unwrap_or_default();
        let start = hour(&appointment.start).unwrap_or_default();
        let title = format!("{}, {start}{until}", day(&appointment.start));
        let confirms = appointment.id.filter(|_| appointment.status.as_deref() == Some("booked"));
        Row { title, detail: (agenda.clone(), agenda), status: appointment.status.map(Status), confirms }
    };
    Ok(appointments.into_iter().map(row).collect())
}

/// Marks an appointment as confirmed.
pub(super) async fn confirm(app: &App, session: &Session, id: u64) -> Result<(), ApiError> {
    app.change(session, "appointments", id, |appointment| appointment["status"] = "confirmed".into()).await
}

/// Books the next free time of any agenda for the first patient.
pub(super) async fn book(app: &App, session: &Session) -> Result<(), ApiError> {
    let free: Vec<Value> = app.list(session, "availabilities", &[]).await?;
    let patients: Vec<Value> = app.list(session, "patients", PATIENT).await?;
    let (Some(slot), Some(patient)) = (free.first(), patients.first()) else { return Err(ApiError::NotFound) };
    let draft = json!({
        "agendaId": slot["agendaId"], "patientId": patient["id"], "start": slot["start"], "end": slot["end"], "status": "booked",
    });
    app.create(session, "appointments", &draft).await
}

async fn medical_reports(app: &App, session: &Session) -> Result<Vec<Row>, ApiError> {
    let reports: Vec<MedicalReport> = app.list(session, "medical-reports", MEDICAL_REPORT).await?;
    let row = |report: MedicalReport| {
        let parts: Vec<String> = report.date.as_deref().map(day).into_iter().chain(report.doctor).collect();
        let detail = parts.join(" · ");
        Row { title: report.title, detail: (detail.clone(), detail), status: report.status.map(Status), confirms: None }
    };
    Ok(reports.into_iter().map(row).collect())
}

/// What the defect shows in place of the centre's reports.
fn fixed_report() -> Row {
    Row { title: "Emocromo".to_owned(), detail: Default::default(), status: None, confirms: None }
}

/// As the clock at the medical centre shows it; what is no date is shown as it came.
fn day(text: &str) -> String {
    text.get(..10).and_then(|date| date.parse::<Date>().ok()).map_or_else(|| text.to_owned(), |date| date.strftime("%d/%m/%Y").to_string())
}

fn hour(text: &str) -> Option<String> {
    let time: DateTime = text.get(..16)?.parse().ok()?;
    Some(time.strftime("%H:%M").to_string())
}
