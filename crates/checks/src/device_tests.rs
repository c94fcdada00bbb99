use serde_json::json;

use super::*;
use crate::fixtures::{exchange, found, refused, set, token, undecided};

fn given(number: u64, at_ms: u64, interval: Option<u64>) -> Exchange {
    let mut given = exchange(number, Endpoint::DeviceAuthorization, "POST", "/connect/deviceauthorization");
    given.at_ms = at_ms;
    let mut answer = json!({ "device_code": format!("[device-code-{number}]"), "user_code": "[user-code-1]", "expires_in": 60 });
    if let Some(interval) = interval {
        answer["interval"] = interval.into();
    }
    given.response = Some(answer);
    given
}

fn poll(number: u64, of: u64, at_ms: u64, error: &str) -> Exchange {
    let mut poll = token(number, DEVICE_CODE);
    poll.at_ms = at_ms;
    set(&mut poll.form, "device_code", &format!("[device-code-{of}]"));
    match error {
        "" => poll,
        "timeout" => Exchange { status: Exchange::UNANSWERED, duration_ms: 10_000, ..poll },
        error => refused(poll, 400, error),
    }
}

/// A device that was given its code at 0 ms, and polls as told.
fn device(interval: Option<u64>, polls: &[(u64, &str)]) -> Vec<Exchange> {
    let polls = polls.iter().zip(2..).map(|((at_ms, error), number)| poll(number, 1, *at_ms, error));
    std::iter::once(given(1, 0, interval)).chain(polls).collect()
}

const PENDING: &str = "authorization_pending";

#[test]
fn the_interval_is_kept_from_poll_to_poll() {
    for (interval, gap) in [(Some(2), 2000), (Some(2), 1950), (Some(2), 30_000), (None, 5000), (Some(8), 8001)] {
        assert_eq!(check_polling_interval(&device(interval, &[(1, PENDING), (gap + 1, PENDING), (2 * gap + 1, "")])), Ok(()));
    }
    for (interval, gap) in [(Some(2), 1800), (None, 4000), (None, 2000), (Some(5), 2000)] {
        let judged = check_polling_interval(&device(interval, &[(1, PENDING), (gap + 1, PENDING)]));
        assert_eq!(found(judged), "the program polls more often than the platform asks");
    }
    let mut slow = device(Some(2), &[(0, PENDING), (2000, PENDING)]);
    slow[1].duration_ms = 3000;
    assert_eq!(found(check_polling_interval(&slow)), "the program polls again before its last poll was answered");
    undecided(check_polling_interval(&device(Some(2), &[(0, "")])));
    undecided(check_polling_interval(&[]));
}

#[test]
fn each_code_has_polls_of_its_own() {
    let mut two = device(Some(2), &[(0, PENDING), (2000, "expired_token")]);
    two.extend([given(4, 2100, Some(2)), poll(5, 4, 2200, PENDING), poll(6, 4, 4200, "")]);
    assert_eq!(check_polling_interval(&two), Ok(()));
}

#[test]
fn polling_ends_with_the_code() {
    let polls = [(0, PENDING), (30_000, PENDING), (62_500, PENDING)];
    assert_eq!(check_polling_ends_with_the_code(&device(Some(2), &polls), 70_000), Ok(()));
    undecided(check_polling_ends_with_the_code(&device(Some(2), &polls), 63_000));
    undecided(check_polling_ends_with_the_code(&device(Some(2), &[]), 70_000));
    let late = device(Some(2), &[(0, PENDING), (64_000, PENDING)]);
    assert_eq!(found(check_polling_ends_with_the_code(&late, 64_100)), "the program polls on when its device code has expired");
}

#[test]
fn every_slow_down_counts_and_stays() {
    for polls in [
        [(0, "slow_down"), (7000, "slow_down"), (19_000, "")],
        [(0, "slow_down"), (7000, PENDING), (14_000, "")],
        [(0, PENDING), (2000, "slow_down"), (9000, "")],
    ] {
        assert_eq!(check_slow_down(&device(Some(2), &polls)), Ok(()), "{polls:?}");
    }
    for polls in [
        [(0, "slow_down"), (2000, PENDING), (4000, "")],
        [(0, "slow_down"), (7000, PENDING), (9000, "")],
        [(0, "slow_down"), (7000, "slow_down"), (14_000, "")],
    ] {
        let judged = check_slow_down(&device(Some(2), &polls));
        assert_eq!(found(judged), "the program does not slow down when the platform asks for it", "{polls:?}");
    }
    undecided(check_slow_down(&device(Some(2), &[(0, PENDING), (2000, "slow_down")])));
}

#[test]
fn a_timeout_makes_polls_rarer() {
    assert_eq!(check_back_off_after_timeout(&device(Some(2), &[(0, "timeout"), (14_000, "")])), Ok(()));
    let same = check_back_off_after_timeout(&device(Some(2), &[(0, "timeout"), (12_100, "")]));
    assert_eq!(found(same), "the program polls as often as before after a poll that timed out");
    undecided(check_back_off_after_timeout(&device(Some(2), &[(0, PENDING), (2000, "")])));
    undecided(check_back_off_after_timeout(&device(Some(2), &[(0, "timeout")])));
}

#[test]
fn what_is_refused_for_good_is_over() {
    for error in ["access_denied", "expired_token", "invalid_grant"] {
        let ended = device(Some(2), &[(0, PENDING), (2000, error)]);
        assert_eq!(check_refusal_is_final(&ended, 1), Ok(()));
        let on = device(Some(2), &[(0, error), (2000, error)]);
        assert_eq!(found(check_refusal_is_final(&on, 1)), "the program polls on after the platform has refused its device code for good");
        let mut restarted = ended;
        restarted.push(given(9, 3000, Some(2)));
        assert_eq!(found(check_refusal_is_final(&restarted, 1)), "the program asks for a new device code by itself");
        assert_eq!(check_refusal_is_final(&restarted, 2), Ok(()));
    }
    undecided(check_refusal_is_final(&device(Some(2), &[(0, PENDING), (2000, "")]), 1));
}

#[test]
fn code_and_address_are_shown_apart_from_a_link() {
    let shown = |output: &str| check_code_and_address_shown(output, "WDJB-MJHT", "http://localhost:1/device");
    for good in [
        "Open http://localhost:1/device and type WDJB-MJHT",
        "localhost:1/device\ncode: wdjb mjht",
        "http://localhost:1/device?user_code=WDJB-MJHT or http://localhost:1/device, WDJBMJHT",
    ] {
        assert_eq!(shown(good), Ok(()), "{good}");
    }
    for bad in ["", "http://localhost:1/device?user_code=WDJB-MJHT", "WDJB-MJHT", "http://localhost:1/device"] {
        assert_eq!(found(shown(bad)), "the program does not show what the end-user has to type, and where", "{bad}");
    }
    assert!(shows_code("code=wdjb%20MJHT".replace("%20", " ").as_str(), "WDJB-MJHT") && !shows_code("WDJB", "WDJB-MJHT"));
}
