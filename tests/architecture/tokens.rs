//! Source text as tokens: comments and the insides of texts cannot be mistaken for code.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token, groups opened out: an opening and a closing bracket are tokens of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    /// 1-based.
    pub line: usize,
    /// Whether it is a literal in double quotes.
    pub is_text: bool,
}

/// The tokens of a file. Doc comments are comments, not attributes.
pub fn tokens(path: &str, source: &str) -> Vec<Token> {
    let stream = TokenStream::from_str(source).unwrap_or_else(|error| panic!("{path} is not Rust: {error}"));
    let mut found = Vec::new();
    flatten(stream, &mut found);
    found
}

fn flatten(stream: TokenStream, found: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let end = group.span_close().end().line;
                found.push(Token { text: open.to_owned(), line, is_text: false });
                let before = found.len();
                flatten(group.stream(), found);
                let is_doc = open == "[" && found.get(before).is_some_and(|token| token.text == "doc");
                if is_doc {
                    found.truncate(before);
                }
                found.push(Token { text: close.to_owned(), line: end, is_text: false });
            }
            other => {
                let text = other.to_string();
                let is_text = text.ends_with('"') && matches!(other, TokenTree::Literal(_));
                found.push(Token { text, line, is_text });
            }
        }
    }
}

/// The indices at which the texts of `pattern` stand one after the other.
pub fn occurrences<'a>(tokens: &'a [Token], pattern: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    let windows = tokens.windows(pattern.len()).enumerate();
    windows.filter(move |(_, window)| window.iter().zip(pattern).all(|(token, text)| token.text == *text)).map(|(index, _)| index)
}

/// The index of the bracket that closes the one at `open`.
pub fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "{" | "[" => depth += 1,
            ")" | "}" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

#[test]
fn comments_and_texts_are_not_code() {
    let source = "/// crate::cli\n// crate::cli\nfn a() { let b = \"crate::cli\"; }\n";
    let tokens = tokens("a.rs", source);
    assert_eq!(occurrences(&tokens, &["crate", ":", ":", "cli"]).count(), 0);
    assert_eq!(tokens.iter().filter(|token| token.is_text).map(|token| token.line).collect::<Vec<_>>(), [3]);
}
