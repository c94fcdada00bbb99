use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

use super::rome;

/// A patient of a medical centre (C-61; the fields after `fiscal_code` are assumed, C-62).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Patient {
    pub id: u32,
    pub first_name: String,
    pub last_name: String,
    pub fiscal_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// An open list of values: `phone`, `email`, and whatever comes later (C-59).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_preference: Option<String>,
    pub version: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Gender {
    F,
    M,
}

/// The diary of one doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Agenda {
    pub id: u32,
    pub name: String,
    pub doctor: String,
    pub speciality: String,
    pub room: String,
    pub slot_minutes: i64,
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Appointment {
    pub id: u32,
    pub agenda_id: u32,
    pub patient_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment_id: Option<u32>,
    #[serde(serialize_with = "in_rome")]
    pub start: Timestamp,
    #[serde(serialize_with = "in_rome")]
    pub end: Timestamp,
    pub status: AppointmentStatus,
    /// An open list of values: `desk`, `phone`, `web`, and whatever comes later (C-59).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking_channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    pub version: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AppointmentStatus {
    #[default]
    Booked,
    Confirmed,
    Completed,
    Cancelled,
}

/// A stretch of an agenda that nobody has booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Availability {
    pub id: u32,
    pub agenda_id: u32,
    #[serde(serialize_with = "in_rome")]
    pub start: Timestamp,
    #[serde(serialize_with = "in_rome")]
    pub end: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Treatment {
    pub id: u32,
    pub description: String,
    pub speciality: String,
    pub duration_minutes: i64,
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriceList {
    pub id: u32,
    pub name: String,
    pub valid_from: Date,
    pub prices: Vec<Price>,
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Price {
    pub treatment_id: u32,
    /// Cents of a euro.
    pub amount_cents: u32,
}

/// A course of care that medical reports belong to. A closed one takes no more of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Episode {
    pub id: u32,
    pub patient_id: u32,
    pub title: String,
    pub status: EpisodeStatus,
    pub opened_on: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<Date>,
    pub version: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EpisodeStatus {
    #[default]
    Open,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MedicalReport {
    pub id: u32,
    pub patient_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode_id: Option<u32>,
    pub title: String,
    pub status: ReportStatus,
    pub date: Date,
    pub doctor: String,
    pub text: String,
    pub version: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ReportStatus {
    #[default]
    Draft,
    Signed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invoice {
    pub id: u32,
    pub number: String,
    pub patient_id: u32,
    pub date: Date,
    pub lines: Vec<InvoiceLine>,
    /// Cents of a euro: what the lines add up to.
    pub amount_cents: u32,
    pub status: InvoiceStatus,
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvoiceLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment_id: Option<u32>,
    pub description: String,
    pub quantity: u32,
    /// Cents of a euro for one.
    pub unit_amount_cents: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum InvoiceStatus {
    #[default]
    Due,
    Paid,
}

/// What a path's last segment or a reference in a body points at.
pub(super) trait Identified {
    /// What it is called in a message.
    const KIND: &'static str;
    /// Added to the centre's first id, so that an id of one kind is none of another.
    const OFFSET: u32;
    fn id(&self) -> u32;
    /// How often it was changed, where that is counted.
    fn tag(&self) -> Option<u32>;
}

macro_rules! identified {
    ($($type:ty => $kind:literal, $offset:literal, $tag:expr;)+) => {
        $(impl Identified for $type {
            const KIND: &'static str = $kind;
            const OFFSET: u32 = $offset;
            fn id(&self) -> u32 {
                self.id
            }
            fn tag(&self) -> Option<u32> {
                let tag: fn(&Self) -> Option<u32> = $tag;
                tag(self)
            }
        })+
    };
}

identified! {
    Patient => "patient", 0, |entity| Some(entity.version);
    Agenda => "agenda", 10_000, |_| None;
    Appointment => "appointment", 20_000, |entity| Some(entity.version);
    Availability => "availability", 30_000, |_| None;
    Treatment => "treatment", 40_000, |_| None;
    PriceList => "price list", 50_000, |_| None;
    Episode => "episode", 60_000, |entity| Some(entity.version);
    MedicalReport => "medical report", 70_000, |entity| Some(entity.version);
    Invoice => "invoice", 80_000, |entity| Some(entity.version);
}

/// What counts its changes, so that a change on an old version is noticed (C-55).
pub(super) trait Versioned: Identified {
    fn version(&self) -> u32;
}

macro_rules! versioned {
    ($($type:ty),+) => {
        $(impl Versioned for $type {
            fn version(&self) -> u32 {
                self.version
            }
        })+
    };
}

versioned!(Patient, Appointment, Episode, MedicalReport, Invoice);

/// RFC 3339 with the offset that clocks in Italy show then.
fn in_rome<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&time.display_with_offset(rome::offset(*time)))
}
