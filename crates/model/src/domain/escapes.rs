//! A text as it reads once a layer of escapes is undone: of addresses, of markup, of scripts.

use std::borrow::Cow;
use std::ops::Range;

/// A text as it is, and with one layer of escapes after the other undone, as long as there is one.
pub(super) struct Layers<'a> {
    text: &'a [u8],
    undone: Vec<Undone>,
}

/// A text without a layer of its escapes.
struct Undone {
    bytes: Vec<u8>,
    /// Places from which on bytes stand elsewhere than before, each with the place before.
    moved: Vec<(usize, usize)>,
}

/// Names of characters in HTML that stand for what markup needs for itself.
const NAMED: [(&[u8], u8); 5] = [(b"amp;", b'&'), (b"lt;", b'<'), (b"gt;", b'>'), (b"quot;", b'"'), (b"apos;", b'\'')];

impl<'a> Layers<'a> {
    pub(super) fn of(text: &'a [u8], most: usize) -> Self {
        let mut layers = Self { text, undone: Vec::new() };
        while layers.undone.len() < most {
            let mut moved = Vec::new();
            let last = layers.undone.last().map_or(text, |undone| &undone.bytes);
            match undone(last, |place, before| moved.push((place, before))) {
                Some(bytes) => layers.undone.push(Undone { bytes, moved }),
                None => break,
            }
        }
        layers
    }

    /// The layers' bytes, the text's own first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.text).chain(self.undone.iter().map(|undone| undone.bytes.as_slice()))
    }

    /// Where a part of a layer stands in the text.
    pub(super) fn origin(&self, layer: usize, range: Range<usize>) -> Range<usize> {
        let below = self.undone[..layer].iter().rev();
        below.fold(range, |range, undone| undone.before(range.start)..undone.before(range.end))
    }
}

impl Undone {
    fn before(&self, place: usize) -> usize {
        match self.moved.partition_point(|(from, _)| *from <= place).checked_sub(1) {
            None => place,
            Some(last) => self.moved[last].1 + place - self.moved[last].0,
        }
    }
}

/// The layers of a text, one after the other; no more than two of them are held at a time.
pub(super) fn each_layer(text: &[u8], most: usize, mut look: impl FnMut(&[u8])) {
    look(text);
    let mut last = Cow::Borrowed(text);
    for _ in 0..most {
        let Some(next) = undone(&last, |_, _| ()) else { break };
        look(&next);
        last = Cow::Owned(next);
    }
}

/// The text with a layer of escapes undone, if there is one. `moved` is told each place from which on bytes stand elsewhere than before.
fn undone(text: &[u8], mut moved: impl FnMut(usize, usize)) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut kept, mut place) = (0, next_sign(text, 0));
    while place < text.len() {
        let Some((meant, length)) = escape(&text[place..]) else {
            place = next_sign(text, place + 1);
            continue;
        };
        if bytes.is_empty() {
            bytes.reserve(text.len());
        }
        bytes.extend_from_slice(&text[kept..place]);
        let mut buffer = [0; 4];
        let meant = match meant {
            Meant::Byte(byte) => &[byte][..],
            Meant::Char(c) => c.encode_utf8(&mut buffer).as_bytes(),
        };
        for byte in meant {
            moved(bytes.len(), place);
            bytes.push(*byte);
        }
        kept = place + length;
        moved(bytes.len(), kept);
        place = next_sign(text, kept);
    }
    (kept > 0).then(|| {
        bytes.extend_from_slice(&text[kept..]);
        bytes
    })
}

/// Where the next escape may begin. By hand: most of the time of a search is spent here and in `Secrets::scan`, and the program that tests
/// build does not compile iterators away.
fn next_sign(text: &[u8], from: usize) -> usize {
    let mut place = from;
    while place < text.len() && text[place] != b'%' && text[place] != b'&' && text[place] != b'\\' {
        place += 1;
    }
    place
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
        let layers = Layers::of(text.as_bytes(), most);
        let mut looked = Vec::new();
        each_layer(text.as_bytes(), most, |layer| looked.push(layer.to_vec()));
        assert_eq!(looked, layers.iter().collect::<Vec<_>>());
        String::from_utf8_lossy(layers.iter().last().expect("the text itself")).into_owned()
    }

    #[test]
    fn escapes_are_undone_layer_by_layer() {
        assert_eq!(undone("a%26b &amp;&#38;&#x26;&quot; \\u00e8\\/\\\"\\x26", 1), "a&b &&&\" è/\"&");
        assert_eq!(undone("a%2526b%C3%A8", 1), "a%26bè");
        assert_eq!(undone("a%2526b", 3), "a&b");
        for plain in ["", "100 % sure & \\path", "%zz &nosuch; \\u12 &#x;", "&#99999999999;"] {
            assert_eq!(Layers::of(plain.as_bytes(), 3).iter().count(), 1, "{plain}");
        }
    }

    #[test]
    fn a_part_is_found_where_it_stood() {
        let text = "x=%2541%26&amp;end";
        let layers = Layers::of(text.as_bytes(), 3);
        let last = layers.iter().count() - 1;
        assert_eq!(layers.iter().nth(last), Some(&b"x=A&&end"[..]));
        assert_eq!(&text[layers.origin(last, 0..2)], "x=");
        assert_eq!(&text[layers.origin(last, 2..3)], "%2541");
        assert_eq!(&text[layers.origin(last, 4..5)], "&amp;");
        assert_eq!(&text[layers.origin(last, 5..8)], "end");
    }
}
