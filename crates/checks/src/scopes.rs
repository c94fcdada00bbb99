use super::Judgement;
use super::authorization_request::observed;
use super::judgement::{Clause, nothing};
use super::reading::api_calls;
use crate::domain::Exchange;
use crate::oauth::{ScopeSet, giponext};

/// AZ-10: only scopes are asked for that the application's profile declares (RFC 6749 section 10.3).
pub fn check_requested_scopes_declared(exchanges: &[Exchange], declared: &ScopeSet) -> Judgement {
    for sign_in in observed(exchanges)? {
        let undeclared = sign_in.scopes().difference(declared);
        if !undeclared.is_empty() {
            return Err(Clause("RFC 6749 section 10.3").refuse(
                format!("the application asks for `{undeclared}`, which its profile does not declare"),
                format!("no more than `{declared}`"),
                format!("`{}`", sign_in.scopes()),
                [sign_in.number()],
            ));
        }
    }
    Ok(())
}

/// AZ-10, GX-18: every resource scope that is asked for is used by some API call (RFC 6749 section 10.3, C-33). The exchanges
/// must hold a session that exercises every declared feature; scopes of identity and `offline_access` open no resource.
pub fn check_requested_scopes_exercised(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = observed(exchanges)?;
    let exercised: ScopeSet = api_calls(exchanges).into_iter().filter_map(|call| call.facts.needed_scope.clone()).collect();
    if exercised.is_empty() {
        return Err(nothing("no API call that needs a scope was made"));
    }
    let resources: ScopeSet = giponext::RESOURCES.into_iter().collect();
    for sign_in in sign_ins {
        let unused = sign_in.scopes().intersection(&resources).difference(&exercised);
        if !unused.is_empty() {
            return Err(Clause("RFC 6749 section 10.3").refuse(
                format!("the application asks for `{unused}` and makes no call that needs it"),
                format!("the scopes that its calls need: `{exercised}`"),
                format!("`{}`", sign_in.scopes()),
                [sign_in.number()],
            ));
        }
    }
    Ok(())
}

/// GX-18: the scope of medical reports is asked for exactly when the feature is declared (C-14).
///
/// `features`: the scopes of what the application does. A feature is what its action's scope says, whatever it is called.
pub fn check_medical_reports_scope(exchanges: &[Exchange], features: &ScopeSet) -> Judgement {
    let declared = features.contains(giponext::MEDICAL_REPORTS);
    let sign_ins = observed(exchanges)?;
    let asking = sign_ins.iter().find(|sign_in| sign_in.scopes().contains(giponext::MEDICAL_REPORTS));
    let (summary, expected, sign_in) = match (declared, asking) {
        (true, None) => ("the application declares medical reports and never asks for their scope", "asked for", &sign_ins[0]),
        (false, Some(sign_in)) => (
            "the application asks for medical reports and no action of its profile has their scope",
            "not asked for, or the scope of one of [app.actions]",
            sign_in,
        ),
        _ => return Ok(()),
    };
    Err(Clause("C-14").refuse(
        summary,
        format!("`{}` {expected}", giponext::MEDICAL_REPORTS),
        format!("`{}`", sign_in.scopes()),
        [sign_in.number()],
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    fn reports() -> ScopeSet {
        ScopeSet::parse("giponext.patients giponext.medicalreports")
    }

    fn session(scope: &str) -> Vec<Exchange> {
        let mut exchanges = sound_logins(1);
        set(&mut exchanges[0].query, "scope", scope);
        let mut patients = call(50, "/v2/tenants/7/patients", "[access-token-1]");
        patients.facts.needed_scope = Some(giponext::PATIENTS.to_owned());
        exchanges.push(patients);
        exchanges
    }

    #[test]
    fn scopes_that_are_declared_and_used_pass() {
        let declared = ScopeSet::parse("openid offline_access giponext.patients giponext.agenda");
        let sound = session("openid giponext.patients offline_access");
        assert_eq!(check_requested_scopes_declared(&sound, &declared), Ok(()));
        assert_eq!(check_requested_scopes_exercised(&sound), Ok(()));
        assert_eq!(check_medical_reports_scope(&sound, &declared), Ok(()));
        assert_eq!(check_medical_reports_scope(&session("giponext.medicalreports"), &reports()), Ok(()));
        undecided(check_requested_scopes_declared(&[], &declared));
        undecided(check_requested_scopes_exercised(&sound[..3]));
        undecided(check_medical_reports_scope(&[], &declared));
    }

    #[test]
    fn a_scope_that_is_undeclared_or_unused_is_refused() {
        let wide = session("openid giponext.patients giponext.invoices");
        let declared = ScopeSet::parse("openid giponext.patients");
        assert!(found(check_requested_scopes_declared(&wide, &declared)).contains("`giponext.invoices`"));
        assert!(found(check_requested_scopes_exercised(&wide)).contains("`giponext.invoices`"));
    }

    #[test]
    fn medical_reports_are_asked_for_exactly_when_declared() {
        found(check_medical_reports_scope(&session("openid"), &reports()));
        found(check_medical_reports_scope(&session("giponext.medicalreports"), &ScopeSet::parse("giponext.patients")));
    }
}
