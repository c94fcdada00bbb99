use super::Judgement;
use super::judgement::{Clause, nothing};

/// What an application answered to one logout token, and what became of the sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutAnswer {
    /// What was sent: completes "a logout token that …".
    pub token: String,
    /// Status code of the application's answer.
    pub status: u16,
    /// Its `Cache-Control`.
    pub cache_control: Option<String>,
    /// Sessions that the token names and that live on, by whose they are.
    pub alive: Vec<String>,
    /// Other sessions that ended.
    pub ended: Vec<String>,
}

impl LogoutAnswer {
    /// The same, whatever became of this browser's session.
    #[must_use]
    pub fn without(&self, browser: &str) -> Self {
        let others = |names: &[String]| names.iter().filter(|name| *name != browser).cloned().collect();
        Self { alive: others(&self.alive), ended: others(&self.ended), ..self.clone() }
    }

    fn told(&self) -> String {
        let sessions =
            |what: &str, whose: &[String]| if whose.is_empty() { String::new() } else { format!(", {what}: {}", whose.join(", ")) };
        let (alive, ended) = (sessions("still signed in", &self.alive), sessions("signed out too", &self.ended));
        format!("a logout token that {}: HTTP {}{alive}{ended}", self.token, self.status)
    }

    /// Whether it says that it was refused.
    pub fn is_refusal(&self) -> bool {
        (400..500).contains(&self.status)
    }
}

/// LO-04: each was refused, and ended nothing (OpenID Connect Back-Channel Logout 1.0 sections 2.6 and 2.8). `ended` of these
/// holds every session that ended.
pub fn check_logout_refused(answers: &[LogoutAnswer]) -> Judgement {
    if answers.is_empty() {
        return Err(nothing("no logout token was sent"));
    }
    let told = |wrong: &dyn Fn(&&LogoutAnswer) -> bool| answers.iter().filter(wrong).map(LogoutAnswer::told).collect::<Vec<_>>().join("; ");
    let harmful = told(&|answer| !answer.ended.is_empty());
    if !harmful.is_empty() {
        let clause = Clause("OpenID Connect Back-Channel Logout 1.0 section 2.6");
        return Err(clause.refuse(
            "ends a session at a logout token that has to be refused",
            "HTTP 400, and everybody still signed in",
            harmful,
            [],
        ));
    }
    let otherwise = told(&|answer| answer.status < 400);
    if !otherwise.is_empty() {
        let clause = Clause("OpenID Connect Back-Channel Logout 1.0 section 2.8");
        return Err(clause.refuse("does not refuse a logout token that has to be refused", "HTTP 400", otherwise, []));
    }
    Ok(())
}

/// LO-04: a refusal is told by 400. One that is told by another status harms nobody: it is for whoever sends the token to read.
pub fn check_refused_with_400(answers: &[LogoutAnswer]) -> Judgement {
    let otherwise: Vec<String> = answers.iter().filter(|answer| answer.status > 400).map(LogoutAnswer::told).collect();
    if otherwise.is_empty() {
        return Ok(());
    }
    let clause = Clause("OpenID Connect Back-Channel Logout 1.0 section 2.8");
    Err(clause.refuse("refuses a logout token with another status than 400", "HTTP 400", otherwise.join("; "), []))
}

/// LO-04: it was answered with success, ended the sessions that it names, and nobody else's (sections 2.7 and 2.8).
pub fn check_logout_obeyed(answer: &LogoutAnswer) -> Judgement {
    let ended = "HTTP 200, the sessions that it names ended, and everybody else still signed in";
    let of_sessions = Clause("OpenID Connect Back-Channel Logout 1.0 section 2.7");
    if !answer.alive.is_empty() {
        return Err(of_sessions.refuse("a good logout token does not end the session that it names", ended, answer.told(), []));
    }
    if !answer.ended.is_empty() {
        return Err(of_sessions.refuse("a logout token of one user ends another's session", ended, answer.told(), []));
    }
    if !matches!(answer.status, 200 | 204) {
        let clause = Clause("OpenID Connect Back-Channel Logout 1.0 section 2.8");
        return Err(clause.refuse("a logout that succeeded is not answered with 200", "HTTP 200 or 204", answer.told(), []));
    }
    Ok(())
}

/// LO-04: a logout token with a session ends no other one, whoever its user is (section 2.4). `ended` holds every other session that ended.
pub fn check_no_other_session_ended(answer: &LogoutAnswer) -> Judgement {
    if answer.ended.is_empty() {
        return Ok(());
    }
    Err(Clause("OpenID Connect Back-Channel Logout 1.0 section 2.4").refuse(
        "a logout token of one session ends another",
        "the session that it names ended, or HTTP 400, and everybody else still signed in",
        answer.told(),
        [],
    ))
}

/// LO-04: nothing on the way keeps the answer (section 2.8, which recommends it).
pub fn check_kept_from_no_cache(answer: &LogoutAnswer) -> Judgement {
    let given = answer.cache_control.as_deref().unwrap_or("no Cache-Control");
    if given.to_ascii_lowercase().contains("no-store") {
        return Ok(());
    }
    let clause = Clause("OpenID Connect Back-Channel Logout 1.0 section 2.8");
    Err(clause.refuse("the answer to a logout token may be kept by caches", "Cache-Control: no-store", given, []))
}

#[cfg(test)]
mod tests {
    use super::super::Refusal;
    use super::super::fixtures::found;
    use super::*;

    fn answer(status: u16, alive: &[&str], ended: &[&str]) -> LogoutAnswer {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let cache_control = Some("no-cache, No-Store".to_owned());
        LogoutAnswer { token: "has a nonce".to_owned(), status, cache_control, alive: all(alive), ended: all(ended) }
    }

    #[test]
    fn a_bad_token_is_answered_400_and_ends_nothing() {
        assert_eq!(check_logout_refused(&[answer(400, &[], &[]), answer(400, &[], &[])]), Ok(()));
        assert!(found(check_logout_refused(&[answer(400, &[], &[]), answer(400, &[], &["Ada"])])).contains("ends a session"));
        for status in [200, 204, 302] {
            assert!(found(check_logout_refused(&[answer(status, &[], &[])])).contains("does not refuse"), "{status}");
        }
        for status in [401, 403, 500, 501] {
            let refused = [answer(400, &[], &[]), answer(status, &[], &[])];
            assert_eq!(check_logout_refused(&refused), Ok(()), "{status}");
            assert!(found(check_refused_with_400(&refused)).contains("another status than 400"), "{status}");
        }
        assert_eq!(check_refused_with_400(&[answer(400, &[], &[])]), Ok(()));
        assert!(matches!(check_logout_refused(&[]), Err(Refusal::NothingToJudge(_))));
    }

    #[test]
    fn a_good_token_ends_what_it_names_and_nothing_else() {
        for status in [200, 204] {
            assert_eq!(check_logout_obeyed(&answer(status, &[], &[])), Ok(()));
        }
        assert!(found(check_logout_obeyed(&answer(200, &["Ada"], &[]))).contains("does not end"));
        assert!(found(check_logout_obeyed(&answer(400, &["Ada"], &[]))).contains("does not end"));
        assert!(found(check_logout_obeyed(&answer(200, &[], &["Mallory"]))).contains("another's session"));
        assert!(found(check_logout_obeyed(&answer(302, &[], &[]))).contains("not answered with 200"));
    }

    #[test]
    fn a_token_of_a_session_ends_no_other_one() {
        assert_eq!(check_no_other_session_ended(&answer(400, &["Ada"], &[])), Ok(()));
        assert!(found(check_no_other_session_ended(&answer(200, &[], &["Mallory"]))).contains("ends another"));
    }

    #[test]
    fn the_answer_is_not_kept() {
        assert_eq!(check_kept_from_no_cache(&answer(200, &[], &[])), Ok(()));
        for other in [None, Some("no-cache".to_owned())] {
            let kept = LogoutAnswer { cache_control: other, ..answer(200, &[], &[]) };
            assert!(found(check_kept_from_no_cache(&kept)).contains("may be kept"));
        }
    }
}
