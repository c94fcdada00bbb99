use super::super::fixtures::*;
use super::*;

const PATH: &str = "/v2/tenants/7/patients";

fn at(mut exchange: Exchange, at_ms: u64) -> Exchange {
    exchange.at_ms = at_ms;
    exchange.duration_ms = 0;
    exchange
}

fn answered(number: u64, at_ms: u64, status: u16, retry_after: Option<&str>) -> Exchange {
    let mut request = at(refused(call(number, PATH, "[access-token-1]"), status, "rate_limit_exceeded"), at_ms);
    if let Some(value) = retry_after {
        set(&mut request.response_headers, "retry-after", value);
    }
    request
}

#[test]
fn a_wait_of_retry_after_passes_and_a_shorter_one_is_refused() {
    let after = |gap: u64| [answered(1, 1000, 429, Some("2")), answered(2, 1000 + gap, 200, None)];
    assert_eq!(check_retry_after(&after(2000)), Ok(()));
    assert_eq!(check_retry_after(&after(1995)), Ok(()), "within the clock's tolerance");
    assert!(found(check_retry_after(&after(1900))).contains("before its Retry-After"));
    undecided(check_retry_after(&[]));
    undecided(check_retry_after(&after(2000)[..1]));
    undecided(check_retry_after(&[answered(1, 0, 429, None), answered(2, 5, 200, None)]));
}

#[test]
fn another_request_and_one_under_way_do_not_count() {
    let other = at(call(2, "/v2/tenants/7/agendas", "[access-token-1]"), 1001);
    undecided(check_retry_after(&[answered(1, 1000, 429, Some("2")), other]));
    let mut slow = answered(1, 1000, 429, Some("2"));
    slow.duration_ms = 50;
    undecided(check_retry_after(&[slow, answered(2, 1020, 429, Some("2"))]));
}

#[test]
fn the_token_endpoint_is_limited_too() {
    let mut limited = at(refused(refresh(1, "[refresh-token-1]", None), 429, "rate_limit_exceeded"), 0);
    set(&mut limited.response_headers, "retry-after", "1");
    let again = |gap| at(refresh(2, "[refresh-token-1]", None), gap);
    assert_eq!(check_retry_after(&[limited.clone(), again(1000)]), Ok(()));
    found(check_retry_after(&[limited, again(100)]));
}

#[test]
fn a_retry_after_date_is_read_against_the_date_of_the_answer() {
    let mut first = answered(1, 0, 503, Some("Tue, 24 Nov 2026 05:00:04 GMT"));
    set(&mut first.response_headers, "date", "Tue, 24 Nov 2026 05:00:00 GMT");
    assert_eq!(check_retry_after_unavailable(&[first.clone(), answered(2, 3000, 200, None)]), Ok(()));
    assert!(found(check_retry_after_unavailable(&[first, answered(2, 2900, 200, None)])).contains("before its Retry-After"));
    undecided(check_retry_after(&[answered(1, 0, 503, Some("4")), answered(2, 100, 200, None)]));
}

#[test]
fn attempts_in_a_row_are_bounded() {
    let run = |count: u64| (1..=count).map(|number| answered(number, number * 1000, 429, Some("1"))).collect::<Vec<_>>();
    assert_eq!(check_attempts_bounded(&run(5), 5), Ok(()));
    assert!(found(check_attempts_bounded(&run(6), 5)).contains("without end"));
    let mut broken = run(6);
    broken[3].status = 200;
    assert_eq!(check_attempts_bounded(&broken, 3), Ok(()), "an answer ends the run");
    undecided(check_attempts_bounded(&[call(1, PATH, "[access-token-1]")], 5));
}

#[test]
fn waits_must_vary_over_five_samples() {
    let series = |waits: [u64; 5]| {
        let mut now = 0;
        let mut exchanges = vec![answered(1, 0, 429, Some("1"))];
        for (number, wait) in (2..).zip(waits) {
            now += wait;
            exchanges.push(answered(number, now, if number == 6 { 200 } else { 429 }, Some("1")));
        }
        exchanges
    };
    assert_eq!(check_wait_varies(&series([1003, 1140, 1260, 1050, 1002])), Ok(()));
    assert!(found(check_wait_varies(&series([1003, 1005, 1002, 1004, 1003]))).contains("equally long"));
    undecided(check_wait_varies(&series([1003, 1005, 1002, 1004, 1003])[..5]));
    undecided(check_wait_varies(&[]));
}

#[test]
fn waits_after_server_errors_must_grow() {
    let series =
        |first: u64, second: u64| [answered(1, 0, 503, None), answered(2, first, 500, None), answered(3, first + second, 200, None)];
    assert_eq!(check_waits_grow(&series(200, 420)), Ok(()));
    let told = [answered(1, 0, 503, Some("1")), answered(2, 1010, 503, Some("1")), answered(3, 2015, 200, None)];
    undecided(check_waits_grow(&told));
    assert!(found(check_waits_grow(&series(200, 200))).contains("without longer waits"));
    undecided(check_waits_grow(&series(200, 400)[..2]));
}

#[test]
fn a_final_answer_is_not_asked_for_again() {
    let gone = [answered(1, 0, 404, None), at(call(2, "/v2/tenants/7/agendas", "[access-token-1]"), 10)];
    assert_eq!(check_not_repeated(&gone, &[404]), Ok(()));
    assert!(found(check_not_repeated(&[answered(1, 0, 422, None), answered(2, 10, 422, None)], &[422])).contains("answered 422"));
    undecided(check_not_repeated(&gone, &[422]));
}

#[test]
fn a_conflict_is_read_before_it_is_written_again() {
    let put = |number: u64, status: u16| {
        let mut request = answered(number, number * 10, status, None);
        request.method = "PUT".to_owned();
        request
    };
    let read = at(call(2, PATH, "[access-token-1]"), 20);
    assert_eq!(check_reread_after_conflict(&[put(1, 409), read.clone(), put(3, 200)]), Ok(()));
    assert_eq!(check_reread_after_conflict(&[put(1, 409), read]), Ok(()));
    assert!(found(check_reread_after_conflict(&[put(1, 409), put(3, 200)])).contains("without being read"));
    assert_eq!(check_reread_after_conflict(&[put(1, 409)]), Ok(()), "the end-user decides");
    undecided(check_reread_after_conflict(&[put(1, 200)]));
}

#[test]
fn a_booking_is_sent_once() {
    let post = |number: u64, status: u16, start: &str| {
        let mut request = answered(number, number * 10, status, None);
        request.method = "POST".to_owned();
        request.body = Some(serde_json::json!({ "start": start }));
        request
    };
    assert_eq!(check_written_once(&[post(1, 201, "09:00"), post(2, 201, "10:00")]), Ok(()));
    assert_eq!(check_written_once(&[post(1, 401, "09:00"), post(2, 201, "09:00")]), Ok(()));
    assert!(found(check_written_once(&[post(1, 500, "09:00"), post(2, 201, "09:00")])).contains("is sent twice"));
    undecided(check_written_once(&[call(1, PATH, "[access-token-1]")]));
}

#[test]
fn a_write_that_was_carried_out_is_not_sent_again() {
    let put = |number: u64, status: u16, version: u64| {
        let mut request = answered(number, number * 10, status, None);
        request.method = "PUT".to_owned();
        request.body = Some(serde_json::json!({ "version": version }));
        request
    };
    assert_eq!(check_no_write_twice(&[put(1, 401, 4), put(2, 200, 4)]), Ok(()));
    assert_eq!(check_no_write_twice(&[put(1, 200, 4), put(2, 200, 5)]), Ok(()));
    assert!(found(check_no_write_twice(&[put(1, 429, 4), put(2, 200, 4), put(3, 409, 4)])).contains("sent again although"));
    undecided(check_no_write_twice(&[put(1, 401, 4), call(2, PATH, "[access-token-1]")]));
}

#[test]
fn without_retry_after_a_pause_is_asked_for_all_the_same() {
    let after = |gap: u64| [answered(1, 1000, 429, None), answered(2, 1000 + gap, 200, None)];
    assert_eq!(check_pause_without_retry_after(&after(400)), Ok(()));
    assert!(found(check_pause_without_retry_after(&after(5))).contains("repeated at once"));
    undecided(check_pause_without_retry_after(&[answered(1, 0, 429, Some("1")), answered(2, 5, 200, None)]));
}

#[test]
fn a_write_after_a_conflict_rests_on_what_was_read() {
    let put = |number: u64, status: u16, version: u64| {
        let mut request = answered(number, number * 10, status, None);
        request.method = "PUT".to_owned();
        request.body = Some(serde_json::json!({ "version": version }));
        request
    };
    let mut read = at(call(2, PATH, "[access-token-1]"), 20);
    read.response = Some(serde_json::json!({ "version": 5 }));
    assert_eq!(check_reread_after_conflict(&[put(1, 409, 4), read.clone(), put(3, 200, 5)]), Ok(()));
    assert!(found(check_reread_after_conflict(&[put(1, 409, 4), read, put(3, 409, 4)])).contains("as it was read before"));
}

#[test]
fn a_booking_may_be_sent_again_by_whoever_looked_and_did_not_find_it() {
    let post = |number: u64, status: u16| {
        let mut request = answered(number, number * 10, status, None);
        request.method = "POST".to_owned();
        request
    };
    let look = at(call(2, PATH, "[access-token-1]"), 20);
    assert_eq!(check_written_once(&[post(1, 503), look.clone(), post(3, 201)]), Ok(()));
    found(check_written_once(&[post(1, 503), post(3, 201)]));
    found(check_written_once(&[post(1, 201), look.clone(), post(3, 201)]));
    let mut lost = post(1, 504);
    lost.faults = vec![ANSWER_LOST.to_owned()];
    found(check_written_once(&[lost, look, post(3, 201)]));
}

#[test]
fn a_refused_request_may_come_again_as_it_was_told_or_after_twice_the_pause_before() {
    let in_ms = |exchanges: &[Exchange], now_ms| may_be_repeated_in(exchanges, now_ms).map(|wait| wait.as_millis());
    let told = answered(1, 1000, 429, Some("3"));
    let answered_at = answered_at_ms(&told);
    assert_eq!(in_ms(std::slice::from_ref(&told), answered_at), Some(5000));
    assert_eq!(in_ms(std::slice::from_ref(&told), answered_at + 6000), None);
    let again = [answered(1, 1000, 503, None), answered(2, 4000, 503, None)];
    let pause = 4000 - answered_at_ms(&again[0]);
    assert_eq!(in_ms(&again, answered_at_ms(&again[1])), Some(u128::from(2 * pause + 1000)));
    let well = [answered(1, 1000, 503, None), answered(2, 4000, 200, None)];
    assert_eq!(in_ms(&well, answered_at_ms(&well[1])), None);
    assert_eq!(in_ms(&[], 0), None);
}

#[test]
fn what_a_browser_repeats_by_itself_is_not_the_page_s() {
    let dropped = |number, at_ms| {
        let mut exchange = answered(number, at_ms, 503, None);
        exchange.faults = vec!["api-drop-read".to_owned()];
        exchange
    };
    let asked = vec![dropped(1, 1000), dropped(2, 1100), dropped(3, 2000), dropped(4, 2100), dropped(5, 2150)];
    let numbers = |exchanges: Vec<Exchange>| without_repeats_of_the_browser(exchanges).iter().map(|it| it.number).collect::<Vec<_>>();
    assert_eq!(numbers(asked), [1, 3, 5]);
    assert_eq!(numbers(vec![answered(1, 1000, 503, None), answered(2, 1050, 503, None)]), [1, 2]);
}
