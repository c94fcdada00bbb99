//! What is packed in a text: in base64, compressed or not, one in the other, as the cookies of well-known frameworks are.

use std::io::Read;
use std::sync::LazyLock;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use regex::Regex;

/// Layers of packing.
const DEEPEST: usize = 3;
/// Bytes of base64 that are looked into, and that come out of all that is packed in one text.
const LONGEST: usize = 1 << 18;
const MOST: usize = 1 << 21;
/// Longer texts are no sessions: a deflated one tells by no mark that it is one.
const LONGEST_UNMARKED: usize = 1 << 14;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ENGINES: [GeneralPurpose; 2] = [GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT), GeneralPurpose::new(&alphabet::STANDARD, LENIENT)];

/// Words that may be base64, in the one alphabet and in the other.
static WORDS: LazyLock<[Regex; 2]> =
    LazyLock::new(|| [r"[A-Za-z0-9_-]{40,}", r"[A-Za-z0-9+/]{40,}"].map(|pattern| Regex::new(pattern).expect("well formed")));

/// Texts that are packed in this one.
pub(super) fn unpacked(text: &str) -> Vec<String> {
    let (mut found, mut left) = (Vec::new(), MOST);
    let mut layer = vec![text.to_owned()];
    for _ in 0..DEEPEST {
        let begin = found.len();
        for packed in layer.iter().flat_map(|text| decoded(text)) {
            let inflated = inflated(&packed);
            for bytes in [inflated, Some(packed)].into_iter().flatten() {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let Some(rest) = left.checked_sub(text.len()) else { return found };
                left = rest;
                found.push(text);
            }
        }
        layer = found[begin..].to_vec();
    }
    found
}

fn decoded(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let words =
        WORDS.iter().zip(ENGINES).flat_map(move |(words, engine)| words.find_iter(text).map(move |word| (word.as_str(), engine.clone())));
    words.filter(|(word, _)| word.len() <= LONGEST).filter_map(|(word, engine)| {
        // One character more than a whole number of bytes belongs to something else.
        let whole = if word.len() % 4 == 1 { &word[..word.len() - 1] } else { word };
        engine.decode(whole).ok()
    })
}

/// What zlib, gzip or deflate have made smaller, as far as it can be read.
fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes {
        [0x1f, 0x8b, ..] => read(GzDecoder::new(bytes)),
        [first, second, ..] if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0 => read(ZlibDecoder::new(bytes)),
        _ if bytes.len() <= LONGEST_UNMARKED => read(DeflateDecoder::new(bytes)),
        _ => None,
    }
}

fn read(from: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    // One that is cut off has been read up to there.
    let _ = from.take(u64::try_from(MOST).ok()?).read_to_end(&mut bytes);
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const SESSION: &str = r#"{"user":"ada","token":"a-token-that-nobody-else-has","again":"a-token-that-nobody-else-has"}"#;

    fn finds(packed: &str) -> bool {
        unpacked(packed).iter().any(|text| text.contains("a-token-that-nobody-else-has"))
    }

    macro_rules! packed {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new(), Compression::default());
            encoder.write_all(SESSION.as_bytes()).expect("writes");
            encoder.finish().expect("writes")
        }};
    }

    #[test]
    fn compressed_sessions_are_read_in_every_form() {
        for bytes in [packed!(ZlibEncoder), packed!(GzEncoder), packed!(DeflateEncoder)] {
            assert!(finds(&format!(".{}.aSigned.by-somebody", URL_SAFE_NO_PAD.encode(&bytes))));
            let twice = STANDARD.encode(format!(r#"{{"message":"{}"}}"#, STANDARD.encode(&bytes)));
            assert!(finds(&format!("{twice}--0123456789abcdef0123456789abcdef01234567")), "packed twice");
        }
        assert!(finds(&STANDARD.encode(format!(r#"{{"message":"{}"}}"#, STANDARD.encode(SESSION)))));
    }

    #[test]
    fn what_is_cut_off_or_too_much_does_no_harm() {
        let whole = packed!(ZlibEncoder);
        assert!(finds(&URL_SAFE_NO_PAD.encode(&whole[..whole.len() - 2])));
        assert_eq!(unpacked("a plain text"), Vec::<String>::new());
        let mut bomb = ZlibEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![b'A'; MOST * 4]).expect("writes");
        let texts = unpacked(&STANDARD.encode(bomb.finish().expect("writes")));
        assert!(texts.iter().map(String::len).sum::<usize>() <= MOST);
    }
}
