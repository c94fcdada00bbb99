use super::Judgement;
use super::judgement::{Clause, nothing, some};
use super::reading::{DEVICE_CODE, answer_text, answered_at_ms, by_arrival, described, token_requests_with};
use crate::domain::{Endpoint, Exchange};

/// Timers fire a little early, and requests travel: this much less than asked is no haste.
const TOLERANCE_MS: u64 = 100;
/// The platform learns a little late that a device has hung up.
const HANG_UP_MS: u64 = 250;
/// What holds where the platform tells no interval, and what `slow_down` adds (RFC 8628 sections 3.2 and 3.5).
const FIVE_SECONDS_MS: u64 = 5000;
/// A poll on the edge of the code's end may be on its way.
const EXPIRY_GRACE_MS: u64 = 1000;
/// Least wait after a poll that was not answered, in hundredths of the interval: what is less is the same frequency.
const LONGER_PERCENT: u64 = 125;

/// One device authorization as the platform gave it, and the polls with its device code.
struct Device<'a> {
    given: &'a Exchange,
    polls: Vec<&'a Exchange>,
}

impl Device<'_> {
    /// In milliseconds, as told or by default.
    fn interval_ms(&self) -> u64 {
        self.number("interval").map_or(FIVE_SECONDS_MS, |seconds| seconds.saturating_mul(1000))
    }

    fn expires_at_ms(&self) -> Option<u64> {
        Some(answered_at_ms(self.given).saturating_add(self.number("expires_in")?.saturating_mul(1000)))
    }

    fn number(&self, member: &str) -> Option<u64> {
        self.given.response.as_ref()?.get(member)?.as_u64()
    }

    /// Each poll but the first with the one before it.
    fn pairs(&self) -> impl Iterator<Item = (&Exchange, &Exchange)> {
        self.polls.windows(2).map(|pair| (pair[0], pair[1]))
    }
}

fn devices(exchanges: &[Exchange]) -> Vec<Device<'_>> {
    let polls = token_requests_with(exchanges, DEVICE_CODE);
    let given = by_arrival(exchanges).into_iter().filter(|exchange| exchange.endpoint == Endpoint::DeviceAuthorization);
    let devices = given.filter_map(|given| {
        let code = answer_text(given, "device_code")?;
        Some(Device { given, polls: polls.iter().copied().filter(|poll| poll.form_value("device_code") == Some(code)).collect() })
    });
    devices.collect()
}

fn polled(exchanges: &[Exchange]) -> Result<Vec<Device<'_>>, super::Refusal> {
    let polled = devices(exchanges).into_iter().filter(|device| device.polls.len() > 1).collect();
    some(polled, "the platform saw no device poll twice")
}

/// DV-01: between two polls passes at least the interval, and none is sent before the last one was answered (RFC 8628 section 3.5).
pub fn check_polling_interval(exchanges: &[Exchange]) -> Judgement {
    for device in polled(exchanges)? {
        for (before, poll) in device.pairs() {
            let interval = device.interval_ms();
            let gap = poll.at_ms.saturating_sub(before.at_ms);
            if gap + TOLERANCE_MS < interval {
                return Err(Clause("RFC 8628 section 3.5").refuse(
                    "the program polls more often than the platform asks",
                    format!("at least {interval} ms from poll to poll"),
                    format!("{gap} ms"),
                    [device.given.number, before.number, poll.number],
                ));
            }
            if poll.at_ms + HANG_UP_MS < answered_at_ms(before) {
                return Err(Clause("RFC 8628 section 3.5").refuse(
                    "the program polls again before its last poll was answered",
                    "one poll at a time",
                    format!("{} began {} ms before the answer", described(poll), answered_at_ms(before) - poll.at_ms),
                    [before.number, poll.number],
                ));
            }
        }
    }
    Ok(())
}

/// DV-01: no poll comes when the code has expired (RFC 8628 section 3.2). `watched_until_ms` is how long the platform looked on.
///
/// One interval more is granted: the poll that learns of the end.
pub fn check_polling_ends_with_the_code(exchanges: &[Exchange], watched_until_ms: u64) -> Judgement {
    let devices = devices(exchanges).into_iter().filter(|device| !device.polls.is_empty()).collect();
    for device in some(devices, "the platform saw no device poll")? {
        let Some(expires_at) = device.expires_at_ms() else {
            return Err(nothing("the platform told no lifetime of the device code"));
        };
        let end = expires_at + device.interval_ms() + EXPIRY_GRACE_MS;
        if let Some(late) = device.polls.iter().find(|poll| poll.at_ms > end) {
            return Err(Clause("RFC 8628 section 3.2").refuse(
                "the program polls on when its device code has expired",
                format!("no poll later than {} ms after the code was given", end - answered_at_ms(device.given)),
                format!("a poll after {} ms", late.at_ms - answered_at_ms(device.given)),
                [device.given.number, late.number],
            ));
        }
        if watched_until_ms <= end {
            return Err(nothing("the program was not watched until its device code had expired"));
        }
    }
    Ok(())
}

/// Whether any poll was answered `slow_down`.
pub fn was_slowed_down(exchanges: &[Exchange]) -> bool {
    token_requests_with(exchanges, DEVICE_CODE).into_iter().any(|poll| answer_text(poll, "error") == Some("slow_down"))
}

/// DV-02: each `slow_down` lengthens the interval by 5 seconds, for that poll and all later ones (RFC 8628 section 3.5).
pub fn check_slow_down(exchanges: &[Exchange]) -> Judgement {
    let mut judged = false;
    for device in polled(exchanges)? {
        let mut interval = device.interval_ms();
        for (before, poll) in device.pairs() {
            if answer_text(before, "error") == Some("slow_down") {
                interval += FIVE_SECONDS_MS;
                judged = true;
            }
            let gap = poll.at_ms.saturating_sub(before.at_ms);
            if interval > device.interval_ms() && gap + TOLERANCE_MS < interval {
                return Err(Clause("RFC 8628 section 3.5").refuse(
                    "the program does not slow down when the platform asks for it",
                    format!("at least {interval} ms until the next poll: 5 s more for each slow_down"),
                    format!("{gap} ms"),
                    [before.number, poll.number],
                ));
            }
        }
    }
    if judged { Ok(()) } else { Err(nothing("no poll followed a slow_down")) }
}

/// DV-03: after a poll that was not answered the next one takes longer than the interval (RFC 8628 section 3.5).
///
/// The text asks for a lower frequency and recommends twice the interval; a quarter more is taken for lower.
pub fn check_back_off_after_timeout(exchanges: &[Exchange]) -> Judgement {
    let mut judged = false;
    for device in polled(exchanges)? {
        let unanswered = device.pairs().filter(|(before, _)| before.status == Exchange::UNANSWERED);
        for (before, poll) in unanswered {
            judged = true;
            let wait = poll.at_ms.saturating_sub(answered_at_ms(before));
            let least = device.interval_ms() * LONGER_PERCENT / 100;
            if wait < least {
                return Err(Clause("RFC 8628 section 3.5").refuse(
                    "the program polls as often as before after a poll that timed out",
                    format!("a wait of more than the interval of {} ms, such as twice as long", device.interval_ms()),
                    format!("{wait} ms after it had hung up"),
                    [before.number, poll.number],
                ));
            }
        }
    }
    if judged { Ok(()) } else { Err(nothing("no poll followed one that was not answered")) }
}

/// DV-04: after an answer that is final, `access_denied` and `expired_token` among them, that code is polled no more and no other
/// one is asked for (RFC 8628 section 3.5). `started` are the sign-ins that a person began.
pub fn check_refusal_is_final(exchanges: &[Exchange], started: usize) -> Judgement {
    let devices = devices(exchanges);
    let is_final = |poll: &&Exchange| {
        poll.status != Exchange::UNANSWERED
            && poll.status < 500
            && answer_text(poll, "error").is_some_and(|error| !matches!(error, "authorization_pending" | "slow_down"))
    };
    let mut judged = false;
    for device in &devices {
        let Some(refused) = device.polls.iter().copied().find(is_final) else { continue };
        judged = true;
        let error = answer_text(refused, "error").unwrap_or_default();
        if let Some(again) = device.polls.iter().find(|poll| poll.number > refused.number) {
            return Err(Clause("RFC 8628 section 3.5").refuse(
                "the program polls on after the platform has refused its device code for good",
                format!("no poll after {error}"),
                described(again),
                [refused.number, again.number],
            ));
        }
    }
    if devices.len() > started {
        return Err(Clause("RFC 8628 section 3.5").refuse(
            "the program asks for a new device code by itself",
            format!("{started} device codes: one for each sign-in that a person began"),
            format!("{} device codes", devices.len()),
            devices.iter().map(|device| device.given.number),
        ));
    }
    if judged { Ok(()) } else { Err(nothing("no poll was refused for good")) }
}

/// DV-04: the user code and the address to type it at are among what the program shows (RFC 8628 section 3.3).
pub fn check_code_and_address_shown(output: &str, user_code: &str, verification_uri: &str) -> Judgement {
    // A link with the code in it shows no code to type or to compare.
    let words: String =
        output.split_whitespace().filter(|word| !(word.contains("://") && word.contains('?'))).collect::<Vec<_>>().join(" ");
    let address = words.contains(verification_uri.split("://").last().unwrap_or(verification_uri));
    let missing = match (shows_code(&words, user_code), address) {
        (true, true) => return Ok(()),
        (false, true) => "the user code",
        (true, false) => "the address",
        (false, false) => "user code and address",
    };
    Err(Clause("RFC 8628 section 3.3").refuse(
        "the program does not show what the end-user has to type, and where",
        "user code and verification address, apart from any link that holds both",
        format!("{missing} missing"),
        [],
    ))
}

/// Whether a text has a user code in it: case and punctuation do not matter (RFC 8628 section 6.1).
pub fn shows_code(text: &str, user_code: &str) -> bool {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect::<String>();
    plain(text).contains(&plain(user_code))
}

#[cfg(test)]
#[path = "device_tests.rs"]
mod tests;
