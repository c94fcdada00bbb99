use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;

use super::records::{
    Agenda, Appointment, AppointmentStatus, Availability, Episode, Invoice, MedicalReport, Patient, PriceList, Treatment,
};
use super::{rome, seed};
use crate::platform::accounts::{OTHER_TENANT, TENANT, TenantId};

/// The clinical data of every tenant.
#[derive(Debug)]
pub struct Clinic {
    tenants: Vec<(TenantId, Records)>,
    /// Entries of a list page when the call names no limit, where it differs from the settings'.
    pub page_limit: Option<usize>,
}

/// The clinical data of one tenant.
#[derive(Debug, PartialEq, Eq)]
pub struct Records {
    pub patients: Vec<Patient>,
    pub agendas: Vec<Agenda>,
    pub appointments: Vec<Appointment>,
    /// Every stretch that the agendas offer; those that an appointment takes are no availabilities.
    pub slots: Vec<Availability>,
    pub treatments: Vec<Treatment>,
    pub price_lists: Vec<PriceList>,
    pub episodes: Vec<Episode>,
    pub medical_reports: Vec<MedicalReport>,
    pub invoices: Vec<Invoice>,
    /// First id of each kind: tenants share no id.
    pub first_id: u32,
}

/// A patient's name in its two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientName {
    pub given: String,
    pub family: String,
}

impl Clinic {
    /// The clinical data that a platform starts with: the same for the same seed and day.
    pub fn seeded(seed: u64) -> Self {
        Self::seeded_on(seed, rome::date(Timestamp::now()))
    }

    pub fn seeded_on(seed: u64, today: Date) -> Self {
        Self {
            tenants: vec![
                (TENANT, seed::records(seed, &seed::SAN_LUCA, today)),
                (OTHER_TENANT, seed::records(seed, &seed::VILLA_AURORA, today)),
            ],
            page_limit: None,
        }
    }

    pub fn records(&mut self, tenant: TenantId) -> Option<&mut Records> {
        self.tenants.iter_mut().find(|(id, _)| *id == tenant).map(|(_, records)| records)
    }
}

impl Records {
    /// An appointment of the agenda that takes some of the time from `start` to `end`.
    pub fn overlapping(&self, agenda: u32, start: Timestamp, end: Timestamp, except: Option<u32>) -> Option<&Appointment> {
        self.appointments.iter().find(|appointment| {
            appointment.agenda_id == agenda
                && appointment.status != AppointmentStatus::Cancelled
                && Some(appointment.id) != except
                && appointment.start < end
                && start < appointment.end
        })
    }

    /// Forgets all patients but the first `count`, with everything that is about the others.
    pub fn keep_patients(&mut self, count: usize) {
        self.patients.truncate(count);
        let kept: std::collections::HashSet<u32> = self.patients.iter().map(|patient| patient.id).collect();
        self.appointments.retain(|appointment| kept.contains(&appointment.patient_id));
        self.episodes.retain(|episode| kept.contains(&episode.patient_id));
        self.medical_reports.retain(|report| kept.contains(&report.patient_id));
        self.invoices.retain(|invoice| kept.contains(&invoice.patient_id));
    }

    pub fn patient_names(&self) -> Vec<PatientName> {
        let name = |patient: &Patient| PatientName { given: patient.first_name.clone(), family: patient.last_name.clone() };
        self.patients.iter().map(name).collect()
    }

    /// What of a patient may show nowhere outside the application, each with the label of what it is.
    pub fn personal_canaries(&self) -> Vec<(String, SecretString)> {
        let canaries = |patient: &Patient| {
            let (id, given, family) = (patient.id, &patient.first_name, &patient.last_name);
            [
                (format!("name of patient {id}"), SecretString::from(format!("{given} {family}"))),
                (format!("name of patient {id}, family name first"), SecretString::from(format!("{family} {given}"))),
                (format!("fiscal code of patient {id}"), SecretString::from(patient.fiscal_code.clone())),
            ]
        };
        self.patients.iter().flat_map(canaries).collect()
    }
}
