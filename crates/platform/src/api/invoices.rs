use axum::routing::MethodFilter;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Answer, add, next_id, one, page, referred, replace, unchanged};
use super::call::{Call, Operation};
use super::clinic::Records;
use super::document::{INVOICE_DRAFT, INVOICE_UPDATE};
use super::error::ApiError;
use super::records::{Invoice, InvoiceLine, InvoiceStatus};
use crate::oauth::giponext::INVOICES;

pub(super) const ALL: &[Operation] = &[Operation::read(INVOICES, list), Operation::write(MethodFilter::POST, INVOICES, create)];

/// No invoice is removed: the numbers of a year have no gaps.
pub(super) const ONE: &[Operation] =
    &[Operation::read(INVOICES, |call, records| one(call, &records.invoices)), Operation::write(MethodFilter::PUT, INVOICES, update)];

/// What an application may say of an invoice; the number is the platform's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    patient_id: u32,
    date: Date,
    lines: Vec<InvoiceLine>,
    amount_cents: u32,
    status: Option<InvoiceStatus>,
    version: Option<u32>,
}

fn list(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let patient = call.id_parameter("patientId")?;
    page(call, records.invoices.iter().filter(|invoice| patient.is_none_or(|patient| invoice.patient_id == patient)).collect())
}

fn create(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&INVOICE_DRAFT)?;
    check(&draft, records)?;
    let number = next_number(records, draft.date);
    let invoice = draft.into_invoice(next_id(&records.invoices, records.first_id), number, 1);
    Ok(add(call, &mut records.invoices, invoice))
}

fn update(call: &Call, records: &mut Records) -> Result<Answer, ApiError> {
    let draft: Draft = call.body(&INVOICE_UPDATE)?;
    let present = unchanged(call, &records.invoices, draft.version)?;
    if present.status == InvoiceStatus::Paid {
        return Err(ApiError::business("status", "the invoice is paid: it takes no more changes"));
    }
    if draft.date.year() != present.date.year() {
        return Err(ApiError::business("date", "the invoice has a number of another year"));
    }
    check(&draft, records)?;
    replace(&mut records.invoices, draft.into_invoice(present.id, present.number, present.version + 1))
}

/// The business rules of an invoice (C-55).
fn check(draft: &Draft, records: &Records) -> Result<(), ApiError> {
    referred(&records.patients, draft.patient_id, "patientId")?;
    for line in &draft.lines {
        if line.description.trim().is_empty() {
            return Err(ApiError::business("lines", "every line must have a description"));
        }
        if let Some(treatment) = line.treatment_id {
            referred(&records.treatments, treatment, "lines")?;
        }
    }
    let total: u64 = draft.lines.iter().map(|line| u64::from(line.quantity) * u64::from(line.unit_amount_cents)).sum();
    if total == u64::from(draft.amount_cents) {
        Ok(())
    } else {
        Err(ApiError::business("amountCents", format!("the lines add up to {total} cents")))
    }
}

/// The next number of the date's year, such as `2026/0021`.
fn next_number(records: &Records, date: Date) -> String {
    let year = date.year();
    let of_year = |invoice: &Invoice| invoice.number.strip_prefix(&format!("{year}/"))?.parse::<u32>().ok();
    let last = records.invoices.iter().filter_map(of_year).max().unwrap_or_default();
    format!("{year}/{:04}", last + 1)
}

impl Draft {
    fn into_invoice(self, id: u32, number: String, version: u32) -> Invoice {
        Invoice {
            id,
            number,
            patient_id: self.patient_id,
            date: self.date,
            lines: self.lines,
            amount_cents: self.amount_cents,
            status: self.status.unwrap_or_default(),
            version,
        }
    }
}
