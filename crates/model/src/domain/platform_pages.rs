use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// How a person goes through a platform's pages where these are not GipoNext's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformPages {
    /// What a person does to sign in; `None` where the sign-in page is GipoNext's.
    pub sign_in: Option<Vec<SignInStep>>,
    /// The consent page; `None` where the platform asks for no consent.
    pub consent: Option<ConsentSelectors>,
}

/// `sign_in` of a target file: a list of steps, or the selectors of one page in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// What a person does, in this order.
    pub steps: Vec<SignInStep>,
    /// The button that grants everything, where the table names it.
    pub allow: Option<String>,
}

/// One step of a sign-in. It waits until its element is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInStep {
    /// What the person does with the element.
    pub act: SignInAct,
    /// CSS selector of the element.
    pub selector: String,
    /// Whether it is passed over where the page comes to rest without the element.
    pub optional: bool,
}

/// What a person does in a step of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInAct {
    /// Types something into a field.
    Fill(Typed),
    /// Clicks.
    Click,
    /// Only waits until it is there.
    Wait,
}

impl SignInAct {
    /// The key that says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fill(_) => "fill",
            Self::Click => "click",
            Self::Wait => "wait",
        }
    }
}

/// What a person types: a key of `[users.NAME]`, or what its variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Typed {
    /// The user's `email`.
    Email,
    /// The password that `password_env` names.
    Password,
    /// The user's `name`.
    Name,
    /// The fixed one-time code that `code_env` names.
    Code,
}

/// `[consent]`: CSS selectors of a platform's consent page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentSelectors {
    /// The button that grants what is chosen.
    pub allow: String,
    /// The button that refuses the whole request; without it nobody can refuse there.
    pub cancel: Option<String>,
    /// The switch of one scope, with `{scope}` in place of its name; without it everything is granted or nothing.
    pub scopes: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenStep {
    /// CSS selector of a field that something is typed into.
    fill: Option<String>,
    /// What is typed.
    with: Option<Typed>,
    /// CSS selector of what is clicked.
    click: Option<String>,
    /// CSS selector of what is only waited for.
    wait: Option<String>,
    /// Whether the step is passed over where the page comes to rest without the element.
    #[serde(default)]
    optional: bool,
}

impl TryFrom<WrittenStep> for SignInStep {
    type Error = String;

    fn try_from(written: WrittenStep) -> Result<Self, String> {
        let WrittenStep { fill, with, click, wait, optional } = written;
        let (act, selector) = match (fill, click, wait, with) {
            (Some(selector), None, None, Some(typed)) => (SignInAct::Fill(typed), selector),
            (Some(selector), None, None, None) => {
                return Err(format!("`fill = \"{selector}\"` needs `with`: `email`, `password`, `name` or `code`"));
            }
            (None, Some(selector), None, None) => (SignInAct::Click, selector),
            (None, None, Some(selector), None) => (SignInAct::Wait, selector),
            (None, None, None, _) => return Err("`fill`, `click` or `wait` is missing, with a CSS selector".to_owned()),
            (None, .., Some(_)) => return Err("`with` goes with `fill` alone".to_owned()),
            _ => return Err("it has one of `fill`, `click` and `wait`: write a step for each".to_owned()),
        };
        if selector.trim().is_empty() { Err("its selector is empty".to_owned()) } else { Ok(Self { act, selector, optional }) }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OnePage {
    /// The field for the name or e-mail address.
    email: String,
    /// The field for the password.
    password: String,
    /// The button that sends both.
    submit: String,
    /// The button that grants everything, on the page after the sign-in.
    allow: Option<String>,
}

/// A list of steps, or the CSS selectors of one page.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is the schema of what is read by hand")]
pub(super) enum WrittenSignIn {
    Steps(Vec<WrittenStep>),
    OnePage(OnePage),
}

impl From<OnePage> for SignIn {
    fn from(page: OnePage) -> Self {
        let step = |act, selector| SignInStep { act, selector, optional: false };
        let steps = vec![
            step(SignInAct::Fill(Typed::Email), page.email),
            step(SignInAct::Fill(Typed::Password), page.password),
            step(SignInAct::Click, page.submit),
        ];
        Self { steps, allow: page.allow }
    }
}

/// By hand, for an error that names a misspelt key.
impl<'de> Deserialize<'de> for SignIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = SignIn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of steps, or a table with `email`, `password` and `submit`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut written: A) -> Result<SignIn, A::Error> {
        let mut steps = Vec::new();
        while let Some(step) = written.next_element::<WrittenStep>()? {
            let number = steps.len() + 1;
            steps.push(SignInStep::try_from(step).map_err(|why| A::Error::custom(format!("step {number} of sign_in: {why}")))?);
        }
        Ok(SignIn { steps, allow: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<SignIn, A::Error> {
        OnePage::deserialize(MapAccessDeserializer::new(members)).map(SignIn::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        sign_in: SignIn,
    }

    fn steps(text: &str) -> Result<Vec<SignInStep>, String> {
        toml::from_str::<File>(text).map(|file| file.sign_in.steps).map_err(|error| error.to_string())
    }

    #[test]
    fn one_page_is_three_steps() {
        let table = steps("[sign_in]\nemail = \"#a\"\npassword = \"#b\"\nsubmit = \"#c\"\nallow = \"#d\"").expect("sound");
        let list = "sign_in = [{ fill = \"#a\", with = \"email\" }, { fill = \"#b\", with = \"password\" }, { click = \"#c\" }]";
        assert_eq!(table, steps(list).expect("sound"));
    }

    #[test]
    fn a_step_keeps_what_it_says() {
        let all = steps("sign_in = [{ click = \"#stay\", optional = true }, { wait = \"#next\" }]").expect("sound");
        assert_eq!(all[0], SignInStep { act: SignInAct::Click, selector: "#stay".to_owned(), optional: true });
        assert_eq!((all[1].act, all[1].optional), (SignInAct::Wait, false));
    }

    #[test]
    fn what_is_no_step_is_told_with_its_line() {
        for (step, told) in [
            ("{ clik = \"#a\" }", "unknown field `clik`, expected one of `fill`, `with`, `click`, `wait`, `optional`"),
            ("{ fill = \"#a\" }", "needs `with`"),
            ("{ fill = \"#a\", with = \"pin\" }", "expected one of `email`, `password`, `name`, `code`"),
            ("{ click = \"#a\", with = \"email\" }", "`with` goes with `fill` alone"),
            ("{ click = \"#a\", wait = \"#b\" }", "a step for each"),
            ("{ optional = true }", "`fill`, `click` or `wait` is missing"),
            ("{ click = \" \" }", "its selector is empty"),
        ] {
            let error = steps(&format!("\nsign_in = [\n  {{ click = \"#z\" }},\n  {step},\n]")).expect_err(step);
            assert!(error.contains(told), "{step}: {error}");
            assert!(error.contains("step 2 of sign_in: ") || error.contains("line 4"), "{step}: {error}");
        }
        let table = steps("[sign_in]\nemail = \"#a\"\nsubmitt = \"#c\"").expect_err("misspelt");
        assert!(table.contains("unknown field `submitt`") && table.contains("`submit`"), "{table}");
    }
}
