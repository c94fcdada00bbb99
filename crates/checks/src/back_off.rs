use std::time::Duration;

use jiff::fmt::rfc2822;

use super::Judgement;
use super::judgement::{Clause, nothing, some};
use super::reading::{answered_at_ms, by_arrival, described, numbers, same_call};
use crate::domain::{Endpoint, Exchange};

/// Both ends of a gap are recorded in whole milliseconds, and timers fire a little early.
const TOLERANCE_MS: u64 = 10;
/// Waits that differ by less are the same wait: it is the noise of the machine.
const JITTER_NOISE_MS: u64 = 20;
/// What comes sooner than this was not waited for.
const LEAST_PAUSE_MS: u64 = 100;
const FEWEST_WAITS: usize = 5;

/// A refused request and the same request when it came next.
struct Wait<'a> {
    refused: &'a Exchange,
    again: &'a Exchange,
}

impl Wait<'_> {
    fn gap_ms(&self) -> u64 {
        self.again.at_ms.saturating_sub(answered_at_ms(self.refused))
    }
}

/// GX-09, GX-10: after a 429 with `Retry-After` the same request is not made again before that time (C-57). Requests already under way
/// when the refusal was sent do not count.
pub fn check_retry_after(exchanges: &[Exchange]) -> Judgement {
    check_wait_as_told(exchanges, 429, "C-57")
}

/// RS-05: the same after a 503 (RFC 9110 section 10.2.3), which C-57 does not speak of.
pub fn check_retry_after_unavailable(exchanges: &[Exchange]) -> Judgement {
    check_wait_as_told(exchanges, 503, "RFC 9110 section 10.2.3")
}

fn check_wait_as_told(exchanges: &[Exchange], status: u16, clause: &'static str) -> Judgement {
    let waits = some(waits(exchanges, |refused| refused.status == status), &format!("no request was made again after a {status}"))?;
    let mut judged = false;
    for wait in waits {
        let Some(asked) = retry_after_ms(wait.refused) else { continue };
        judged = true;
        if wait.gap_ms() + TOLERANCE_MS < asked {
            return Err(Clause(clause).refuse(
                format!("{} is repeated before its Retry-After has passed", described(wait.refused)),
                format!("a wait of at least {asked} ms"),
                format!("{} ms", wait.gap_ms()),
                [wait.refused.number, wait.again.number],
            ));
        }
    }
    if judged { Ok(()) } else { Err(nothing("no refusal that was followed by the same request had a Retry-After")) }
}

/// RS-05: after a 429 or 503 without `Retry-After` the same request is not made again at once (RFC 6585 section 4, C-55).
pub fn check_pause_without_retry_after(exchanges: &[Exchange]) -> Judgement {
    let silent = |refused: &Exchange| matches!(refused.status, 429 | 503) && refused.response_header("retry-after").is_none();
    let waits = some(waits(exchanges, silent), "no request was made again after a refusal without Retry-After")?;
    match waits.into_iter().find(|wait| wait.gap_ms() < LEAST_PAUSE_MS) {
        None => Ok(()),
        Some(wait) => Err(Clause("RFC 6585 section 4").refuse(
            format!("{} is repeated at once, although nothing says when it may be", described(wait.refused)),
            format!("a pause of the application's own, {LEAST_PAUSE_MS} ms at least"),
            format!("{} ms", wait.gap_ms()),
            [wait.refused.number, wait.again.number],
        )),
    }
}

/// How much longer an application may wait before it makes its last request again; `None` where that was answered as it should be, or
/// long enough ago. What it was told to wait counts, or the pause that it made before, doubled.
pub fn may_be_repeated_in(exchanges: &[Exchange], now_ms: u64) -> Option<Duration> {
    let own =
        |exchange: &&Exchange| matches!(exchange.endpoint, Endpoint::Token | Endpoint::Api | Endpoint::Userinfo | Endpoint::Revocation);
    let requests: Vec<&Exchange> = by_arrival(exchanges).into_iter().filter(own).collect();
    let (last, earlier) = requests.split_last()?;
    let refused = matches!(last.status, 429 | Exchange::UNANSWERED..) || !last.faults.is_empty();
    if !refused {
        return None;
    }
    left_of_the_pause(last, earlier, 2 * LATE_MS, now_ms)
}

/// The same for an application whose server may write again behind the page's back: of its last write alone, where that was limited, met a
/// conflict, or has lost its answer.
pub fn write_may_be_repeated_in(exchanges: &[Exchange], now_ms: u64) -> Option<Duration> {
    let written: Vec<&Exchange> = by_arrival(exchanges).into_iter().filter(|exchange| writes(exchange)).collect();
    let (last, earlier) = written.split_last()?;
    // A connection that was closed has no status of the platform's: the fault tells.
    let is_lost = last.faults.iter().any(|fault| [ANSWER_LOST, DROPPED_AFTER].contains(&fault.as_str()));
    if is_lost || matches!(last.status, 409 | 429 | Exchange::UNANSWERED | 502..) {
        left_of_the_pause(last, earlier, BEHIND_MS, now_ms)
    } else {
        None
    }
}

/// How much is left of the pause after `last`: as long as it was told to wait, or twice as long as before the same request the last time,
/// and `least_ms` where it was told nothing.
fn left_of_the_pause(last: &Exchange, earlier: &[&Exchange], least_ms: u64, now_ms: u64) -> Option<Duration> {
    let before = earlier.iter().rev().find(|request| same_call(request, last));
    let pause = before.map_or(0, |before| last.at_ms.saturating_sub(answered_at_ms(before)));
    let wait = retry_after_ms(last).map_or((2 * pause + LATE_MS).max(least_ms), |asked| asked + 2 * LATE_MS);
    let left = (answered_at_ms(last) + wait).saturating_sub(now_ms);
    (left > 0).then(|| Duration::from_millis(left))
}

/// How long a queue of an application's own may rest before it tries once more.
const BEHIND_MS: u64 = 5000;

/// The exchanges of a page, without those that its browser has repeated by itself: it asks once more, at once, when the platform closes a
/// connection that was in use before.
pub fn without_repeats_of_the_browser(exchanges: Vec<Exchange>) -> Vec<Exchange> {
    let dropped = |exchange: &Exchange| exchange.method == "GET" && exchange.faults.iter().any(|fault| fault == "api-drop-read");
    let mut kept: Vec<Exchange> = Vec::new();
    let mut before: Option<Exchange> = None;
    for exchange in exchanges {
        let again = before.as_ref().filter(|before| dropped(before) && same_call(before, &exchange));
        let by_itself = again.is_some_and(|before| exchange.at_ms.saturating_sub(answered_at_ms(before)) < AT_ONCE_MS);
        if !by_itself {
            kept.push(exchange.clone());
        }
        // It does so once: what comes after that is the page's.
        if exchange.endpoint == Endpoint::Api {
            before = (!by_itself).then_some(exchange);
        }
    }
    kept
}

/// No page asks again as fast as its browser does.
const AT_ONCE_MS: u64 = 300;

/// How late a request may come that its application makes after a pause.
const LATE_MS: u64 = 1000;

/// Attempts in a row, the first included, that are no insistence.
pub const MOST_ATTEMPTS: usize = 6;

/// GX-09: a refused request is tried at most `most` times in a row, the first included (C-57, C-55).
pub fn check_attempts_bounded(exchanges: &[Exchange], most: usize) -> Judgement {
    let runs = some(refused_runs(exchanges), "no request was refused with 429, 500, 502 or 503")?;
    match runs.into_iter().find(|run| run.len() > most) {
        None => Ok(()),
        Some(run) => Err(Clause("C-57").refuse(
            format!("{} is tried again without end", described(run[0])),
            format!("at most {most} attempts"),
            format!("{} attempts in a row were refused", run.len()),
            numbers(run),
        )),
    }
}

/// GX-09: what is waited beyond `Retry-After` varies (C-57). Fewer than five waits are nothing to judge, nor are waits for a date: nobody
/// knows to the millisecond how long those were.
pub fn check_wait_varies(exchanges: &[Exchange]) -> Judgement {
    let waits = waits(exchanges, |refused| refused.status == 429);
    let beyond: Vec<u64> =
        waits.iter().filter_map(|wait| whole_seconds_ms(wait.refused).map(|asked| wait.gap_ms().saturating_sub(asked))).collect();
    let (Some(least), Some(most)) = (beyond.iter().min(), beyond.iter().max()) else {
        return Err(nothing("no request was made again after a 429"));
    };
    if beyond.len() < FEWEST_WAITS {
        return Err(nothing(format!("{} waits after a 429 do not show whether they vary, {FEWEST_WAITS} are needed", beyond.len())));
    }
    if most - least >= JITTER_NOISE_MS {
        return Ok(());
    }
    Err(Clause("C-57").refuse(
        "the application waits equally long after each 429",
        "a wait that varies, so that clients do not come back together",
        format!("{} waits within {} ms of each other", beyond.len(), most - least),
        numbers(waits.iter().map(|wait| wait.again)),
    ))
}

/// GX-15: after 500, 502 or 503 the waits before the same request grow (C-55). Needs two waits in a row, of the application's own
/// length: `Retry-After` is not its own.
pub fn check_waits_grow(exchanges: &[Exchange]) -> Judgement {
    let told = |refused: &Exchange| refused.response_header("retry-after").is_some();
    let waits = waits(exchanges, |refused| matches!(refused.status, 500 | 502 | 503) && !told(refused));
    let mut judged = false;
    for (index, earlier) in waits.iter().enumerate() {
        let Some(later) = waits[index..].iter().find(|wait| wait.refused.number == earlier.again.number) else { continue };
        judged = true;
        if later.gap_ms() <= earlier.gap_ms() + JITTER_NOISE_MS {
            return Err(Clause("C-55").refuse(
                format!("{} is tried again without longer waits", described(earlier.refused)),
                format!("more than {} ms before the next attempt", earlier.gap_ms()),
                format!("{} ms", later.gap_ms()),
                [earlier.refused.number, earlier.again.number, later.again.number],
            ));
        }
    }
    if judged { Ok(()) } else { Err(nothing("no request was tried twice more after a 500, 502 or 503")) }
}

/// GX-13, GX-14: a request answered with one of `statuses` (404, 422) is not made again (C-55).
pub fn check_not_repeated(exchanges: &[Exchange], statuses: &[u16]) -> Judgement {
    let calls = limited(exchanges);
    let refused: Vec<&Exchange> = calls.iter().copied().filter(|call| statuses.contains(&call.status)).collect();
    for first in some(refused, "no request was answered with such a status")? {
        if let Some(again) = next_same(&calls, first) {
            return Err(Clause("C-55").refuse(
                format!("{} is repeated although it was answered {}", described(first), first.status),
                "no repetition",
                format!("the same request {} ms later", again.at_ms.saturating_sub(answered_at_ms(first))),
                [first.number, again.number],
            ));
        }
    }
    Ok(())
}

/// RS-06: no POST is sent twice with the same body, unless the first was certainly not carried out: answered 400, 401, 403, 409,
/// 422 or 429, or looked for in between and not there (RFC 9110 section 9.2.2).
pub fn check_written_once(exchanges: &[Exchange]) -> Judgement {
    let calls = limited(exchanges);
    let written: Vec<&Exchange> = calls.iter().copied().filter(|call| call.endpoint == Endpoint::Api && call.method == "POST").collect();
    for first in some(written, "the platform saw no POST at the API")? {
        let not_carried_out = matches!(first.status, 400 | 401 | 403 | 409 | 422 | 429);
        let again = calls.iter().find(|call| call.number > first.number && same_call(call, first));
        let carried_out = is_carried_out(first);
        let between = |call: &&&Exchange| again.is_some_and(|again| (first.number..again.number).contains(&call.number));
        let looked =
            calls.iter().filter(between).any(|call| call.method == "GET" && call.status == 200 && call.path.starts_with(&first.path));
        let harmless = not_carried_out || (looked && !carried_out);
        if let (false, Some(again)) = (harmless, again) {
            return Err(Clause("RFC 9110 section 9.2.2").refuse(
                format!("{} is sent twice", described(first)),
                "a look at what became of the first before a second",
                format!("the same POST {} ms later", again.at_ms.saturating_sub(first.at_ms)),
                [first.number, again.number],
            ));
        }
    }
    Ok(())
}

/// GX-06, GX-09: a write that the platform has carried out is not sent again (RFC 9110 section 9.2.2).
pub fn check_no_write_twice(exchanges: &[Exchange]) -> Judgement {
    let calls = limited(exchanges);
    let done: Vec<&Exchange> = calls.iter().copied().filter(|call| writes(call) && (200..300).contains(&call.status)).collect();
    for first in some(done, "the platform carried no write out")? {
        if let Some(again) = calls.iter().find(|call| call.number > first.number && same_call(call, first)) {
            return Err(Clause("RFC 9110 section 9.2.2").refuse(
                format!("{} is sent again although it was carried out", described(first)),
                "each write once",
                format!("the same {} {} ms later", first.method, again.at_ms.saturating_sub(first.at_ms)),
                [first.number, again.number],
            ));
        }
    }
    Ok(())
}

/// Whether it is a call that changes something at the API.
pub fn writes(exchange: &Exchange) -> bool {
    exchange.endpoint == Endpoint::Api && matches!(exchange.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
}

/// The platform's fault that carries a write out and answers as if it had not.
const ANSWER_LOST: &str = "api-answer-lost";
/// The one that carries it out and gives no answer.
const DROPPED_AFTER: &str = "api-drop-after-write";

/// Whether the platform has carried a write out, whatever it said of it.
pub fn is_carried_out(write: &Exchange) -> bool {
    write.status < 300 || write.faults.iter().any(|fault| [ANSWER_LOST, DROPPED_AFTER].contains(&fault.as_str()))
}

/// GX-12: after a 409 the resource is read again before it is written again, and what is written then rests on what was read (C-55).
/// Whoever leaves the decision to the end-user writes nothing again.
pub fn check_reread_after_conflict(exchanges: &[Exchange]) -> Judgement {
    let calls = limited(exchanges);
    let conflicts: Vec<&Exchange> = calls.iter().copied().filter(|call| call.status == 409).collect();
    for conflict in some(conflicts, "no request was answered 409")? {
        let written =
            calls.iter().find(|call| call.number > conflict.number && call.path == conflict.path && call.method == conflict.method);
        let read = calls.iter().find(|call| call.number > conflict.number && call.path == conflict.path && call.method == "GET");
        let Some(written) = written else { continue };
        if read.is_none_or(|read| read.number > written.number) {
            return Err(Clause("C-55").refuse(
                format!("{} is written again without being read again", described(conflict)),
                "a GET of the resource after the 409",
                "none before the next write",
                [conflict.number, written.number],
            ));
        }
        let read = read.and_then(|read| Some((read, version(read.response.as_ref()?)?)));
        let sent = written.body.as_ref().and_then(version);
        if let (Some((read, present)), Some(sent)) = (read, sent)
            && present != sent
        {
            return Err(Clause("C-55").refuse(
                format!("{} is written again as it was read before the conflict", described(conflict)),
                format!("version {present}, which was read after the 409"),
                format!("version {sent}"),
                [conflict.number, read.number, written.number],
            ));
        }
    }
    Ok(())
}

/// The version that an entity or a write of it names.
fn version(entity: &serde_json::Value) -> Option<u64> {
    entity.get("version")?.as_u64()
}

/// The requests that the platform's limiter counts: API and token endpoint (C-57).
fn limited(exchanges: &[Exchange]) -> Vec<&Exchange> {
    by_arrival(exchanges).into_iter().filter(|exchange| matches!(exchange.endpoint, Endpoint::Api | Endpoint::Token)).collect()
}

/// The next request for the same that started after `refused` was answered.
fn next_same<'a>(calls: &[&'a Exchange], refused: &Exchange) -> Option<&'a Exchange> {
    calls.iter().copied().find(|call| call.number > refused.number && call.at_ms >= answered_at_ms(refused) && same_call(call, refused))
}

fn waits(exchanges: &[Exchange], refused: impl Fn(&Exchange) -> bool) -> Vec<Wait<'_>> {
    let calls = limited(exchanges);
    let wait = |call: &&'_ Exchange| next_same(&calls, call);
    calls.iter().filter(|call| refused(call)).filter_map(|call| wait(call).map(|again| Wait { refused: call, again })).collect()
}

/// Refused requests, each with the same requests that were refused in a row after it.
fn refused_runs(exchanges: &[Exchange]) -> Vec<Vec<&Exchange>> {
    let mut runs: Vec<Vec<&Exchange>> = Vec::new();
    let mut open: Vec<bool> = Vec::new();
    for call in limited(exchanges) {
        let is_refused = matches!(call.status, 429 | 500 | 502 | 503);
        match runs.iter().zip(&open).rposition(|(run, open)| *open && same_call(run[0], call)) {
            Some(index) if is_refused => runs[index].push(call),
            Some(index) => open[index] = false,
            None if is_refused => {
                runs.push(vec![call]);
                open.push(true);
            }
            None => {}
        }
    }
    runs
}

/// The time that a `Retry-After` in seconds asks for.
fn whole_seconds_ms(refused: &Exchange) -> Option<u64> {
    refused.response_header("retry-after")?.trim().parse::<u64>().ok()?.checked_mul(1000)
}

/// The time that `Retry-After` asks for, in milliseconds: seconds, or a date relative to the answer's own `Date`.
fn retry_after_ms(refused: &Exchange) -> Option<u64> {
    let value = refused.response_header("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return seconds.checked_mul(1000);
    }
    let parse = |date: &str| rfc2822::DateTimeParser::new().parse_timestamp(date).ok();
    let (until, sent) = (parse(value)?, parse(refused.response_header("date")?)?);
    // A date has whole seconds: the answer may have left at the end of its second.
    u64::try_from(until.as_millisecond() - sent.as_millisecond() - 1000).ok()
}

#[cfg(test)]
#[path = "back_off_tests.rs"]
mod tests;
