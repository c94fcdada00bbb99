//! How what comes from outside is compared with what is expected: as text, to the last character. Each defect in this table is a
//! comparison that lets something else pass too.

use url::Url;

use super::{Config, Defect};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// CB-01, with the state of an attempt of this browser.
    State,
    /// CB-08, CB-09, with the issuer in the metadata.
    ResponseIssuer,
    /// ID-14, with the issuer that was configured.
    DiscoveredIssuer,
    /// ID-01, with the issuer in the metadata.
    Issuer,
    /// ID-02, with our client id.
    Audience,
    /// ID-03, with our client id.
    AuthorizedParty,
    /// ID-09, with the nonce of the attempt.
    Nonce,
}

/// A careless comparison: what else passes.
#[derive(Clone, Copy, Debug)]
enum Way {
    AnyCase,
    FirstHalf,
    /// More at the end.
    Beginning,
    /// Less at the end.
    Part,
    /// More at both ends.
    Inside,
    /// A slash at the end.
    Slash,
    /// Another scheme, port or path.
    Host,
}

const CARELESS: [(Defect, Compared, Way); 25] = [
    (Defect::ComparesHalfOfState, Compared::State, Way::FirstHalf),
    (Defect::ComparesStateInAnyCase, Compared::State, Way::AnyCase),
    (Defect::ComparesBeginningOfState, Compared::State, Way::Beginning),
    (Defect::TakesPartOfState, Compared::State, Way::Part),
    (Defect::FindsStateInside, Compared::State, Way::Inside),
    (Defect::CutsSlashOfResponseIssuer, Compared::ResponseIssuer, Way::Slash),
    (Defect::ComparesResponseIssuerInAnyCase, Compared::ResponseIssuer, Way::AnyCase),
    (Defect::ComparesHostOfResponseIssuer, Compared::ResponseIssuer, Way::Host),
    (Defect::ComparesBeginningOfResponseIssuer, Compared::ResponseIssuer, Way::Beginning),
    (Defect::FindsResponseIssuerInside, Compared::ResponseIssuer, Way::Inside),
    (Defect::ComparesHostOfDiscoveredIssuer, Compared::DiscoveredIssuer, Way::Host),
    (Defect::ComparesBeginningOfDiscoveredIssuer, Compared::DiscoveredIssuer, Way::Beginning),
    (Defect::CutsSlashOfIssuer, Compared::Issuer, Way::Slash),
    (Defect::ComparesIssuerInAnyCase, Compared::Issuer, Way::AnyCase),
    (Defect::ComparesHostOfIssuer, Compared::Issuer, Way::Host),
    (Defect::ComparesBeginningOfIssuer, Compared::Issuer, Way::Beginning),
    (Defect::FindsIssuerInside, Compared::Issuer, Way::Inside),
    (Defect::ComparesBeginningOfAudience, Compared::Audience, Way::Beginning),
    (Defect::FindsAudienceInside, Compared::Audience, Way::Inside),
    (Defect::ComparesAudienceInAnyCase, Compared::Audience, Way::AnyCase),
    (Defect::ComparesBeginningOfAzp, Compared::AuthorizedParty, Way::Beginning),
    (Defect::ComparesHalfOfNonce, Compared::Nonce, Way::FirstHalf),
    (Defect::ComparesNonceInAnyCase, Compared::Nonce, Way::AnyCase),
    (Defect::ComparesBeginningOfNonce, Compared::Nonce, Way::Beginning),
    (Defect::TakesPartOfNonce, Compared::Nonce, Way::Part),
];

impl Config {
    pub(super) fn same(&self, compared: Compared, expected: &str, given: &str) -> bool {
        let careless = CARELESS.iter().find(|(defect, what, _)| *what == compared && self.has(*defect));
        let trimmed = compared == Compared::ResponseIssuer && self.has(Defect::TrimsClaims) && expected == given.trim();
        expected == given || trimmed || careless.is_some_and(|(_, _, way)| way.passes(expected, given))
    }

    /// Whether a defect compares the state carelessly: it would do no harm beside PKCE or a nonce.
    pub(super) fn compares_state_carelessly(&self) -> bool {
        CARELESS.iter().any(|(defect, what, _)| *what == Compared::State && self.has(*defect))
    }
}

impl Way {
    fn passes(self, expected: &str, given: &str) -> bool {
        let half = expected.len() / 2;
        match self {
            Self::AnyCase => expected.eq_ignore_ascii_case(given),
            Self::FirstHalf => given.get(..half) == expected.get(..half),
            Self::Beginning => given.starts_with(expected),
            Self::Part => !given.is_empty() && expected.starts_with(given),
            Self::Inside => given.contains(expected),
            Self::Slash => given.trim_end_matches('/') == expected.trim_end_matches('/'),
            Self::Host => host(given).is_some() && host(given) == host(expected),
        }
    }
}

fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_careless_way_lets_its_own_near_miss_pass_and_nothing_quite_different() {
        for (way, expected, near) in [
            (Way::AnyCase, "Abcdef", "aBCDEF"),
            (Way::FirstHalf, "Abcdef", "Abcxyz"),
            (Way::Beginning, "Abcdef", "Abcdef0"),
            (Way::Part, "Abcdef", "Abc"),
            (Way::Inside, "Abcdef", "x-Abcdef-x"),
            (Way::Slash, "https://a.example", "https://a.example/"),
            (Way::Host, "https://a.example", "http://a.example:81/other"),
        ] {
            assert!(way.passes(expected, near), "{way:?}");
            assert!(!way.passes(expected, "https://another.example"), "{way:?}");
        }
    }
}
