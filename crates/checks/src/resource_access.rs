use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Judgement;
use super::judgement::{Clause, nothing, some};
use super::reading::{
    AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN, api_calls, by_arrival, described, numbers, resource_calls, same_call, token_requests,
};
use crate::domain::{Credential, Endpoint, Exchange};

const USERINFO: &str = "/v2/userinfo";
const NO_CALL: &str = "the platform saw no API call";

/// RS-01: an access token is presented in the `Authorization` header only, once per request (RFC 9700 section 4.3.2).
/// Calls without a token present nothing and are passed over.
pub fn check_bearer_in_header(exchanges: &[Exchange]) -> Judgement {
    let presented = |call: &&Exchange| matches!(call.endpoint, Endpoint::Api | Endpoint::Userinfo) && !call.facts.credentials.is_empty();
    for call in some(by_arrival(exchanges).into_iter().filter(presented).collect(), "no call presented an access token")? {
        if call.facts.credentials != [Credential::Header] {
            let places: Vec<&str> = call.facts.credentials.iter().map(|place| place_name(*place)).collect();
            return Err(Clause("RFC 9700 section 4.3.2").refuse(
                format!("{} presents its access token in {}", described(call), places.join(" and ")),
                "the Authorization header, and nowhere else",
                places.join(" and "),
                [call.number],
            ));
        }
    }
    Ok(())
}

fn place_name(place: Credential) -> &'static str {
    match place {
        Credential::Header => "the Authorization header",
        Credential::Query => "the query",
        Credential::Body => "the body",
    }
}

/// Whether it asks who the token's user is: the API (C-50), or OpenID Connect's endpoint.
pub fn asks_for_the_user(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::Userinfo || (exchange.endpoint == Endpoint::Api && exchange.path == USERINFO)
}

/// GX-02: no resource of this tenant is called, in which the application may serve nobody (C-51).
pub fn check_tenant_left_alone(exchanges: &[Exchange], tenant: &str) -> Judgement {
    let calls = resource_calls(exchanges).into_iter().filter(|call| call.facts.tenant.as_deref() == Some(tenant)).collect();
    none_of(calls, "the application called resources of a tenant that it is not authorised for", "no resource call in that tenant")
}

/// C-51: none of these resource calls is the application's to make.
fn none_of(calls: Vec<&Exchange>, summary: &str, expected: &str) -> Judgement {
    let Some(first) = calls.first() else { return Ok(()) };
    let actual = format!("{} resource calls, the first {}", calls.len(), described(first));
    Err(Clause("C-51").refuse(summary, expected, actual, numbers(calls)))
}

/// GX-01: after each sign-in the first API call is `/v2/userinfo`, and resources are called only in the tenants that it
/// named (C-50).
pub fn check_userinfo_first(exchanges: &[Exchange]) -> Judgement {
    let calls = api_calls(exchanges);
    let mut judged = false;
    for sign_in in token_requests(exchanges).into_iter().filter(|request| is_sign_in(request)) {
        let first = calls.iter().find(|call| call.number > sign_in.number && call.facts.subject == sign_in.facts.subject);
        let Some(first) = first else { continue };
        judged = true;
        if first.path != USERINFO {
            return Err(Clause("C-50").refuse(
                format!("the first API call after a sign-in is {}", described(first)),
                format!("GET {USERINFO}"),
                format!("{} {}", first.method, first.path),
                [sign_in.number, first.number],
            ));
        }
    }
    if !judged {
        return Err(nothing("the platform saw no API call after a sign-in"));
    }
    check_tenants_learnt(exchanges)
}

/// GX-01, second half: resource calls stay within the tenants that `/v2/userinfo` named for their end-user.
fn check_tenants_learnt(exchanges: &[Exchange]) -> Judgement {
    let mut learnt: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for call in api_calls(exchanges) {
        let Some(subject) = call.facts.subject.as_deref() else { continue };
        if call.path == USERINFO {
            learnt.entry(subject).or_default().extend(tenants_in(call));
        } else if let Some(tenant) = &call.facts.tenant {
            let named = learnt.get(subject);
            if !named.is_some_and(|tenants| tenants.contains(tenant)) {
                let named = named.map(|tenants| tenants.iter().cloned().collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty());
                return Err(Clause("C-50").refuse(
                    format!("{} names a tenant that {USERINFO} did not", described(call)),
                    named.map_or_else(|| "no call in a tenant before it is known".to_owned(), |names| format!("tenant {names}")),
                    format!("tenant {tenant}"),
                    [call.number],
                ));
            }
        }
    }
    Ok(())
}

fn tenants_in(userinfo: &Exchange) -> Vec<String> {
    let tenants = userinfo.response.as_ref().and_then(|value| value.get("tenants")).and_then(Value::as_array);
    let id = |tenant: &Value| match tenant.get("id")? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    tenants.into_iter().flatten().filter_map(id).collect()
}

fn is_sign_in(request: &Exchange) -> bool {
    matches!(request.form_value("grant_type"), Some(AUTHORIZATION_CODE | DEVICE_CODE)) && request.status == 200
}

/// GX-02: no resource of any tenant is called for `subject`, an end-user of a tenant that the application may not serve (C-51).
/// Only proves something where that end-user got as far as a token.
pub fn check_no_resource_call(exchanges: &[Exchange], subject: &str) -> Judgement {
    let of_subject = |exchange: &&Exchange| exchange.facts.subject.as_deref() == Some(subject);
    if !token_requests(exchanges).iter().any(|request| is_sign_in(request) && of_subject(request)) {
        return Err(nothing(format!("no token was issued for the end-user {subject}")));
    }
    let calls = resource_calls(exchanges).into_iter().filter(of_subject).collect();
    none_of(calls, "the application called resources for an end-user of a tenant that it is not authorised for", "no resource call")
}

/// Without the calls that were made again because their token had expired.
pub fn without_repeats_after_401(exchanges: Vec<Exchange>) -> Vec<Exchange> {
    let refused: Vec<Exchange> = exchanges.iter().filter(|call| call.endpoint == Endpoint::Api && call.status == 401).cloned().collect();
    let mut left: Vec<&Exchange> = refused.iter().collect();
    let mut is_repeat = |call: &Exchange| {
        let place = left.iter().position(|refused| refused.number < call.number && same_call(refused, call));
        place.map(|place| left.remove(place)).is_some()
    };
    exchanges.into_iter().filter(|call| call.status == 401 || call.endpoint != Endpoint::Api || !is_repeat(call)).collect()
}

/// GX-04: every call's scope was granted to the token that it presents (C-35).
pub fn check_calls_within_granted_scopes(exchanges: &[Exchange]) -> Judgement {
    let mut judged = false;
    for call in api_calls(exchanges) {
        let (Some(needed), Some(granted)) = (&call.facts.needed_scope, &call.facts.scopes) else { continue };
        judged = true;
        if !granted.contains(needed) {
            return Err(Clause("C-35").refuse(
                format!("{} needs the scope `{needed}`, which was not granted", described(call)),
                format!("calls within the granted scopes: {}", granted.join(" ")),
                format!("a call that needs `{needed}`"),
                [call.number],
            ));
        }
    }
    if judged { Ok(()) } else { Err(nothing("no API call presented a token of known scopes")) }
}

/// GX-20: resources are called only in the tenant of the end-user for whom they are called (C-05). `tenants` are pairs of
/// subject and tenant; every subject with calls must be among them.
pub fn check_own_tenant(exchanges: &[Exchange], tenants: &[(String, String)]) -> Judgement {
    for call in some(resource_calls(exchanges), "the platform saw no resource call")? {
        let Some(subject) = call.facts.subject.as_deref() else { continue };
        let Some((_, own)) = tenants.iter().find(|(of, _)| of == subject) else {
            return Err(nothing(format!("the tenant of the end-user {subject} is not known")));
        };
        if call.facts.tenant.as_ref() != Some(own) {
            let other = call.facts.tenant.as_deref().unwrap_or("unknown");
            return Err(Clause("C-05").refuse(
                format!("{} reaches into another tenant than the end-user's", described(call)),
                format!("tenant {own}"),
                format!("tenant {other}"),
                [call.number],
            ));
        }
    }
    Ok(())
}

/// AC-02: no resource call on behalf of `subject` was answered with data (C-11). That none was made is as good.
pub fn check_no_data_given(exchanges: &[Exchange], subject: &str) -> Judgement {
    if subject.is_empty() {
        return Err(nothing("the platform knows no such end-user"));
    }
    let served = |call: &&Exchange| call.facts.subject.as_deref() == Some(subject) && call.status < 300;
    match resource_calls(exchanges).into_iter().find(served) {
        None => Ok(()),
        Some(call) => Err(Clause("C-11").refuse(
            "a developer account opens a medical centre's data",
            "no answer with data",
            format!("{} was answered {}", described(call), call.status),
            [call.number],
        )),
    }
}

/// GX-19, LO-05: once the access of `subject` has ended, by deactivation or removal, calls and refreshes on behalf of that end-user stop: at most `bound` more
/// (C-18, C-38). `exchanges` are those after that; refused requests without a known subject count as well.
pub fn check_calls_stop(exchanges: &[Exchange], subject: &str, bound: usize) -> Judgement {
    let asked: Vec<&Exchange> = by_arrival(exchanges)
        .into_iter()
        .filter(|exchange| match exchange.endpoint {
            Endpoint::Api | Endpoint::Userinfo => true,
            Endpoint::Token => exchange.form_value("grant_type") == Some(REFRESH_TOKEN),
            _ => false,
        })
        .filter(|exchange| exchange.facts.subject.as_deref().is_none_or(|of| of == subject))
        .collect();
    let asked = some(asked, "the application made no request after the end of access")?;
    if asked.len() <= bound {
        return Ok(());
    }
    Err(Clause("C-38").refuse(
        "the application goes on asking for an end-user whose access has ended",
        format!("at most {bound} requests after that"),
        format!("{} requests", asked.len()),
        numbers(asked),
    ))
}

/// GX-16: no more than `per_minute` requests a minute in an idle window of `window_ms` milliseconds (C-03).
pub fn check_polling_rate(exchanges: &[Exchange], window_ms: u64, per_minute: u64) -> Judgement {
    if window_ms == 0 {
        return Err(nothing("the idle window is empty"));
    }
    let calls = some(api_calls(exchanges), NO_CALL)?;
    let rate = u64::try_from(calls.len()).unwrap_or(u64::MAX).saturating_mul(60_000) / window_ms;
    if rate <= per_minute {
        return Ok(());
    }
    Err(Clause("C-03").refuse(
        "the application polls too often while nobody uses it",
        format!("at most {per_minute} requests a minute"),
        format!("{rate} requests a minute: {} in {window_ms} ms", calls.len()),
        numbers(calls),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::*;
    use super::*;

    const PATIENTS: &str = "/v2/tenants/7/patients";

    fn userinfo(number: u64) -> Exchange {
        let mut request = call(number, USERINFO, "[access-token-1]");
        request.response = Some(json!({ "sub": "ada", "name": "[personal]", "tenants": [{ "id": "7", "name": "[personal]" }] }));
        request
    }

    fn patients(number: u64) -> Exchange {
        let mut request = call(number, PATIENTS, "[access-token-1]");
        request.facts.needed_scope = Some("giponext.patients".to_owned());
        request.facts.scopes = Some(vec!["openid".to_owned(), "giponext.patients".to_owned()]);
        request
    }

    fn session() -> Vec<Exchange> {
        vec![redemption(1, 1, "[code-1]"), userinfo(2), patients(3), patients(4)]
    }

    #[test]
    fn a_sound_session_passes_every_check_and_silence_passes_none() {
        let own = [("ada".to_owned(), "7".to_owned())];
        assert_eq!(check_bearer_in_header(&session()), Ok(()));
        assert_eq!(check_userinfo_first(&session()), Ok(()));
        assert_eq!(check_no_resource_call(&session()[..2], "ada"), Ok(()));
        assert_eq!(check_calls_within_granted_scopes(&session()), Ok(()));
        assert_eq!(check_own_tenant(&session(), &own), Ok(()));
        undecided(check_bearer_in_header(&[]));
        undecided(check_userinfo_first(&session()[..1]));
        undecided(check_no_resource_call(&session()[..2], "bruno"));
        undecided(check_calls_within_granted_scopes(&session()[..2]));
        undecided(check_own_tenant(&session()[..2], &own));
        undecided(check_own_tenant(&session(), &[]));
    }

    #[test]
    fn a_token_outside_the_header_is_refused() {
        for credentials in [vec![Credential::Query], vec![Credential::Body], vec![Credential::Header, Credential::Query]] {
            let mut calls = session();
            calls[3].facts.credentials = credentials;
            assert!(found(check_bearer_in_header(&calls)).contains("presents its access token in"));
        }
    }

    #[test]
    fn a_resource_before_userinfo_or_of_an_unnamed_tenant_is_refused() {
        let unasked = [redemption(1, 1, "[code-1]"), patients(2), userinfo(3)];
        assert!(found(check_userinfo_first(&unasked)).starts_with("the first API call after a sign-in is GET /v2/tenants/7/patients"));
        let mut hard_wired = session();
        hard_wired[3] = call(4, "/v2/tenants/8/patients", "[access-token-1]");
        assert!(found(check_userinfo_first(&hard_wired)).contains("names a tenant that /v2/userinfo did not"));
        let mut numeric = session();
        numeric[1].response = Some(json!({ "tenants": [{ "id": 7 }] }));
        assert_eq!(check_userinfo_first(&numeric), Ok(()));
    }

    #[test]
    fn a_resource_call_for_a_foreign_end_user_is_refused() {
        assert!(found(check_no_resource_call(&session(), "ada")).contains("not authorised for"));
        assert_eq!(check_tenant_left_alone(&session(), "8"), Ok(()));
        assert!(found(check_tenant_left_alone(&session(), "7")).contains("not authorised for"));
    }

    #[test]
    fn data_for_somebody_without_a_tenant_is_refused() {
        assert!(found(check_no_data_given(&session(), "ada")).contains("opens a medical centre's data"));
        assert_eq!(check_no_data_given(&session(), "irene"), Ok(()));
        let turned_away: Vec<Exchange> = session().into_iter().map(|call| refused(call, 403, "insufficient_permission")).collect();
        assert_eq!(check_no_data_given(&turned_away, "ada"), Ok(()));
        undecided(check_no_data_given(&session(), ""));
    }

    #[test]
    fn a_call_without_its_scope_is_refused() {
        let mut calls = session();
        calls[3].facts.needed_scope = Some("giponext.agenda".to_owned());
        assert!(found(check_calls_within_granted_scopes(&calls)).contains("`giponext.agenda`"));
    }

    #[test]
    fn a_call_in_another_tenant_is_refused() {
        let own = [("ada".to_owned(), "8".to_owned())];
        assert!(found(check_own_tenant(&session(), &own)).contains("another tenant"));
    }

    #[test]
    fn calls_and_refreshes_after_deactivation_are_bounded() {
        let calls: Vec<Exchange> =
            (1..=4).map(|number| refused(call(number, PATIENTS, "[access-token-1]"), 401, "invalid_token")).collect();
        assert_eq!(check_calls_stop(&calls, "ada", 4), Ok(()));
        let mut unknown = calls.clone();
        unknown.iter_mut().for_each(|call| call.facts.subject = None);
        unknown.push(refused(refresh(9, "[refresh-token-1]", None), 400, "invalid_grant"));
        assert!(found(check_calls_stop(&unknown, "ada", 4)).contains("access has ended"));
        undecided(check_calls_stop(&calls, "bruno", 4));
    }

    #[test]
    fn a_polling_storm_is_refused() {
        let calls: Vec<Exchange> = (1..=10).map(patients).collect();
        assert_eq!(check_polling_rate(&calls, 60_000, 10), Ok(()));
        assert!(found(check_polling_rate(&calls, 10_000, 30)).contains("polls too often"));
        undecided(check_polling_rate(&[], 10_000, 30));
    }
}
