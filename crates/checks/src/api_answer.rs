use serde_json::Value;

use super::Judgement;
use super::judgement::{Clause, shown};

const PAGE: Clause = Clause("C-56");

/// A list page of the API: `items`, `totalCount`, `offset`, `limit` and `hasMore`, consistent with each other (C-56).
pub fn check_page(page: &Value) -> Judgement {
    let refuse = |summary: &str, expected: &str, actual: String| Err(PAGE.refuse(summary, expected, actual, []));
    let Some(items) = page.get("items").and_then(Value::as_array) else {
        return refuse("a list page has no items", "an array `items`", kind_of(page.get("items")));
    };
    let mut numbers = [0; 3];
    for (number, name) in numbers.iter_mut().zip(["totalCount", "offset", "limit"]) {
        let Some(value) = page.get(name).and_then(Value::as_u64) else {
            let actual = kind_of(page.get(name));
            return refuse(&format!("a list page has no `{name}`"), "a whole number, 0 or more", actual);
        };
        *number = value;
    }
    let [total, offset, limit] = numbers;
    let Some(has_more) = page.get("hasMore").and_then(Value::as_bool) else {
        return refuse("a list page has no `hasMore`", "true or false", kind_of(page.get("hasMore")));
    };
    let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
    if count > limit {
        return refuse("a list page holds more entries than its limit", &format!("at most {limit}"), count.to_string());
    }
    let end = offset.saturating_add(count);
    if count > 0 && end > total {
        return refuse("a list page reaches beyond its totalCount", &format!("up to entry {total}"), format!("up to entry {end}"));
    }
    if has_more != (end < total) {
        let expected = if end < total { "true" } else { "false" };
        let actual = format!("{has_more}: entries {offset} to {end} of {total}");
        return refuse("a list page's hasMore contradicts its totalCount", expected, actual);
    }
    if has_more && count == 0 {
        return refuse("an empty list page claims that there is more", "entries, or hasMore false", "no entry".to_owned());
    }
    Ok(())
}

/// An error answer of the API or the token endpoint: a JSON object with a text `error` (C-55, RFC 6749 section 5.2); at 429
/// `rate_limit_exceeded` with a message (C-57).
pub fn check_error_body(status: u16, body: &Value) -> Judgement {
    let error = body.get("error").and_then(Value::as_str).filter(|error| !error.is_empty());
    if error.is_none() {
        let actual = kind_of(body.get("error").or(Some(body)));
        return Err(Clause("C-55").refuse(
            format!("an answer {status} does not say its error"),
            "a JSON object with a text `error`",
            actual,
            [],
        ));
    }
    if status == 429 {
        if error != Some("rate_limit_exceeded") {
            let summary = "an answer 429 names another error";
            return Err(Clause("C-57").refuse(summary, "`rate_limit_exceeded`", shown(error), []));
        }
        if body.get("message").and_then(Value::as_str).is_none_or(str::is_empty) {
            let actual = kind_of(body.get("message"));
            return Err(Clause("C-57").refuse("an answer 429 has no message", "a text `message`", actual, []));
        }
    }
    Ok(())
}

/// What a value is, without quoting it: answers hold personal data.
fn kind_of(value: Option<&Value>) -> String {
    match value {
        None => "none",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "true or false",
        Some(Value::Number(_)) => "another number",
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::*;
    use super::*;

    fn page(items: usize, total: u64, offset: u64, limit: u64, has_more: bool) -> Value {
        json!({ "items": vec![json!({ "id": 1 }); items], "totalCount": total, "offset": offset, "limit": limit, "hasMore": has_more })
    }

    #[test]
    fn a_consistent_page_passes() {
        for sound in [
            page(50, 123, 0, 50, true),
            page(23, 123, 100, 50, false),
            page(0, 0, 0, 50, false),
            page(0, 3, 10, 50, false),
            page(50, 50, 0, 50, false),
        ] {
            assert_eq!(check_page(&sound), Ok(()), "{sound}");
        }
    }

    #[test]
    fn an_inconsistent_page_is_refused() {
        for wrong in [
            page(51, 123, 0, 50, true),
            page(50, 123, 0, 50, false),
            page(23, 123, 100, 50, true),
            page(24, 123, 100, 50, false),
            page(0, 123, 50, 50, true),
            page(0, 123, 50, 50, false),
            json!([]),
        ] {
            found(check_page(&wrong));
        }
        for member in ["items", "totalCount", "offset", "limit", "hasMore"] {
            let mut missing = page(1, 1, 0, 50, false);
            missing[member] = json!("1");
            assert!(found(check_page(&missing)).contains(member), "{member}");
        }
    }

    #[test]
    fn an_error_says_what_it_is() {
        assert_eq!(check_error_body(404, &json!({ "error": "not_found" })), Ok(()));
        let limited = json!({ "error": "rate_limit_exceeded", "message": "Too many requests." });
        assert_eq!(check_error_body(429, &limited), Ok(()));
        found(check_error_body(404, &json!("not found")));
        found(check_error_body(404, &json!({ "error": "" })));
        found(check_error_body(429, &json!({ "error": "slow_down", "message": "x" })));
        found(check_error_body(429, &json!({ "error": "rate_limit_exceeded" })));
    }
}
