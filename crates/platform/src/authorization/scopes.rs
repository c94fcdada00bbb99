use crate::oauth::{ScopeSet, giponext};

/// What is wrong with the scopes that a client asks for: they exist, and the registration is the most it may ask for (C-33).
pub(super) fn check_scopes(asked: &ScopeSet, registered: &ScopeSet) -> Result<(), String> {
    if asked.is_empty() {
        return Err("scope is missing".to_owned());
    }
    if let Some(scope) = asked.iter().find(|scope| !giponext::ALL.contains(scope)) {
        return Err(format!("the scope {scope} does not exist"));
    }
    let beyond = asked.difference(registered);
    if beyond.is_empty() { Ok(()) } else { Err(format!("the application is not registered for {beyond}")) }
}
