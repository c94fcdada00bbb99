use super::store::{Authorizations, Code, Grant, GrantId, Presented, Refresh};
use crate::accounts::UserId;
use crate::oauth::ScopeSet;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn code(now: i64) -> Code {
    Code {
        client_id: "c".to_owned(),
        redirect_uri: String::new(),
        code_challenge: None,
        nonce: None,
        scopes: ScopeSet::default(),
        subject: UserId("u".to_owned()),
        sid: String::new(),
        auth_time: now,
        expires_at: now + 60,
        grant: None,
    }
}

/// What one sign-in at `now` leaves: a used code, a short access token, a refresh token of 30 days.
fn sign_in(kept: &mut Authorizations, name: &str, now: i64) {
    let value = format!("code {name}");
    kept.add_code(value.clone(), code(now));
    let grant = kept.redeem_code(&value).expect("fresh");
    kept.add_access_token(grant, format!("token {name}"), ScopeSet::default(), now..now + HOUR);
    kept.add_refresh_token(grant, format!("refresh {name}"), now + 30 * DAY);
}

fn sizes(kept: &Authorizations) -> [usize; 4] {
    [kept.codes.len(), kept.grants.len(), kept.access_tokens.len(), kept.refresh_tokens.len()]
}

#[test]
fn the_slower_of_two_requests_with_one_code_or_refresh_token_revokes_what_the_faster_got() {
    let mut kept = Authorizations::default();
    let family = kept.add_grant(Grant::of(code(0)));
    kept.add_refresh_token(family, "r".to_owned(), 60);
    // Both found it good before either rotated it.
    assert!(kept.rotate_refresh_token("r") && !kept.grants[&family].revoked);
    assert!(!kept.rotate_refresh_token("r") && kept.grants[&family].revoked);

    kept.add_code("code".to_owned(), code(0));
    let first = kept.redeem_code("code").expect("fresh");
    assert!(!kept.grants[&first].revoked);
    assert_eq!(kept.redeem_code("code"), None);
    assert!(kept.grants[&first].revoked);
}

#[test]
fn a_replay_still_revokes_the_family_as_long_as_its_refresh_token_lives() {
    let mut kept = Authorizations::default();
    sign_in(&mut kept, "a", 0);
    kept.forget_expired(3 * DAY);
    assert_eq!(sizes(&kept), [1, 1, 0, 1], "the access token alone is of no use any more");
    assert!(matches!(kept.present_code("code a", "c", 3 * DAY), Presented::Replayed));
    assert!(matches!(kept.present_refresh_token("refresh a", "c", 3 * DAY), Refresh::Revoked));
}

#[test]
fn what_expired_is_known_for_a_day_and_then_forgotten_whole() {
    let mut kept = Authorizations::default();
    sign_in(&mut kept, "a", 0);
    kept.forget_expired(30 * DAY);
    assert!(matches!(kept.present_refresh_token("refresh a", "c", 30 * DAY), Refresh::Expired));
    kept.forget_expired(31 * DAY);
    assert_eq!(sizes(&kept), [0; 4]);
    assert_ne!(kept.add_grant(Grant::of(code(0))), GrantId::default(), "a number is not given twice");
}

#[test]
fn a_device_s_grant_outlives_the_sweep_that_its_own_first_token_starts() {
    let mut kept = Authorizations::default();
    let grant = kept.add_grant(Grant::of(code(DAY)));
    kept.add_access_token(grant, "token".to_owned(), ScopeSet::default(), DAY..DAY + HOUR);
    assert!(kept.access_grant("token").is_some());
}

#[test]
fn sign_ins_over_a_year_take_the_room_of_one_month() {
    let mut kept = Authorizations::default();
    for hour in (0..24 * 365).step_by(6) {
        sign_in(&mut kept, &hour.to_string(), hour * HOUR);
    }
    let most = 4 * 31 + 1;
    assert!(sizes(&kept).iter().all(|size| *size <= most), "{:?}", sizes(&kept));
}
