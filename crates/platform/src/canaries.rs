use secrecy::{ExposeSecret, SecretString};

use super::Shared;

impl Shared {
    /// Every secret that this platform knows or has seen, with its kind: none of them may stand in what a run leaves behind.
    pub fn secrets(&self) -> Vec<(String, SecretString)> {
        let kind = |placeholder: &str| {
            placeholder.trim_matches(['[', ']']).trim_end_matches(|end: char| end == '-' || end.is_ascii_digit()).to_owned()
        };
        let mut secrets: Vec<_> = self.redaction.secrets().into_iter().map(|(placeholder, secret)| (kind(&placeholder), secret)).collect();
        let accounts = self.accounts();
        secrets.extend(accounts.users.iter().map(|user| ("password".to_owned(), user.password.clone())));
        secrets.retain(|(_, secret)| !secret.expose_secret().is_empty());
        secrets
    }
}
