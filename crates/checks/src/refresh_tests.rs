use super::super::fixtures::*;
use super::*;

const PATIENTS: &str = "/v2/tenants/7/patients";

fn expired(number: u64, token: &str) -> Exchange {
    refused(call(number, PATIENTS, token), 401, "invalid_token")
}

fn recovered() -> Vec<Exchange> {
    vec![expired(1, "[access-token-1]"), refresh(2, "[refresh-token-1]", Some("[refresh-token-2]")), call(3, PATIENTS, "[access-token-2]")]
}

#[test]
fn one_refresh_and_one_repetition_recover_from_a_401() {
    assert_eq!(check_recovery_after_401(&recovered()), Ok(()));
    let mut second_round = recovered();
    second_round.extend([
        expired(11, "[access-token-2]"),
        refresh(12, "[refresh-token-2]", Some("[refresh-token-3]")),
        call(13, PATIENTS, "[access-token-3]"),
    ]);
    assert_eq!(check_recovery_after_401(&second_round), Ok(()));
    undecided(check_recovery_after_401(&[]));
    undecided(check_recovery_after_401(&[call(1, PATIENTS, "[access-token-1]")]));
    let mut refused_refresh = recovered();
    refused_refresh[1] = refused(refresh(2, "[refresh-token-1]", None), 400, "invalid_grant");
    undecided(check_recovery_after_401(&refused_refresh));
}

#[test]
fn a_401_without_sound_recovery_is_refused() {
    let judged = |exchanges: Vec<Exchange>| found(check_recovery_after_401(&exchanges));
    let with = |more: Vec<Exchange>| recovered().into_iter().chain(more).collect::<Vec<_>>();
    assert!(judged(recovered()[..1].to_vec()).contains("does not refresh"));
    assert!(judged(recovered()[..2].to_vec()).contains("is not repeated"));
    assert!(judged(with(vec![authorization(4, 1)])).contains("new sign-in"));
    assert!(judged(with(vec![refresh(4, "[refresh-token-2]", None)])).contains("more than once"));
    assert!(judged(with(vec![expired(4, "[access-token-1]")])).contains("token that was refused"));
    let mut hopeless = vec![recovered().remove(0), recovered().remove(1), expired(3, "[access-token-2]")];
    hopeless.extend([refresh(4, "[refresh-token-2]", Some("[refresh-token-3]")), expired(5, "[access-token-3]")]);
    assert!(judged(hopeless).contains("again and again"));
    let mut late = vec![recovered().remove(0), recovered().remove(1), expired(3, "[access-token-2]")];
    late.extend([refresh(4, "[refresh-token-2]", Some("[refresh-token-3]")), call(5, PATIENTS, "[access-token-3]")]);
    assert!(judged(late).contains("until it is answered"));
    let mut booking = recovered();
    booking.push(call(4, PATIENTS, "[access-token-2]"));
    assert_eq!(check_recovery_after_401(&booking), Ok(()), "reading twice harms nobody");
    booking.iter_mut().filter(|exchange| exchange.path == PATIENTS).for_each(|exchange| exchange.method = "POST".to_owned());
    assert!(judged(booking).contains("although it was answered"));
}

#[test]
fn the_newest_refresh_token_passes() {
    let rotations = [
        refresh(1, "[refresh-token-1]", Some("[refresh-token-2]")),
        refresh(2, "[refresh-token-2]", Some("[refresh-token-3]")),
        refresh(3, "[refresh-token-3]", None),
        refresh(4, "[refresh-token-3]", None),
    ];
    assert_eq!(check_newest_refresh_token(&rotations), Ok(()));
    undecided(check_newest_refresh_token(&rotations[..1]));
    undecided(check_newest_refresh_token(&[]));
    let mut other_grant = redemption(2, 1, "[code-1]");
    other_grant.response = Some(serde_json::json!({ "refresh_token": "[refresh-token-9]" }));
    undecided(check_newest_refresh_token(&[rotations[0].clone(), other_grant, refresh(3, "[refresh-token-9]", None)]));
}

#[test]
fn a_replaced_refresh_token_is_refused_unless_both_were_under_way() {
    let mut replayed = [refresh(1, "[refresh-token-1]", Some("[refresh-token-2]")), refresh(2, "[refresh-token-1]", None)];
    assert!(found(check_newest_refresh_token(&replayed)).contains("has been replaced"));
    replayed[1].at_ms = replayed[0].at_ms + 1;
    undecided(check_newest_refresh_token(&replayed));
    assert!(found(check_one_refresh_under_concurrency(&replayed)).contains("presents a refresh token twice"));
}

#[test]
fn a_refused_refresh_token_is_forgotten() {
    let refusal = refused(refresh(1, "[refresh-token-1]", None), 400, "invalid_grant");
    let judged = |more: Vec<Exchange>| check_forgets_refused_refresh_token(&[vec![refusal.clone()], more].concat());
    assert_eq!(judged(vec![]), Ok(()));
    assert_eq!(judged(vec![authorization(2, 1), response(3, 1, "[code-1]"), redemption(4, 1, "[code-1]")]), Ok(()));
    undecided(check_forgets_refused_refresh_token(&recovered()));
    assert!(found(judged(vec![refresh(2, "[refresh-token-1]", None)])).contains("refreshes again"));
    assert!(found(judged(vec![authorization(2, 1), authorization(3, 2)])).contains("loops"));
    let calls = |count: u64| (2..2 + count).map(|number| expired(number, "[access-token-1]")).collect::<Vec<_>>();
    assert_eq!(judged(calls(5)), Ok(()));
    assert!(found(judged(calls(6))).contains("goes on calling"));
    let renewed: Vec<Exchange> =
        [redemption(2, 1, "[code-1]")].into_iter().chain((3..20).map(|number| call(number, PATIENTS, "[access-token-2]"))).collect();
    assert_eq!(judged(renewed), Ok(()), "a new sign-in may call again");
}

#[test]
fn each_refresh_token_is_presented_once() {
    let rotated = [refresh(1, "[refresh-token-1]", Some("[refresh-token-2]")), refresh(2, "[refresh-token-2]", Some("[refresh-token-3]"))];
    assert_eq!(check_one_refresh_under_concurrency(&rotated), Ok(()));
    let after_503 = [refused(refresh(1, "[refresh-token-1]", None), 503, "temporarily_unavailable"), refresh(2, "[refresh-token-1]", None)];
    assert_eq!(check_one_refresh_under_concurrency(&after_503), Ok(()));
    let twice = [rotated[0].clone(), refused(refresh(2, "[refresh-token-1]", None), 400, "invalid_grant")];
    assert!(found(check_one_refresh_under_concurrency(&twice)).contains("twice"));
    undecided(check_one_refresh_under_concurrency(&[]));
}

#[test]
fn a_refresh_does_not_widen_its_scope() {
    let granted = |scopes: &[&str]| {
        let mut refresh = refresh(1, "[refresh-token-1]", Some("[refresh-token-2]"));
        refresh.facts.scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        refresh
    };
    let mut asking = refresh(2, "[refresh-token-2]", None);
    assert_eq!(check_refresh_keeps_scope(&[granted(&["openid"]), asking.clone()]), Ok(()));
    set(&mut asking.form, "scope", "openid giponext.patients");
    assert_eq!(check_refresh_keeps_scope(&[granted(&["openid", "giponext.patients", "email"]), asking.clone()]), Ok(()));
    assert!(found(check_refresh_keeps_scope(&[granted(&["openid"]), asking.clone()])).contains("more than was granted"));
    undecided(check_refresh_keeps_scope(&[asking]));
    undecided(check_refresh_keeps_scope(&[]));
}

#[test]
fn a_403_starts_no_loop() {
    let forbidden = |number: u64| refused(call(number, PATIENTS, "[access-token-1]"), 403, "insufficient_scope");
    let judged = |more: Vec<Exchange>| check_no_loop_after_403(&[vec![forbidden(1)], more].concat());
    assert_eq!(judged(vec![]), Ok(()));
    assert_eq!(judged(vec![refresh(2, "[refresh-token-1]", None), authorization(3, 1), forbidden(4)]), Ok(()));
    undecided(check_no_loop_after_403(&recovered()));
    assert!(found(judged(vec![forbidden(2), forbidden(3)])).contains("repeats the call"));
    assert!(found(judged(vec![refresh(2, "[refresh-token-1]", None), refresh(3, "[refresh-token-1]", None)])).contains("refreshes"));
    assert!(found(judged(vec![authorization(2, 1), authorization(3, 2)])).contains("asks for a sign-in"));
}

#[test]
fn a_disconnection_revokes_the_newest_refresh_token() {
    let revocation = |token: &str| {
        let mut request = exchange(10, Endpoint::Revocation, "POST", "/connect/revocation");
        set(&mut request.form, "token", token);
        request
    };
    let granted = refresh(1, "[refresh-token-1]", Some("[refresh-token-2]"));
    let sound = [granted.clone(), call(2, PATIENTS, "[access-token-1]"), revocation("[refresh-token-2]")];
    assert_eq!(check_revoked_at_disconnect(&sound), Ok(()));
    assert!(found(check_revoked_at_disconnect(&sound[..2])).contains("outlives"));
    assert!(found(check_revoked_at_disconnect(&[granted, revocation("[refresh-token-1]")])).contains("outlives"));
    let late = [sound.to_vec(), vec![call(11, PATIENTS, "[access-token-1]")]].concat();
    assert!(found(check_revoked_at_disconnect(&late)).contains("after the disconnection"));
    undecided(check_revoked_at_disconnect(&[]));
}

#[test]
fn one_expiry_costs_one_refresh() {
    let met = |number: u64| refused(call(number, "/v2/tenants/7/patients", "[access-token-1]"), 401, "invalid_token");
    let one = [met(1), met(2), refresh(3, "[refresh-token-1]", Some("[refresh-token-2]"))];
    assert_eq!(check_one_refresh_for_one_expiry(&one), Ok(()));
    let mut each = one.to_vec();
    each.push(refresh(4, "[refresh-token-2]", Some("[refresh-token-3]")));
    assert!(found(check_one_refresh_for_one_expiry(&each)).contains("once for each call"));
    undecided(check_one_refresh_for_one_expiry(&[met(1)]));
}

#[test]
fn a_401_that_stays_is_not_run_against() {
    let met = |number: u64| refused(call(number, "/v2/tenants/7/patients", &format!("[access-token-{number}]")), 401, "invalid_token");
    let renewed = |number: u64| refresh(number, &format!("[refresh-token-{number}]"), Some("[refresh-token-9]"));
    assert_eq!(check_bounded_after_401(&[met(1), renewed(2), met(3)]), Ok(()));
    assert!(found(check_bounded_after_401(&[met(1), renewed(2), met(3), renewed(4), met(5)])).contains("again and again"));
    assert!(found(check_bounded_after_401(&[met(1), renewed(2), renewed(3)])).contains("refreshes again"));
    undecided(check_bounded_after_401(&[renewed(1)]));
}

#[test]
fn tokens_of_a_mismatched_refresh_stay_unused() {
    let mut given = refresh(1, "[refresh-token-1]", None);
    given.faults = vec!["refresh-other-subject".to_owned()];
    let judged = |exchanges: &[Exchange]| check_mismatched_refresh_unused(exchanges, &["refresh-other-subject"]);
    assert_eq!(judged(&[given.clone(), call(2, "/v2/tenants/7/patients", "[access-token-1]")]), Ok(()));
    assert!(found(judged(&[given, call(2, "/v2/tenants/7/patients", "[access-token-of-1]")])).contains("has to refuse"));
    undecided(judged(&[refresh(1, "[refresh-token-1]", None)]));
}

#[test]
fn a_token_without_lifetime_is_used_until_it_is_refused() {
    let calls = [call(1, "/v2/tenants/7/patients", "[access-token-1]"), call(3, "/v2/tenants/7/patients", "[access-token-1]")];
    assert_eq!(check_no_refresh_without_cause(&calls), Ok(()));
    let mut storm = calls.to_vec();
    storm.extend([refresh(2, "[refresh-token-1]", None), refresh(4, "[refresh-token-1]", None)]);
    assert!(found(check_no_refresh_without_cause(&storm)).contains("no call was refused"));
    undecided(check_no_refresh_without_cause(&[]));
}

#[test]
fn pages_that_wait_for_each_other_are_refreshed_for_together() {
    let mut exchanges = recovered();
    exchanges.push(call(4, PATIENTS, "[access-token-2]"));
    let answered = answered_at_ms(&exchanges[1]);
    for (place, exchange) in exchanges[2..].iter_mut().enumerate() {
        exchange.at_ms = answered + 1 + u64::try_from(place).expect("a place");
    }
    assert!(refreshed_once_for(&exchanges, &[0, answered]));
    assert!(!refreshed_once_for(&exchanges, &[0, answered + 1]), "one page was asked for when all was over");
    assert!(!refreshed_once_for(&exchanges[..3], &[0, answered]), "one page made no call");
    let twice: Vec<Exchange> = exchanges.iter().cloned().chain([refresh(9, "[refresh-token-2]", Some("[refresh-token-3]"))]).collect();
    assert!(!refreshed_once_for(&twice, &[0, answered]), "each made its own");
}
