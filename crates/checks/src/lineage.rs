use std::collections::HashMap;

use crate::domain::Exchange;

/// Kinds of credentials that a sign-in hands on, by the start of their placeholder.
const KINDS: [&str; 4] = ["[code-", "[device-code-", "[access-token-", "[refresh-token-"];

/// Whose an exchange is: which sign-in gave out the code or token that it presents.
///
/// A sign-in is named by the number of the exchange that gave out its first credential, or, where that was given out unseen, of the
/// one that presented it first.
#[derive(Debug, Default)]
pub struct Lineage(HashMap<String, u64>);

impl Lineage {
    /// What the exchanges, in their order, tell of each other.
    pub fn of(exchanges: &[Exchange]) -> Self {
        let mut lineage = Self::default();
        for exchange in exchanges {
            let presented = presented(exchange);
            let root = presented.iter().find_map(|credential| lineage.0.get(*credential)).copied().unwrap_or(exchange.number);
            for credential in presented.into_iter().map(str::to_owned).chain(given(exchange)) {
                lineage.0.entry(credential).or_insert(root);
            }
        }
        lineage
    }

    /// The sign-in that an exchange acts for; `None` where it presents no code and no token.
    pub fn sign_in(&self, exchange: &Exchange) -> Option<u64> {
        presented(exchange).into_iter().find_map(|credential| self.0.get(credential)).copied()
    }
}

/// The codes and tokens that a request presents.
fn presented(exchange: &Exchange) -> Vec<&str> {
    let fields = exchange.form.iter().chain(&exchange.query).map(|(_, value)| value.as_str());
    exchange.header("authorization").into_iter().chain(fields).flat_map(placeholders).collect()
}

/// The codes and tokens that an answer gives out.
fn given(exchange: &Exchange) -> Vec<String> {
    let response = exchange.response.as_ref().map(ToString::to_string).unwrap_or_default();
    let location = exchange.response_header("location").unwrap_or_default();
    placeholders(location).into_iter().chain(placeholders(&response)).map(str::to_owned).collect()
}

/// The placeholders of codes and tokens in a text.
fn placeholders(text: &str) -> Vec<&str> {
    let starts = text.match_indices('[').map(|(at, _)| &text[at..]);
    let of_a_kind = starts.filter(|rest| KINDS.iter().any(|kind| rest.starts_with(kind)));
    of_a_kind.filter_map(|rest| rest.find(']').map(|end| &rest[..=end])).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::{exchange, set};
    use super::*;
    use crate::domain::Endpoint;

    fn answered(number: u64, location: &str) -> Exchange {
        let mut answered = exchange(number, Endpoint::Portal, "POST", "/consent");
        set(&mut answered.response_headers, "location", location);
        answered
    }

    fn redeemed(number: u64, field: &str, presented: &str, access: &str, refresh: &str) -> Exchange {
        let mut redeemed = exchange(number, Endpoint::Token, "POST", "/connect/token");
        set(&mut redeemed.form, field, presented);
        redeemed.response = Some(json!({ "access_token": access, "refresh_token": refresh }));
        redeemed
    }

    fn call(number: u64, token: &str) -> Exchange {
        let mut call = exchange(number, Endpoint::Api, "GET", "/v2/tenants/101/patients");
        set(&mut call.headers, "authorization", &format!("Bearer {token}"));
        call
    }

    #[test]
    fn a_call_belongs_to_the_sign_in_that_its_token_comes_from_also_after_a_refresh() {
        let exchanges = [
            answered(1, "http://127.0.0.1:1/callback?code=[code-1]&state=s"),
            redeemed(2, "code", "[code-1]", "[access-token-1]", "[refresh-token-1]"),
            answered(3, "http://127.0.0.1:1/callback?code=[code-2]&state=s"),
            redeemed(4, "code", "[code-2]", "[access-token-2]", "[refresh-token-2]"),
            redeemed(5, "refresh_token", "[refresh-token-1]", "[access-token-3]", "[refresh-token-3]"),
            call(6, "[access-token-3]"),
            call(7, "[access-token-2]"),
        ];
        let lineage = Lineage::of(&exchanges);
        let sign_ins: Vec<Option<u64>> = exchanges.iter().map(|exchange| lineage.sign_in(exchange)).collect();
        assert_eq!(sign_ins, [None, Some(1), None, Some(3), Some(1), Some(1), Some(3)]);
    }

    #[test]
    fn what_was_given_out_unseen_begins_where_it_is_presented_and_what_presents_nothing_is_nobodys() {
        let exchanges = [
            redeemed(5, "code", "[code-9]", "[access-token-9]", ""),
            call(6, "[access-token-9]"),
            exchange(7, Endpoint::Jwks, "GET", "/keys"),
        ];
        let lineage = Lineage::of(&exchanges);
        assert_eq!(exchanges.each_ref().map(|exchange| lineage.sign_in(exchange)), [Some(5), Some(5), None]);
    }
}
