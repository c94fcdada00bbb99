use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::records::{
    Agenda, Appointment, AppointmentStatus, Availability, Episode, Invoice, MedicalReport, Patient, PriceList, Treatment,
};
use super::{rome, seed};
use crate::accounts::{OTHER_TENANT, TENANT, TenantId};
use crate::store::{Snapshot, one_part};

/// Before the tenant's id in the name of its part of a snapshot.
const PART: &str = "clinic/";

/// The clinical data of every tenant.
#[derive(Debug)]
pub(crate) struct Clinic {
    tenants: Vec<(TenantId, Records)>,
    /// Entries of a list page when the call names no limit, where it differs from the settings'.
    pub page_limit: Option<usize>,
}

/// The clinical data of one tenant.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Records {
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
    /// Patients that a lever took away: what was shown of them stays personal.
    #[serde(skip)]
    pub(super) forgotten: Vec<Patient>,
}

/// A patient's name in its two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientName {
    pub given: String,
    pub family: String,
}

impl PatientName {
    /// For evidence that names nobody.
    pub fn initials(&self) -> String {
        [&self.given, &self.family].into_iter().filter_map(|name| name.chars().next()).map(|initial| format!("{initial}.")).collect()
    }
}

impl Clinic {
    /// The clinical data that a platform starts with: the same for the same seed and day.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self::seeded_on(seed, rome::date(Timestamp::now()))
    }

    pub(crate) fn seeded_on(seed: u64, today: Date) -> Self {
        Self {
            tenants: vec![
                (TENANT, seed::records(seed, &seed::SAN_LUCA, today)),
                (OTHER_TENANT, seed::records(seed, &seed::VILLA_AURORA, today)),
            ],
            page_limit: None,
        }
    }

    pub(crate) fn records(&mut self, tenant: TenantId) -> Option<&mut Records> {
        self.tenants.iter_mut().find(|(id, _)| *id == tenant).map(|(_, records)| records)
    }
}

impl Snapshot for Clinic {
    fn parts(&self) -> Result<Vec<(String, Value)>, serde_json::Error> {
        self.tenants.iter().map(|(id, records)| Ok((format!("{PART}{}", id.0), serde_json::to_value(records)?))).collect()
    }

    fn from_parts(parts: &BTreeMap<String, Value>) -> Result<Self, String> {
        let tenants = parts.keys().filter_map(|name| Some((name, TenantId(name.strip_prefix(PART)?.parse().ok()?))));
        let tenants = tenants.map(|(name, id)| Ok((id, one_part(parts, name)?)));
        Ok(Self { tenants: tenants.collect::<Result<_, String>>()?, page_limit: None })
    }
}

impl Records {
    /// An appointment of the agenda that takes some of the time from `start` to `end`.
    pub(crate) fn overlapping(&self, agenda: u32, start: Timestamp, end: Timestamp, except: Option<u32>) -> Option<&Appointment> {
        self.appointments.iter().find(|appointment| {
            appointment.agenda_id == agenda
                && appointment.status != AppointmentStatus::Cancelled
                && Some(appointment.id) != except
                && appointment.start < end
                && start < appointment.end
        })
    }

    /// What is still to be booked (C-52).
    pub(crate) fn free_slots(&self) -> impl Iterator<Item = &Availability> {
        self.slots.iter().filter(|slot| self.overlapping(slot.agenda_id, slot.start, slot.end, None).is_none())
    }

    /// Whether the agenda is open from `start` to `end`, taken or not.
    pub(crate) fn offers(&self, agenda: u32, start: Timestamp, end: Timestamp) -> bool {
        // Slots of an agenda are in the order of time.
        let slots = self.slots.iter().filter(|slot| slot.agenda_id == agenda);
        let open_until = slots.fold(start, |until, slot| if slot.start <= until && until < slot.end { slot.end } else { until });
        open_until >= end
    }

    /// Somebody else has written the entity meanwhile: what was read of it is out of date.
    pub(crate) fn changed_by_somebody(&mut self, id: Option<u32>) {
        let is_it = |other: u32| id == Some(other);
        self.appointments.iter_mut().filter(|one| is_it(one.id)).for_each(|one| one.version += 1);
        self.patients.iter_mut().filter(|one| is_it(one.id)).for_each(|one| one.version += 1);
        self.episodes.iter_mut().filter(|one| is_it(one.id)).for_each(|one| one.version += 1);
        self.medical_reports.iter_mut().filter(|one| is_it(one.id)).for_each(|one| one.version += 1);
        self.invoices.iter_mut().filter(|one| is_it(one.id)).for_each(|one| one.version += 1);
    }

    /// Forgets all patients but the first `count`, with everything that is about the others.
    pub(crate) fn keep_patients(&mut self, count: usize) {
        self.forgotten.extend(self.patients.drain(count.min(self.patients.len())..));
        let kept: std::collections::HashSet<u32> = self.patients.iter().map(|patient| patient.id).collect();
        self.appointments.retain(|appointment| kept.contains(&appointment.patient_id));
        self.episodes.retain(|episode| kept.contains(&episode.patient_id));
        self.medical_reports.retain(|report| kept.contains(&report.patient_id));
        self.invoices.retain(|invoice| kept.contains(&invoice.patient_id));
    }

    pub(crate) fn patient_names(&self) -> Vec<PatientName> {
        let name = |patient: &Patient| PatientName { given: patient.first_name.clone(), family: patient.last_name.clone() };
        self.patients.iter().map(name).collect()
    }

    /// What of a patient may show nowhere outside the application, each with the label of what it is.
    pub(crate) fn personal_canaries(&self) -> Vec<(String, SecretString)> {
        let canaries = |patient: &Patient| {
            let (id, given, family) = (patient.id, &patient.first_name, &patient.last_name);
            [
                (format!("name of patient {id}"), SecretString::from(format!("{given} {family}"))),
                (format!("name of patient {id}, family name first"), SecretString::from(format!("{family} {given}"))),
                (format!("fiscal code of patient {id}"), SecretString::from(patient.fiscal_code.clone())),
            ]
        };
        self.patients.iter().chain(&self.forgotten).flat_map(canaries).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::ToSpan;
    use jiff::civil::date;

    use super::super::codice_fiscale::CodiceFiscale;
    use super::super::records::EpisodeStatus;
    use super::*;
    use crate::Random;
    use crate::accounts::Accounts;

    fn both(seed: u64, today: Date) -> [Records; 2] {
        [&seed::SAN_LUCA, &seed::VILLA_AURORA].map(|centre| seed::records(seed, centre, today))
    }

    #[test]
    fn the_same_seed_and_day_give_the_same_data() {
        let today = date(2026, 3, 31);
        assert_eq!(both(7, today), both(7, today));
        assert_ne!(both(7, today)[0].patients, both(8, today)[0].patients);
        let other_day = both(7, date(2026, 4, 1));
        assert_eq!(both(7, today)[0].patients, other_day[0].patients, "patients do not depend on the day");
    }

    #[test]
    fn every_patient_has_a_codice_fiscale_of_their_own_that_fits() {
        for seed in [1, 2, 99] {
            let records = both(seed, date(2026, 3, 31));
            assert_eq!(records.each_ref().map(|records| records.patients.len()), [123, 41]);
            let mut codes = HashSet::new();
            for patient in records.iter().flat_map(|records| &records.patients) {
                let code = CodiceFiscale::parse(&patient.fiscal_code).expect("a right code");
                assert!(code.fits(patient.birth_date, patient.gender), "patient {}", patient.id);
                assert!(codes.insert(patient.fiscal_code.clone()), "the code of patient {} is taken twice", patient.id);
                assert!(patient.email.as_ref().is_none_or(|email| email.ends_with(".example")));
            }
        }
    }

    #[test]
    fn a_name_proves_the_tenant() {
        let [here, there] = both(1, date(2026, 3, 31)).map(|records| records.patient_names());
        let words = |names: &[PatientName]| -> HashSet<String> {
            names.iter().flat_map(|name| [name.given.clone(), name.family.clone()]).collect()
        };
        assert_eq!(words(&here).intersection(&words(&there)).count(), 0);
        let staff = Accounts::seeded(&Random::seeded(1)).users;
        for user in staff {
            assert!(!words(&here).contains(&user.family_name) && !words(&there).contains(&user.family_name), "{}", user.family_name);
        }
        let distinct: HashSet<(&str, &str)> = here.iter().map(|name| (name.given.as_str(), name.family.as_str())).collect();
        assert_eq!(distinct.len(), here.len());
    }

    #[test]
    fn appointments_are_around_today_in_opening_hours_and_do_not_overlap() {
        // Days on both sides of the change of clocks, and a Sunday.
        for today in [date(2026, 3, 27), date(2026, 3, 29), date(2026, 10, 26), date(2026, 12, 31)] {
            for records in both(3, today) {
                assert!(records.appointments.len() >= 24);
                for appointment in &records.appointments {
                    let hour = |time: Timestamp| rome::offset(time).to_datetime(time).time();
                    assert!(
                        hour(appointment.start) >= jiff::civil::time(9, 0, 0, 0) && hour(appointment.end) <= jiff::civil::time(18, 0, 0, 0)
                    );
                    let (agenda, start, end) = (appointment.agenda_id, appointment.start, appointment.end);
                    let overlap = records.overlapping(agenda, start, end, Some(appointment.id));
                    assert_eq!(overlap, None, "{}", appointment.id);
                }
                let on_day = |appointment: &&Appointment| rome::date(appointment.start) == today;
                assert!(records.appointments.iter().filter(on_day).count() >= 4);
                let latest = today.saturating_add(10.days());
                assert!(records.appointments.iter().all(|appointment| rome::date(appointment.start) < latest));
            }
        }
    }

    #[test]
    fn references_point_at_something() {
        for records in both(1, date(2026, 3, 31)) {
            let patients: HashSet<u32> = records.patients.iter().map(|patient| patient.id).collect();
            let treatments: HashSet<u32> = records.treatments.iter().map(|treatment| treatment.id).collect();
            assert!(records.appointments.iter().all(|one| patients.contains(&one.patient_id)));
            assert!(records.appointments.iter().all(|one| one.treatment_id.is_some_and(|id| treatments.contains(&id))));
            for report in &records.medical_reports {
                let episode = report.episode_id.and_then(|id| records.episodes.iter().find(|episode| episode.id == id));
                assert_eq!(episode.is_some(), report.episode_id.is_some());
                assert!(episode.is_none_or(|episode| episode.patient_id == report.patient_id));
            }
            assert!(records.medical_reports.iter().any(|report| report.episode_id.is_some()));
            let ids = |kind: &[u32]| kind.iter().copied().collect::<HashSet<u32>>();
            let agendas: Vec<u32> = records.agendas.iter().map(|agenda| agenda.id).collect();
            let slots: Vec<u32> = records.slots.iter().map(|slot| slot.id).collect();
            assert!(patients.is_disjoint(&treatments) && patients.is_disjoint(&ids(&agendas)) && patients.is_disjoint(&ids(&slots)));
            assert!(records.episodes.iter().any(|episode| episode.status == EpisodeStatus::Closed));
            assert!(records.episodes.iter().any(|episode| episode.status == EpisodeStatus::Open));
        }
    }
}
