//! What a scenario sets up and looks up in the clinical data, beside what the API allows.

use secrecy::SecretString;

use super::Platform;
use super::accounts::TenantId;
use super::api::PatientName;

impl Platform {
    /// Entries of a list page from now on: when the call names no limit, and at most, whatever limit it names. Answers tell it (C-56).
    pub fn set_page_limit(&self, limit: usize) {
        self.shared().clinic().page_limit = Some(limit.max(1));
    }

    /// Leaves the tenant its first `count` patients, and what is about them.
    pub fn keep_patients(&self, tenant: TenantId, count: usize) {
        if let Some(records) = self.shared().clinic().records(tenant) {
            records.keep_patients(count);
        }
    }

    /// Names of the tenant's patients as an application may show them, `Rossi Mario`, in the API's order.
    pub fn patient_names(&self, tenant: TenantId) -> Vec<String> {
        self.patients(tenant).into_iter().map(|name| format!("{} {}", name.family, name.given)).collect()
    }

    /// The tenant's patients in the API's order.
    pub fn patients(&self, tenant: TenantId) -> Vec<PatientName> {
        self.shared().clinic().records(tenant).map(|records| records.patient_names()).unwrap_or_default()
    }

    /// Values that may be found nowhere outside the application, each with the label of what it is.
    pub fn personal_canaries(&self, tenant: TenantId) -> Vec<(String, SecretString)> {
        self.shared().clinic().records(tenant).map(|records| records.personal_canaries()).unwrap_or_default()
    }

    /// Appointments that the tenant has, to see whether a write was repeated.
    pub fn appointments_count(&self, tenant: TenantId) -> usize {
        self.shared().clinic().records(tenant).map_or(0, |records| records.appointments.len())
    }
}
