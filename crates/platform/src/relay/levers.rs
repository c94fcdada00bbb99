use secrecy::SecretString;

use crate::accounts::TenantId;
use crate::{Platform, authorization};

/// What a relay is told by whoever drives the browser, and tells of what passed.
impl Platform {
    /// Where a browser goes that would bring an authorization response of the target to an address; `None` where the address is no such
    /// response, or one that was answered already.
    pub fn responses(&self) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static {
        let shared = self.shared().clone();
        move |address| authorization::answered_by_target(&shared, address)
    }

    /// From now on lists have nothing in them: at the mock those that are about a medical centre's patients, behind a relay all.
    pub fn empty_lists(&self, tenant: TenantId) {
        match &self.shared().upstream {
            Some(target) => target.passed().lists_are_empty = true,
            None => self.keep_patients(tenant, 0),
        }
    }

    /// What of the patients whom the API has shown may be found nowhere outside the application, each with the label of what it is.
    pub fn patients_seen(&self) -> Vec<(String, SecretString)> {
        let seen = self.shared().upstream.as_ref().map(|target| target.passed().patients());
        seen.unwrap_or_default().into_iter().map(|(label, value)| (label, SecretString::from(value))).collect()
    }
}
