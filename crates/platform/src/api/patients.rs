use axum::routing::MethodFilter;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Answer, add, next_id, one, page, replace, unchanged};
use super::call::{Call, Operation};
use super::clinic::Records;
use super::codice_fiscale::CodiceFiscale;
use super::document::{PATIENT_DRAFT, PATIENT_UPDATE};
use super::error::ApiError;
use super::records::{Gender, Patient};
use crate::oauth::giponext::PATIENTS;

pub(super) const ALL: &[Operation] = &[
    Operation::read(PATIENTS, |call, records| page(call, records.patients.iter().collect())),
    Operation::write(MethodFilter::POST, PATIENTS, create),
];

pub(super) const ONE: &[Operation] =
    &[Operation::read(PATIENTS, |call, records| one(call, &records.patients)), Operation::write(MethodFilter::PUT, PATIENTS, update)];

/// What an application may say of a patient.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    first_name: String,
    last_name: String,
    fiscal_code: String,
    birth_date: Option<Date>,
    birth_place: Option<String>,
    gender: Option<Gender>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    city: Option<String>,
    postal_code: Option<String>,
    contact_preference: Option<String>,
    version: Option<u32>,
}

fn create(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&PATIENT_DRAFT)?;
    let fiscal_code = check(&draft, records, None)?;
    let patient = draft.into_patient(next_id(&records.patients, records.first_id), fiscal_code, 1);
    Ok(add(call, &mut records.patients, patient))
}

fn update(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&PATIENT_UPDATE)?;
    let present = unchanged(call, &records.patients, draft.version)?;
    let fiscal_code = check(&draft, records, Some(present.id))?;
    replace(&mut records.patients, draft.into_patient(present.id, fiscal_code, present.version + 1))
}

/// The business rules of a patient (C-55). Messages do not repeat what was sent: it is personal.
fn check(draft: &Draft, records: &Records, updated: Option<u32>) -> Result<CodiceFiscale, ApiError> {
    for (value, field) in [(&draft.first_name, "firstName"), (&draft.last_name, "lastName")] {
        if value.trim().is_empty() {
            return Err(ApiError::business(field, format!("{field} must not be empty")));
        }
    }
    let code = CodiceFiscale::parse(&draft.fiscal_code).map_err(|error| ApiError::business("fiscalCode", error.to_string()))?;
    if !code.fits(draft.birth_date, draft.gender) {
        return Err(ApiError::business("fiscalCode", "the codice fiscale is of another birth date or gender than the patient's"));
    }
    if records.patients.iter().any(|patient| patient.fiscal_code == code.as_str() && Some(patient.id) != updated) {
        return Err(ApiError::business("fiscalCode", "another patient has this codice fiscale"));
    }
    Ok(code)
}

impl Draft {
    fn into_patient(self, id: u32, fiscal_code: CodiceFiscale, version: u32) -> Patient {
        Patient {
            id,
            first_name: self.first_name.trim().to_owned(),
            last_name: self.last_name.trim().to_owned(),
            fiscal_code: fiscal_code.as_str().to_owned(),
            birth_date: self.birth_date,
            birth_place: self.birth_place,
            gender: self.gender,
            phone: self.phone,
            email: self.email,
            address: self.address,
            city: self.city,
            postal_code: self.postal_code,
            contact_preference: self.contact_preference,
            version,
        }
    }
}
