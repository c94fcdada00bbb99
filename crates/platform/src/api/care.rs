//! Treatments, prices, and what patients went through.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::clinic::Records;
use super::records::{
    Episode, EpisodeStatus, Invoice, InvoiceLine, InvoiceStatus, MedicalReport, Price, PriceList, ReportStatus, Treatment,
};
use super::seed::{Centre, id, may_see, patient_of, pick};

pub(super) const NOTES: &[&str] =
    &["Porta la documentazione precedente", "Prima visita", "Chiede il certificato per il lavoro", "Accompagnato da un familiare"];

/// Titles of courses of care.
const COURSES: &[&str] =
    &["Percorso di controllo annuale", "Riabilitazione dopo intervento", "Accertamenti in corso", "Terapia e follow-up"];

/// Two for each agenda, in the order of the agendas.
pub(super) fn treatments(centre: &Centre) -> Vec<Treatment> {
    let all = centre.doctors.iter().flat_map(|doctor| doctor.treatments.iter().map(move |(description, _)| (doctor, *description)));
    all.enumerate()
        .map(|(index, (doctor, description))| Treatment {
            id: id::<Treatment>(centre, index),
            description: description.to_owned(),
            speciality: doctor.speciality.to_owned(),
            duration_minutes: doctor.slot_minutes,
            version: 1,
        })
        .collect()
}

/// The private list, and one that an insurer has agreed on.
pub(super) fn price_lists(centre: &Centre, treatments: &[Treatment], today: Date) -> Vec<PriceList> {
    let cents: Vec<u32> = centre.doctors.iter().flat_map(|doctor| doctor.treatments.map(|(_, cents)| cents)).collect();
    let valid_from = date(today.year(), 1, 1);
    let list = |index, name: &str, percent: u32| PriceList {
        id: id::<PriceList>(centre, index),
        name: name.to_owned(),
        valid_from,
        prices: treatments
            .iter()
            .zip(&cents)
            .map(|(treatment, cents)| Price { treatment_id: treatment.id, amount_cents: cents * percent / 100 })
            .collect(),
        version: 1,
    };
    vec![list(0, "Listino privati", 100), list(1, "Listino assicurazioni convenzionate", 80)]
}

/// Episodes, their medical reports, and invoices, all before today.
pub(super) fn add_history(rng: &mut ChaCha8Rng, centre: &Centre, records: &mut Records, today: Date) {
    for index in 0..centre.reports * 3 / 4 {
        let opened_on = today.saturating_sub(i64::from(rng.random_range(60..400_u32)).days());
        // Every third is closed, whatever the seed: scenarios need both kinds.
        let closed_on = (index % 3 == 2).then(|| today.saturating_sub(i64::from(rng.random_range(1..30_u32)).days()));
        records.episodes.push(Episode {
            id: id::<Episode>(centre, index),
            patient_id: pick(rng, &records.patients).id,
            title: (*pick(rng, COURSES)).to_owned(),
            status: if closed_on.is_some() { EpisodeStatus::Closed } else { EpisodeStatus::Open },
            opened_on,
            closed_on,
            version: 1,
        });
    }
    for index in 0..centre.reports {
        let doctor = pick(rng, centre.doctors);
        let (title, text) = *pick(rng, &doctor.reports);
        let course = pick(rng, &records.episodes);
        let fits = records.patients.iter().any(|patient| patient.id == course.patient_id && may_see(doctor.speciality, patient));
        let (patient_id, episode_id) = match fits && rng.random_bool(0.7) {
            true => (course.patient_id, Some(course.id)),
            false => (patient_of(rng, &records.patients, doctor.speciality), None),
        };
        // After any episode was opened and before any was closed.
        let recent = i64::from(rng.random_range(31..59_u32));
        records.medical_reports.push(MedicalReport {
            id: id::<MedicalReport>(centre, index),
            patient_id,
            episode_id,
            title: title.to_owned(),
            status: if rng.random_bool(0.85) { ReportStatus::Signed } else { ReportStatus::Draft },
            date: today.saturating_sub(recent.days()),
            doctor: doctor.name.to_owned(),
            text: text.to_owned(),
            version: 1,
        });
    }
    let mut dates: Vec<Date> =
        (0..centre.reports / 2).map(|_| today.saturating_sub(i64::from(rng.random_range(1..200_u32)).days())).collect();
    dates.sort_unstable();
    for (index, date) in dates.into_iter().enumerate() {
        let which = rng.random_range(0..centre.doctors.len());
        let doctor = &centre.doctors[which];
        let kind = rng.random_range(0..doctor.treatments.len());
        let (description, unit_amount_cents) = doctor.treatments[kind];
        let line = InvoiceLine {
            treatment_id: Some(id::<Treatment>(centre, which * doctor.treatments.len() + kind)),
            description: description.to_owned(),
            quantity: 1,
            unit_amount_cents,
        };
        records.invoices.push(Invoice {
            id: id::<Invoice>(centre, index),
            number: format!("{}/{:04}", date.year(), index + 1),
            patient_id: patient_of(rng, &records.patients, doctor.speciality),
            date,
            lines: vec![line],
            amount_cents: unit_amount_cents,
            status: if rng.random_bool(0.75) { InvoiceStatus::Paid } else { InvoiceStatus::Due },
            version: 1,
        });
    }
}
