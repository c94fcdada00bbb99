//! A text as it reads once a layer of escapes is undone: of addresses, of markup, of scripts.

use std::borrow::Cow;
use std::ops::Range;

/// The bytes of a text, and where each of them stood before escapes were undone.
pub struct View<'a> {
    bytes: Cow<'a, [u8]>,
    /// Where each byte began, and where the text ended; nothing where no escape was undone.
    origins: Option<Vec<usize>>,
}

/// Names of characters in HTML that stand for what markup needs for itself.
const NAMED: [(&[u8], u8); 5] = [(b"amp;", b'&'), (b"lt;", b'<'), (b"gt;", b'>'), (b"quot;", b'"'), (b"apos;", b'\'')];

impl<'a> View<'a> {
    /// The text as it is, and with one layer of escapes after the other undone, as long as there is one.
    pub fn layers(text: &'a [u8], most: usize) -> Vec<Self> {
        let mut layers = vec![Self { bytes: Cow::Borrowed(text), origins: None }];
        while layers.len() <= most {
            match layers.last().and_then(Self::undone) {
                Some(next) => layers.push(next),
                None => break,
            }
        }
        layers
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a part of it stands in the first text.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        match &self.origins {
            None => range,
            Some(origins) => origins[range.start]..origins[range.end],
        }
    }

    fn undone(&self) -> Option<Self> {
        let text = self.bytes();
        if !text.iter().any(|byte| matches!(byte, b'%' | b'&' | b'\\')) {
            return None;
        }
        let (mut bytes, mut origins) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
        let origin = |place: usize| self.origins.as_ref().map_or(place, |origins| origins[place]);
        let mut place = 0;
        let mut changed = false;
        while place < text.len() {
            let escape = escape(&text[place..]);
            changed |= escape.is_some();
            let (meant, length) = escape.unwrap_or_else(|| (Meant::Byte(text[place]), 1));
            let mut buffer = [0; 4];
            let meant = match meant {
                Meant::Byte(byte) => &[byte][..],
                Meant::Char(c) => c.encode_utf8(&mut buffer).as_bytes(),
            };
            origins.extend(meant.iter().map(|_| origin(place)));
            bytes.extend_from_slice(meant);
            place += length;
        }
        origins.push(origin(text.len()));
        changed.then_some(Self { bytes: Cow::Owned(bytes), origins: Some(origins) })
    }
}

enum Meant {
    Byte(u8),
    Char(char),
}

/// What the escape at the beginning of a text means, and how long it is.
fn escape(text: &[u8]) -> Option<(Meant, usize)> {
    match text {
        [b'%', rest @ ..] => hexadecimal(rest, 2).and_then(|byte| u8::try_from(byte).ok()).map(|byte| (Meant::Byte(byte), 3)),
        [b'&', b'#', b'x' | b'X', rest @ ..] => reference(rest, 16).map(|(c, length)| (c, 3 + length)),
        [b'&', b'#', rest @ ..] => reference(rest, 10).map(|(c, length)| (c, 2 + length)),
        [b'&', rest @ ..] => {
            let named = NAMED.iter().find(|(name, _)| rest.starts_with(name));
            named.map(|(name, byte)| (Meant::Byte(*byte), 1 + name.len()))
        }
        [b'\\', b'u', rest @ ..] => hexadecimal(rest, 4).and_then(char::from_u32).map(|c| (Meant::Char(c), 6)),
        [b'\\', b'x', rest @ ..] => hexadecimal(rest, 2).and_then(char::from_u32).map(|c| (Meant::Char(c), 4)),
        [b'\\', byte @ (b'\\' | b'/' | b'"' | b'\''), ..] => Some((Meant::Byte(*byte), 2)),
        _ => None,
    }
}

fn hexadecimal(text: &[u8], digits: usize) -> Option<u32> {
    let digits = text.get(..digits).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A numeric character reference after its sign: `38;`.
fn reference(text: &[u8], radix: u32) -> Option<(Meant, usize)> {
    let end = text.iter().take(8).position(|byte| *byte == b';')?;
    let digits = std::str::from_utf8(&text[..end]).ok()?;
    let c = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)?;
    Some((Meant::Char(c), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(text: &str, most: usize) -> String {
        let layers = View::layers(text.as_bytes(), most);
        String::from_utf8_lossy(layers.last().expect("the text itself").bytes()).into_owned()
    }

    #[test]
    fn escapes_are_undone_layer_by_layer() {
        assert_eq!(undone("a%26b &amp;&#38;&#x26;&quot; \\u00e8\\/\\\"\\x26", 1), "a&b &&&\" è/\"&");
        assert_eq!(undone("a%2526b%C3%A8", 1), "a%26bè");
        assert_eq!(undone("a%2526b", 3), "a&b");
        for plain in ["", "100 % sure & \\path", "%zz &nosuch; \\u12 &#x;", "&#99999999999;"] {
            assert_eq!(View::layers(plain.as_bytes(), 3).len(), 1, "{plain}");
        }
    }

    #[test]
    fn a_part_is_found_where_it_stood() {
        let text = "x=%2541%26&amp;end";
        let layers = View::layers(text.as_bytes(), 3);
        let last = layers.last().expect("a layer");
        assert_eq!(last.bytes(), b"x=A&&end");
        assert_eq!(&text[last.origin(2..3)], "%2541");
        assert_eq!(&text[last.origin(4..5)], "&amp;");
        assert_eq!(&text[last.origin(5..8)], "end");
    }
}
