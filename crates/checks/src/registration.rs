use std::collections::BTreeMap;

use super::Judgement;
use super::judgement::{Clause, nothing};

/// One environment of the dossier, such as production, with the application that is registered for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredEnvironment {
    /// The application's name.
    pub name: String,
    /// The client identifier that the portal shows.
    pub client_id: String,
    /// Every registered redirect URI.
    pub redirect_uris: Vec<String>,
    /// Digest of its client secret, salted alike for the whole dossier; `None` where it has none or it was not given.
    pub secret_digest: Option<String>,
}

/// AC-11: environments with different redirect URIs have an application of their own (C-23).
pub fn check_separate_applications(environments: &[RegisteredEnvironment]) -> Judgement {
    for (one, other) in pairs(environments)? {
        if one.client_id == other.client_id && sorted(&one.redirect_uris) != sorted(&other.redirect_uris) {
            return Err(Clause("C-23").refuse(
                format!("{} and {} share an application although their redirect URIs differ", one.name, other.name),
                "an OAuth application for each environment",
                format!("client_id `{}` in both", one.client_id),
                [],
            ));
        }
    }
    Ok(())
}

/// AC-12: each environment has a client secret of its own (C-24).
pub fn check_separate_secrets(environments: &[RegisteredEnvironment]) -> Judgement {
    pairs(environments)?;
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for environment in environments {
        let Some(digest) = &environment.secret_digest else { continue };
        if let Some(earlier) = seen.insert(digest, &environment.name) {
            return Err(Clause("C-24").refuse(
                format!("{earlier} and {} use the same client secret", environment.name),
                "a client secret for each environment",
                "the same digest",
                [],
            ));
        }
    }
    // Only the secrets that were given could be compared.
    match environments.iter().find(|environment| environment.secret_digest.is_none()) {
        Some(without) => Err(nothing(format!("the secret of {} was not given", without.name))),
        None => Ok(()),
    }
}

fn pairs(environments: &[RegisteredEnvironment]) -> Result<Vec<(&RegisteredEnvironment, &RegisteredEnvironment)>, super::Refusal> {
    if environments.len() < 2 {
        return Err(nothing("the dossier names fewer than two environments"));
    }
    let after = |index: usize| environments[index + 1..].iter();
    Ok(environments.iter().enumerate().flat_map(|(index, one)| after(index).map(move |other| (one, other))).collect())
}

fn sorted(uris: &[String]) -> Vec<&String> {
    let mut sorted: Vec<&String> = uris.iter().collect();
    sorted.sort();
    sorted
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    fn environment(name: &str, client_id: &str, uri: &str, digest: &str) -> RegisteredEnvironment {
        RegisteredEnvironment {
            name: name.to_owned(),
            client_id: client_id.to_owned(),
            redirect_uris: vec![uri.to_owned()],
            secret_digest: (!digest.is_empty()).then(|| digest.to_owned()),
        }
    }

    #[test]
    fn environments_are_separate_where_their_redirect_uris_differ() {
        let production = environment("production", "a", "https://a.example/cb", "1");
        let staging = |client_id: &str, uri: &str| environment("staging", client_id, uri, "2");
        assert_eq!(check_separate_applications(&[production.clone(), staging("b", "https://b.example/cb")]), Ok(()));
        assert_eq!(check_separate_applications(&[production.clone(), staging("a", "https://a.example/cb")]), Ok(()));
        found(check_separate_applications(&[production.clone(), staging("a", "https://b.example/cb")]));
        undecided(check_separate_applications(&[production]));
    }

    #[test]
    fn environments_have_secrets_of_their_own() {
        let with = |digests: [&str; 3]| digests.map(|digest| environment("x", "a", "https://a.example/cb", digest));
        assert_eq!(check_separate_secrets(&with(["1", "2", "3"])), Ok(()));
        found(check_separate_secrets(&with(["1", "2", "1"])));
        found(check_separate_secrets(&with(["1", "", "1"])));
        undecided(check_separate_secrets(&with(["1", "2", ""])));
        undecided(check_separate_secrets(&with(["1", "2", "3"])[..1]));
    }
}
