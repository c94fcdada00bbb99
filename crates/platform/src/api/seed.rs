//! Makes the sample data of a medical centre from a seed.

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, date, time};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::clinic::Records;
use super::codice_fiscale::CodiceFiscale;
use super::people::{self, People};
use super::practice::{Doctor, GYNAECOLOGY, SAN_LUCA_DOCTORS, VILLA_AURORA_DOCTORS};
use super::records::{Agenda, Appointment, AppointmentStatus, Availability, Gender, Identified, Patient, Treatment};
use super::{care, rome};

/// What distinguishes one medical centre's sample data.
pub(super) struct Centre {
    /// Makes ids that no other centre has.
    first_id: u32,
    patients: usize,
    appointments: usize,
    pub(super) reports: usize,
    people: &'static People,
    pub(super) doctors: &'static [Doctor],
}

/// 123 patients: three pages of the default 50 (C-56).
pub(super) const SAN_LUCA: Centre =
    Centre { first_id: 1_010_001, patients: 123, appointments: 60, reports: 40, people: &people::MILANO, doctors: SAN_LUCA_DOCTORS };

pub(super) const VILLA_AURORA: Centre =
    Centre { first_id: 2_020_001, patients: 41, appointments: 24, reports: 14, people: &people::TORINO, doctors: VILLA_AURORA_DOCTORS };

/// Weekdays before and after today on which agendas are open.
const DAYS_BACK: i32 = 5;
const DAYS_AHEAD: i32 = 9;
const OPENS: Time = time(9, 0, 0, 0);
const CLOSES: Time = time(18, 0, 0, 0);
const BREAK_FROM: Time = time(13, 0, 0, 0);
const BREAK_TO: Time = time(14, 0, 0, 0);

pub(super) fn records(seed: u64, centre: &Centre, today: Date) -> Records {
    // Each centre has a stream of its own: what is drawn for one does not move the other.
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(centre.first_id));
    let patients = patients(&mut rng, centre);
    let treatments = care::treatments(centre);
    let agendas = agendas(centre);
    let slots = slots(centre, &agendas, today);
    let mut records = Records {
        forgotten: Vec::new(),
        price_lists: care::price_lists(centre, &treatments, today),
        medical_reports: Vec::new(),
        appointments: Vec::new(),
        episodes: Vec::new(),
        invoices: Vec::new(),
        first_id: centre.first_id,
        patients,
        agendas,
        slots,
        treatments,
    };
    records.appointments = appointments(&mut rng, centre, &records, today);
    care::add_history(&mut rng, centre, &mut records, today);
    records
}

pub(super) fn pick<'a, T>(rng: &mut ChaCha8Rng, choices: &'a [T]) -> &'a T {
    &choices[rng.random_range(0..choices.len())]
}

pub(super) fn id<T: Identified>(centre: &Centre, index: usize) -> u32 {
    centre.first_id + T::OFFSET + u32::try_from(index).unwrap_or_default()
}

/// A patient whom a doctor of this speciality may see.
pub(super) fn patient_of(rng: &mut ChaCha8Rng, patients: &[Patient], speciality: &str) -> u32 {
    loop {
        let patient = pick(rng, patients);
        if may_see(speciality, patient) {
            return patient.id;
        }
    }
}

pub(super) fn may_see(speciality: &str, patient: &Patient) -> bool {
    speciality != GYNAECOLOGY || patient.gender == Some(Gender::F)
}

fn patients(rng: &mut ChaCha8Rng, centre: &Centre) -> Vec<Patient> {
    let people = centre.people;
    let mut taken = std::collections::HashSet::new();
    let mut patients = Vec::with_capacity(centre.patients);
    while patients.len() < centre.patients {
        let gender = if rng.random_bool(0.54) { Gender::F } else { Gender::M };
        let (given, family) = (*pick(rng, people.given(gender)), *pick(rng, people.family));
        if !taken.insert((given, family)) {
            continue;
        }
        let birth_date = date(1935, 1, 1).saturating_add(i64::from(rng.random_range(0..84 * 365_u32)).days());
        let (birth_place, belfiore) = *pick(rng, people.birth_places);
        let (city, postal_code) = *pick(rng, people.homes);
        let mail = format!("{}.{}", plain(given), plain(family));
        patients.push(Patient {
            id: id::<Patient>(centre, patients.len()),
            first_name: given.to_owned(),
            last_name: family.to_owned(),
            fiscal_code: CodiceFiscale::of(given, family, birth_date, gender, belfiore).as_str().to_owned(),
            birth_date: Some(birth_date),
            birth_place: Some(birth_place.to_owned()),
            gender: Some(gender),
            // A prefix that no network has.
            phone: Some(format!("+39 300 {:03} {:04}", rng.random_range(0..1000), rng.random_range(0..10_000))),
            email: rng.random_bool(0.8).then(|| format!("{mail}@{}", pick(rng, people.mail_domains))),
            address: Some(format!("{} {}", pick(rng, people.streets), rng.random_range(1..=140))),
            city: Some(city.to_owned()),
            postal_code: Some(postal_code.to_owned()),
            contact_preference: rng.random_bool(0.6).then(|| (*pick(rng, &["phone", "email"])).to_owned()),
            version: 1,
        });
    }
    patients
}

/// A name as it stands in a mail address.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('ò', "o").chars().filter(char::is_ascii_lowercase).collect()
}

fn agendas(centre: &Centre) -> Vec<Agenda> {
    let agenda = |(index, doctor): (usize, &Doctor)| Agenda {
        id: id::<Agenda>(centre, index),
        name: format!("{} - {}", doctor.speciality, doctor.name),
        doctor: doctor.name.to_owned(),
        speciality: doctor.speciality.to_owned(),
        room: format!("Ambulatorio {}", index + 1),
        slot_minutes: doctor.slot_minutes,
        version: 1,
    };
    centre.doctors.iter().enumerate().map(agenda).collect()
}

/// What every agenda offers in opening hours on the working days around today, in the order of time.
fn slots(centre: &Centre, agendas: &[Agenda], today: Date) -> Vec<Availability> {
    let mut slots = Vec::new();
    for day in (-DAYS_BACK..=DAYS_AHEAD).map(|days| today.saturating_add(days.days())) {
        if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && day != today {
            continue;
        }
        for agenda in agendas {
            let mut from = OPENS;
            while from < CLOSES {
                let to = from.saturating_add(agenda.slot_minutes.minutes());
                let in_break = from < BREAK_TO && to > BREAK_FROM;
                if !in_break && to <= CLOSES {
                    let (start, end) = (rome::at(day, from), rome::at(day, to));
                    slots.push(Availability { id: id::<Availability>(centre, slots.len()), agenda_id: agenda.id, start, end });
                }
                from = if in_break { BREAK_TO } else { to };
            }
        }
    }
    slots
}

/// A few appointments today, the others on the days around: no slot is taken twice.
fn appointments(rng: &mut ChaCha8Rng, centre: &Centre, records: &Records, today: Date) -> Vec<Appointment> {
    let start_of_day = rome::at(today, Time::midnight());
    let end_of_day = rome::at(today.saturating_add(1.day()), Time::midnight());
    let (mut on_day, mut other): (Vec<&Availability>, Vec<&Availability>) =
        records.slots.iter().partition(|slot| slot.start >= start_of_day && slot.start < end_of_day);
    on_day.shuffle(rng);
    other.shuffle(rng);
    let today_count = centre.appointments / 5;
    let mut taken: Vec<&Availability> = on_day.into_iter().take(today_count).chain(other).take(centre.appointments).collect();
    taken.sort_by_key(|slot| (slot.start, slot.agenda_id));
    taken
        .into_iter()
        .enumerate()
        .map(|(index, slot)| {
            let agenda = records.agendas.iter().position(|agenda| agenda.id == slot.agenda_id).unwrap_or_default();
            Appointment {
                id: id::<Appointment>(centre, index),
                agenda_id: slot.agenda_id,
                patient_id: patient_of(rng, &records.patients, &records.agendas[agenda].speciality),
                // The first of the doctor's two.
                treatment_id: Some(id::<Treatment>(centre, agenda * 2)),
                start: slot.start,
                end: slot.end,
                status: match (slot.start < start_of_day, rng.random_range(0..10)) {
                    (true, 0) | (false, 0) => AppointmentStatus::Cancelled,
                    (true, _) => AppointmentStatus::Completed,
                    (false, 1..=4) => AppointmentStatus::Confirmed,
                    (false, _) => AppointmentStatus::Booked,
                },
                booking_channel: rng.random_bool(0.7).then(|| (*pick(rng, &["desk", "phone", "web"])).to_owned()),
                notes: rng.random_bool(0.2).then(|| (*pick(rng, care::NOTES)).to_owned()),
                version: 1,
            }
        })
        .collect()
}
