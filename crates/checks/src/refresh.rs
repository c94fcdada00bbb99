use std::collections::{HashMap, HashSet};

use super::judgement::{Clause, nothing, some};
use super::reading::{
    REFRESH_TOKEN, answer_text, answered_at_ms, api_calls, bearer, by_arrival, described, numbers, same_call, token_requests,
    token_requests_with,
};
use super::{Judgement, SignIn, sign_ins};
use crate::domain::{Endpoint, Exchange};
use crate::oauth::ScopeSet;

/// GX-06, RS-03: after a 401 the application refreshes once and repeats the call once with the new token, without another
/// sign-in (C-36, RFC 6750 section 3.1). Each expired token allows one refresh, so that several calls may meet the same expiry.
pub fn check_recovery_after_401(exchanges: &[Exchange]) -> Judgement {
    let calls = api_calls(exchanges);
    let refused: Vec<&Exchange> = calls.iter().copied().filter(|call| call.status == 401 && bearer(call).is_some()).collect();
    let refused = some(refused, "no API call was answered 401")?;
    let first = refused[0];
    let clause = Clause("C-36");
    if let Some(sign_in) = sign_ins(exchanges).into_iter().find(|sign_in| sign_in.number() > first.number) {
        let actual = "another authorization request";
        let shown = [first.number, sign_in.number()];
        return Err(clause.refuse("the application asks for a new sign-in when the access token has expired", "a refresh", actual, shown));
    }
    let refreshes: Vec<&Exchange> = refreshes(exchanges).into_iter().filter(|refresh| refresh.number > first.number).collect();
    let expired: HashSet<&str> = refused.iter().filter_map(|call| bearer(call)).collect();
    match refreshes.first() {
        None => {
            let summary = format!("the application does not refresh after {} was answered 401", described(first));
            return Err(clause.refuse(summary, "one refresh", "none", [first.number]));
        }
        Some(refresh) if refresh.status != 200 => {
            return Err(nothing(format!("the platform refused the refresh with {}", refresh.status)));
        }
        Some(_) if refreshes.len() > expired.len() => {
            let actual = format!("{} refreshes for {} expired access tokens", refreshes.len(), expired.len());
            return Err(clause.refuse("the application refreshes more than once after a 401", "one refresh", actual, numbers(refreshes)));
        }
        Some(_) => {}
    }
    refused.iter().try_for_each(|call| check_repeated_once(call, &calls))
}

fn check_repeated_once(refused: &Exchange, calls: &[&Exchange]) -> Judgement {
    let clause = Clause("C-36");
    let later = || calls.iter().copied().filter(|call| call.number > refused.number && same_call(call, refused));
    if let Some(again) = later().find(|call| bearer(call) == bearer(refused) && call.at_ms >= answered_at_ms(refused)) {
        let summary = format!("{} is repeated with the access token that was refused", described(refused));
        return Err(clause.refuse(summary, "a refresh before the call is repeated", "the same token", [refused.number, again.number]));
    }
    let repeated: Vec<&Exchange> = later().filter(|call| bearer(call) != bearer(refused)).collect();
    let answered = repeated.iter().position(|call| call.status != 401);
    let wrong = match (repeated.len(), answered) {
        (0, _) => Some("is not repeated after the refresh"),
        (2.., None) => Some("is repeated again and again although it is answered 401"),
        (2.., Some(1..)) => Some("is repeated more than once until it is answered"),
        // To read twice harms nobody; to write twice does.
        (2.., _) if refused.method != "GET" => Some("is repeated although it was answered"),
        _ => None,
    };
    wrong.map_or(Ok(()), |what| {
        let actual = format!("{} repetitions", repeated.len());
        let shown = [refused.number].into_iter().chain(numbers(repeated.iter().copied()));
        Err(clause.refuse(format!("{} {what}", described(refused)), "one repetition with the new token", actual, shown))
    })
}

fn refreshes(exchanges: &[Exchange]) -> Vec<&Exchange> {
    token_requests_with(exchanges, REFRESH_TOKEN)
}

/// Whether it is a token request that presents a refresh token (RFC 6749 section 6).
pub fn is_refresh(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::Token && exchange.form_value("grant_type") == Some(REFRESH_TOKEN)
}

fn used_token(refresh: &Exchange) -> &str {
    refresh.form_value("refresh_token").unwrap_or_default()
}

/// The refresh token of an answer. An empty text is none.
fn given_refresh_token(answer: &Exchange) -> Option<&str> {
    answer_text(answer, "refresh_token").filter(|given| !given.is_empty())
}

/// RT-02: after a rotation only the newest refresh token is used; where an answer gives none, the old one stays in use
/// (RFC 6749 section 6). Needs two refreshes of one grant, one after the other.
pub fn check_newest_refresh_token(exchanges: &[Exchange]) -> Judgement {
    // Of each replaced token: the refresh that replaced it, and its successor.
    let mut replaced: HashMap<&str, (&Exchange, &str)> = HashMap::new();
    let mut answered: HashSet<&str> = HashSet::new();
    let mut judged = false;
    for request in token_requests(exchanges) {
        let is_refresh = request.form_value("grant_type") == Some(REFRESH_TOKEN);
        let used = used_token(request);
        if is_refresh {
            if let Some((by, successor)) = replaced.get(used).filter(|(by, _)| request.at_ms >= answered_at_ms(by)) {
                return Err(Clause("RFC 6749 section 6").refuse(
                    "the application uses a refresh token that has been replaced",
                    format!("the newest refresh token {successor}"),
                    used,
                    [by.number, request.number],
                ));
            }
            judged |= answered.contains(used);
        }
        if is_refresh && request.status == 200 {
            let newest = given_refresh_token(request).unwrap_or(used);
            if newest != used {
                replaced.insert(used, (request, newest));
            }
            answered.insert(newest);
        }
    }
    if judged { Ok(()) } else { Err(nothing("no refresh token was used after an earlier refresh")) }
}

/// RT-03: when a refresh is answered `invalid_grant`, that refresh token is forgotten: no refresh with it again, at most one
/// new authorization request without the user, and no storm of API calls (RFC 6749 section 5.2, C-37).
pub fn check_forgets_refused_refresh_token(exchanges: &[Exchange]) -> Judgement {
    let refreshes = refreshes(exchanges);
    let Some(refused) = refreshes.iter().find(|refresh| answer_text(refresh, "error") == Some("invalid_grant")) else {
        return Err(nothing("no refresh was answered invalid_grant"));
    };
    let later = |exchange: &Exchange| exchange.number > refused.number && exchange.at_ms >= answered_at_ms(refused);
    let clause = Clause("RFC 6749 section 5.2");
    let again: Vec<&Exchange> =
        refreshes.iter().copied().filter(|refresh| later(refresh) && used_token(refresh) == used_token(refused)).collect();
    if !again.is_empty() {
        let actual = format!("{} more refreshes with it", again.len());
        let shown = [refused.number].into_iter().chain(numbers(again));
        return Err(clause.refuse("the application refreshes again with a refused refresh token", "none", actual, shown));
    }
    let logins: Vec<SignIn<'_>> = sign_ins(exchanges).into_iter().filter(|sign_in| later(sign_in.request)).collect();
    if logins.len() > 1 {
        let actual = format!("{} authorization requests", logins.len());
        let shown = logins.iter().map(SignIn::number);
        return Err(clause.refuse("the application loops through sign-ins after a refused refresh", "at most one", actual, shown));
    }
    let renewed = token_requests(exchanges).into_iter().find(|request| later(request) && request.status == 200);
    let storm: Vec<&Exchange> =
        api_calls(exchanges).into_iter().filter(|call| later(call) && renewed.is_none_or(|renewed| call.number < renewed.number)).collect();
    if storm.len() > MOST_CALLS_AFTER_REFUSAL {
        let (expected, actual) = (format!("at most {MOST_CALLS_AFTER_REFUSAL} calls"), format!("{} calls", storm.len()));
        return Err(clause.refuse("the application goes on calling the API after a refused refresh", expected, actual, numbers(storm)));
    }
    Ok(())
}

/// Calls that may be under way or start before the application has noticed: those of one page.
const MOST_CALLS_AFTER_REFUSAL: usize = 5;

/// RT-04: no refresh token is presented twice, however many calls meet its expiry at once (RFC 9700 section 4.14.2). A refresh
/// that the platform answered with a server error may be tried again.
pub fn check_one_refresh_under_concurrency(exchanges: &[Exchange]) -> Judgement {
    let mut tried: HashMap<&str, &Exchange> = HashMap::new();
    for refresh in some(refreshes(exchanges), "the platform saw no refresh")? {
        if let Some(earlier) = tried.get(used_token(refresh)) {
            return Err(Clause("RFC 9700 section 4.14.2").refuse(
                "the application presents a refresh token twice",
                "one refresh with each refresh token",
                format!("{} twice, {} ms apart", used_token(refresh), refresh.at_ms.saturating_sub(earlier.at_ms)),
                [earlier.number, refresh.number],
            ));
        }
        // Without rotation the same token is rightly used again.
        let stays = refresh.status == 200 && given_refresh_token(refresh).is_none_or(|given| given == used_token(refresh));
        if refresh.status < 500 && refresh.status != 429 && !stays {
            tried.insert(used_token(refresh), refresh);
        }
    }
    Ok(())
}

/// RT-04: calls that meet one expired token together cost one refresh, not one each (RFC 9700 section 4.14.2).
pub fn check_one_refresh_for_one_expiry(exchanges: &[Exchange]) -> Judgement {
    let expired: HashSet<&str> = api_calls(exchanges).into_iter().filter(|call| call.status == 401).filter_map(bearer).collect();
    let done: Vec<&Exchange> = refreshes(exchanges).into_iter().filter(|refresh| refresh.status == 200).collect();
    if expired.is_empty() || done.is_empty() {
        return Err(nothing("no expired access token was met and refreshed"));
    }
    if done.len() <= expired.len() {
        return Ok(());
    }
    Err(Clause("RFC 9700 section 4.14.2").refuse(
        "the application refreshes once for each call that met the expired token",
        format!("{} refresh for {} expired access token", expired.len(), expired.len()),
        format!("{} refreshes", done.len()),
        numbers(done),
    ))
}

/// RS-03, GX-06: a 401 that stays costs each call one repetition with one new token, and one refresh, at most (RFC 6750 section 3.1,
/// C-36). A page may ask for the same thing in several places.
pub fn check_bounded_after_401(exchanges: &[Exchange]) -> Judgement {
    let refused: Vec<&Exchange> = api_calls(exchanges).into_iter().filter(|call| call.status == 401).collect();
    let refused = some(refused, "no API call was answered 401")?;
    let mut calls: Vec<Vec<&Exchange>> = Vec::new();
    for call in &refused {
        match calls.iter_mut().find(|same| same_call(same[0], call)) {
            Some(same) => same.push(call),
            None => calls.push(vec![call]),
        }
    }
    let clause = Clause("C-36");
    let tokens = |same: &[&Exchange]| same.iter().filter_map(|call| bearer(call)).collect::<HashSet<_>>().len();
    let is_loop = |same: &&Vec<&Exchange>| tokens(same) > 2 || same.len() > MOST_REPEATED;
    if let Some(again) = calls.iter().find(is_loop) {
        let actual = format!("{} attempts, each answered 401", again.len());
        let summary = format!("{} is repeated again and again although it is answered 401", described(again[0]));
        return Err(clause.refuse(summary, "one refresh, and one repetition", actual, numbers(again.iter().copied())));
    }
    let refreshed: Vec<&Exchange> = refreshes(exchanges).into_iter().filter(|refresh| refresh.number > refused[0].number).collect();
    if refreshed.len() > calls.len() {
        let actual = format!("{} refreshes for {} calls", refreshed.len(), calls.len());
        let summary = "the application refreshes again and again while calls are answered 401";
        return Err(clause.refuse(summary, "one refresh for a call", actual, numbers(refreshed)));
    }
    Ok(())
}

/// As often as any page asks for one thing, with the token that was refused and with the new one.
const MOST_REPEATED: usize = 8;

/// RT-06: tokens that came with an ID token that is to be refused are not used (OpenID Connect Core section 12.2). `mismatched` names
/// the faults that give such a token.
pub fn check_mismatched_refresh_unused(exchanges: &[Exchange], mismatched: &[&str]) -> Judgement {
    let given = refreshes(exchanges).into_iter().filter(|refresh| refresh.faults.iter().any(|fault| mismatched.contains(&fault.as_str())));
    for refresh in some(given.collect(), "no refresh gave an ID token that is to be refused")? {
        let Some(token) = answer_text(refresh, "access_token") else { continue };
        if let Some(call) = api_calls(exchanges).into_iter().find(|call| bearer(call) == Some(token)) {
            return Err(Clause("OpenID Connect Core 1.0 section 12.2").refuse(
                "the application uses tokens that came with an ID token that it has to refuse",
                "iss, sub, aud and signature of the new ID token checked, and the answer refused",
                described(call),
                [refresh.number, call.number],
            ));
        }
    }
    Ok(())
}

/// TK-07: an access token is not refreshed before anything has refused it (RFC 6749 section 5.1).
pub fn check_no_refresh_without_cause(exchanges: &[Exchange]) -> Judgement {
    if api_calls(exchanges).is_empty() {
        return Err(nothing("the platform saw no API call"));
    }
    let refreshed = refreshes(exchanges);
    if refreshed.len() <= 1 || api_calls(exchanges).iter().any(|call| call.status == 401) {
        return Ok(());
    }
    Err(Clause("RFC 6749 section 5.1").refuse(
        "the application refreshes again and again although no call was refused",
        "the access token used until a call is answered 401",
        format!("{} refreshes", refreshed.len()),
        numbers(refreshed),
    ))
}

/// How many API calls were refused 401 before the first refresh was answered, and of how many resources: those that met one expired token
/// together.
pub fn refused_before_refreshed(exchanges: &[Exchange]) -> (usize, usize) {
    let answered = refreshes(exchanges).first().map_or(u64::MAX, |refresh| answered_at_ms(refresh));
    let refused: Vec<&Exchange> = api_calls(exchanges).into_iter().filter(|call| call.status == 401 && call.at_ms <= answered).collect();
    (refused.len(), refused.iter().map(|call| call.path.as_str()).collect::<HashSet<_>>().len())
}

/// Whether so many pages, asked for at these moments, were all under way while one refresh was made for them, and each made a call of its
/// own with what came of it: an application that serves one request of a session after the other lets no two calls meet the expired token.
pub fn refreshed_once_for(exchanges: &[Exchange], asked_at_ms: &[u64]) -> bool {
    let [refresh] = refreshes(exchanges)[..] else { return false };
    let answered = answered_at_ms(refresh);
    let served = api_calls(exchanges).into_iter().filter(|call| call.status == 200 && call.at_ms >= answered).count();
    refresh.status == 200 && asked_at_ms.iter().all(|asked| *asked <= answered) && served >= asked_at_ms.len()
}

/// RT-06: a refresh asks for no scope beyond those of its grant (RFC 6749 section 6). Refreshes without `scope` ask for the
/// same again.
pub fn check_refresh_keeps_scope(exchanges: &[Exchange]) -> Judgement {
    let requests = token_requests(exchanges);
    for refresh in some(refreshes(exchanges), "the platform saw no refresh")? {
        let Some(asked) = refresh.form_value("scope").map(ScopeSet::parse) else { continue };
        let granted = requests.iter().rev().find(|earlier| {
            earlier.number < refresh.number && earlier.status == 200 && answer_text(earlier, "refresh_token") == Some(used_token(refresh))
        });
        let Some(granted) = granted.and_then(|earlier| earlier.facts.scopes.as_ref()) else {
            return Err(nothing(format!("the grant of {} was not seen", used_token(refresh))));
        };
        let granted: ScopeSet = granted.iter().cloned().collect();
        if !asked.is_subset(&granted) {
            return Err(Clause("RFC 6749 section 6").refuse(
                "a refresh asks for more than was granted",
                format!("no more than `{granted}`"),
                format!("`{asked}`"),
                [refresh.number],
            ));
        }
    }
    Ok(())
}

/// RS-04, GX-07: a 403 starts no loop: at most one refresh, one authorization request and one repetition of the call follow
/// (RFC 6750 section 3.1, C-53).
pub fn check_no_loop_after_403(exchanges: &[Exchange]) -> Judgement {
    let calls = api_calls(exchanges);
    let Some(refused) = calls.iter().find(|call| call.status == 403) else {
        return Err(nothing("no API call was answered 403"));
    };
    let after = |number: u64| number > refused.number;
    let again: Vec<u64> = calls.iter().filter(|call| after(call.number) && same_call(call, refused)).map(|call| call.number).collect();
    let refreshed: Vec<u64> = refreshes(exchanges).iter().map(|refresh| refresh.number).filter(|number| after(*number)).collect();
    let asked: Vec<u64> = sign_ins(exchanges).iter().map(SignIn::number).filter(|number| after(*number)).collect();
    for (what, seen) in [("repeats the call", again), ("refreshes", refreshed), ("asks for a sign-in", asked)] {
        if seen.len() > 1 {
            let (summary, actual) = (format!("the application {what} again and again after a 403"), format!("{} times", seen.len()));
            return Err(Clause("RFC 6750 section 3.1").refuse(summary, "at most once", actual, seen));
        }
    }
    Ok(())
}

/// LO-01: at the disconnection the newest refresh token is revoked and the API is called no more (RFC 7009 section 2).
pub fn check_revoked_at_disconnect(exchanges: &[Exchange]) -> Judgement {
    let newest = token_requests(exchanges).into_iter().rev().find_map(|request| answer_text(request, "refresh_token"));
    let Some(newest) = newest else { return Err(nothing("the application was given no refresh token")) };
    let clause = Clause("RFC 7009 section 2");
    let mut revocations = by_arrival(exchanges).into_iter().filter(|exchange| exchange.endpoint == Endpoint::Revocation);
    let Some(revocation) = revocations.find(|request| request.form_value("token") == Some(newest)) else {
        return Err(clause.refuse("the refresh token outlives the disconnection", format!("a revocation of {newest}"), "none", []));
    };
    match api_calls(exchanges).into_iter().find(|call| call.number > revocation.number) {
        None => Ok(()),
        Some(call) => {
            let summary = format!("{} comes after the disconnection", described(call));
            Err(clause.refuse(summary, "no API call", described(call), [revocation.number, call.number]))
        }
    }
}

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod tests;
