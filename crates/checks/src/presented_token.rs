//! The access token that an application presents.

use super::Judgement;
use super::judgement::{Clause, some};
use super::reading::{answer_text, api_calls, bearer, described, numbers, resource_calls, token_requests};
use crate::domain::Exchange;

/// TK-08: whatever is presented at the API is a token that the platform gave out, unchanged.
pub fn check_tokens_as_given(exchanges: &[Exchange]) -> Judgement {
    let presents = |call: &&Exchange| !call.facts.credentials.is_empty();
    let calls = some(api_calls(exchanges).into_iter().filter(presents).collect(), "the application presents no access token at the API")?;
    let unknown = numbers(calls.into_iter().filter(|call| call.status == 401 && call.facts.subject.is_none()));
    if unknown.is_empty() {
        return Ok(());
    }
    let actual = format!("{} calls with a token that the platform does not know", unknown.len());
    Err(Clause("RFC 9068 section 6").refuse("the application changes the access token", "the token as it was given", actual, unknown))
}

/// TK-06: an access token of a type that the application cannot know, or of which no type is told, is presented nowhere.
pub fn check_unknown_token_type_unused(exchanges: &[Exchange]) -> Judgement {
    let is_known = |answer: &Exchange| answer_text(answer, "token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    let is_unknown = |answer: &&Exchange| answer_text(answer, "access_token").is_some() && !is_known(answer);
    let answers = token_requests(exchanges).into_iter().filter(is_unknown).collect();
    let answers = some(answers, "the platform gave out no access token of an unknown type")?;
    let unknown: Vec<&str> = answers.into_iter().filter_map(|answer| answer_text(answer, "access_token")).collect();
    let used = numbers(api_calls(exchanges).into_iter().filter(|call| bearer(call).is_some_and(|token| unknown.contains(&token))));
    if used.is_empty() {
        return Ok(());
    }
    let actual = format!("{} calls", used.len());
    Err(Clause("RFC 6749 section 7.1").refuse("uses an access token of a type that it does not know", "no call to the API", actual, used))
}

/// GX-20: whoever is shown data of their medical centre is shown what was asked for with their own token. `since` is what the platform
/// saw since they began to sign in, `subject` is theirs; that others' calls went on meanwhile is nothing wrong.
pub fn check_own_token(since: &[Exchange], subject: &str) -> Judgement {
    let calls = resource_calls(since);
    if calls.iter().any(|call| call.facts.subject.as_deref() == Some(subject)) {
        return Ok(());
    }
    let actual = match calls.first() {
        Some(call) => format!("no call with it; {} was made with the token of another user", described(call)),
        None => "no call at all".to_owned(),
    };
    Err(Clause("C-53").refuse(
        "a user is shown data that were asked for with the token of another user of the same medical centre",
        "calls with the token of whoever is shown the answer: what a user may see is decided by the user's own permissions",
        actual,
        calls.iter().take(3).map(|call| call.number),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Refusal;
    use super::super::fixtures::*;
    use super::*;
    use crate::domain::Credential;

    #[test]
    fn a_token_that_the_platform_does_not_know_was_changed() {
        assert!(matches!(check_tokens_as_given(&[]), Err(Refusal::NothingToJudge(_))));
        let mut own = call(3, "/v2/tenants/7/patients", "[access-token-1]");
        own.facts.credentials = vec![Credential::Header];
        assert_eq!(check_tokens_as_given(&[own.clone()]), Ok(()));
        let mut cut = own.clone();
        (cut.number, cut.status, cut.facts.subject) = (4, 401, None);
        let Err(Refusal::Discrepancy(found)) = check_tokens_as_given(&[own, cut]) else { panic!("a discrepancy") };
        assert_eq!(found.exchanges, [4]);
    }

    #[test]
    fn a_token_of_an_unknown_type_or_of_none_is_left_unused() {
        let used = call(2, "/v2/tenants/7/patients", "[access-token-of-1]");
        let given = refresh(1, "[refresh-token-1]", None);
        assert!(matches!(check_unknown_token_type_unused(&[given.clone(), used.clone()]), Err(Refusal::NothingToJudge(_))));
        for kind in [Some("mac"), None] {
            let mut given = given.clone();
            given.response = Some(serde_json::json!({ "access_token": "[access-token-of-1]", "token_type": kind }));
            assert_eq!(check_unknown_token_type_unused(&[given.clone()]), Ok(()));
            assert!(found(check_unknown_token_type_unused(&[given, used.clone()])).contains("does not know"));
        }
    }

    #[test]
    fn data_of_a_user_are_asked_for_with_the_users_own_token() {
        let own = call(3, "/v2/tenants/7/patients", "[access-token-1]");
        let mut others = call(4, "/v2/tenants/7/patients", "[access-token-2]");
        others.facts.subject = Some("elio".to_owned());
        assert_eq!(check_own_token(&[own.clone(), others.clone()], "ada"), Ok(()));
        assert!(found(check_own_token(&[others], "ada")).contains("with the token of another user"));
        let asked = call(5, "/v2/userinfo", "[access-token-1]");
        assert!(found(check_own_token(&[asked], "ada")).contains("with the token of another user"), "who she is is no data");
    }
}
