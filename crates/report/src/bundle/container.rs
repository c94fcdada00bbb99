//! The plainest ZIP archive: one entry after the other from the first byte on, the directory behind them, and nothing before, between or
//! after. A bundle has no other form: what two tools could unpack in two ways is refused.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::domain::plain_lines;

/// An archive, and all that is in it together when it is unpacked, may not be larger than this, in bytes.
const LARGEST: u64 = 1 << 30;
const LONGEST_NAME: usize = 1024;

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";

/// An archive whose every byte is accounted for. What is packed in it has not been read yet.
pub(super) struct Container {
    file: BufReader<File>,
    entries: Vec<Entry>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub name: String,
    /// In bytes, unpacked.
    pub size: u64,
    packed: u64,
    checksum: u32,
    deflated: bool,
    at: u64,
}

/// The fields that an entry has in its own header and again in the directory, as they stand there.
type Facts = [u8; 26];

impl Container {
    /// # Errors
    /// When the file cannot be read or is no such archive, in words that follow "it".
    pub(super) fn open(file: File) -> Result<Self, String> {
        let length = file.metadata().map_err(told)?.len();
        if length > LARGEST {
            return Err(format!("is larger than {LARGEST} bytes"));
        }
        let mut file = BufReader::new(file);
        let mut entries = Vec::new();
        let mut facts = Vec::new();
        let mut unpacked = 0;
        let start = loop {
            let offset = file.stream_position().map_err(told)?;
            let signature = take(&mut file)?;
            if signature != LOCAL {
                break if signature == CENTRAL || signature == END {
                    offset
                } else {
                    return Err(no_form("something else stands", offset));
                };
            }
            let (entry, fact) = entry(&mut file)?;
            unpacked += entry.size;
            if unpacked > LARGEST {
                return Err(format!("holds more than {LARGEST} bytes"));
            }
            // A seek through the buffer: what is packed is not read yet, and may end behind the file.
            file.seek_relative(i64::try_from(entry.packed).unwrap_or(i64::MAX)).map_err(told)?;
            entries.push((offset, entry));
            facts.push(fact);
        };
        file.seek(SeekFrom::Start(start)).map_err(told)?;
        for ((offset, entry), facts) in entries.iter().zip(&facts) {
            listed(&mut file, *offset, entry, facts)?;
        }
        ended(&mut file, start, entries.len())?;
        if file.stream_position().map_err(told)? != length {
            return Err("has more after its end".to_owned());
        }
        Ok(Self { file, entries: entries.into_iter().map(|(_, entry)| entry).collect() })
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Unpacks an entry, a piece at a time.
    ///
    /// # Errors
    /// When it is not of the size and checksum that it was listed with.
    pub(super) fn unpack(&mut self, entry: &Entry, mut piece: impl FnMut(&[u8])) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(entry.at))?;
        let mut packed = (&mut self.file).take(entry.packed);
        let mut checksum = Crc::new();
        let mut size = 0;
        let mut each = |reader: &mut dyn BufRead| -> io::Result<()> {
            loop {
                let read = reader.fill_buf()?;
                if read.is_empty() {
                    return Ok(());
                }
                let length = read.len();
                size += length as u64;
                if size > entry.size {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                checksum.update(read);
                piece(read);
                reader.consume(length);
            }
        };
        if entry.deflated {
            each(&mut BufReader::new(DeflateDecoder::new(&mut packed)))?;
        } else {
            each(&mut packed)?;
        }
        // What stands behind the end of the compressed data is of no entry.
        let whole = packed.limit() == 0 && size == entry.size && checksum.sum() == entry.checksum;
        whole.then_some(()).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// An entry's own header, from behind its signature.
fn entry(file: &mut BufReader<File>) -> Result<(Entry, Facts), String> {
    let facts: Facts = take(file)?;
    let offset = file.stream_position().map_err(told)?;
    let [needed, flags, method] = [0, 2, 4].map(|at| short(&facts, at));
    let [packed, size] = [14, 18].map(|at| u64::from(long(&facts, at)));
    let [name, extra] = [22, 24].map(|at| usize::from(short(&facts, at)));
    // Bit 11: the name is UTF-8. Every other one changes how the entry is read.
    let plain = needed <= 20 && flags & !(1 << 11) == 0 && extra == 0 && (1..=LONGEST_NAME).contains(&name);
    if !plain || ![0, 8].contains(&method) || (method == 0 && packed != size) {
        return Err(no_form("an entry of another kind stands", offset));
    }
    let mut bytes = vec![0; name];
    file.read_exact(&mut bytes).map_err(told)?;
    let name =
        String::from_utf8(bytes).ok().filter(|name| is_plain(name)).ok_or_else(|| no_form("a name that is no plain one stands", offset))?;
    let at = file.stream_position().map_err(told)?;
    Ok((Entry { name, size, packed, checksum: long(&facts, 10), deflated: method == 8, at }, facts))
}

/// Whether the directory lists the entry as the entry lists itself: a regular file, without a comment.
fn listed(file: &mut BufReader<File>, offset: u64, entry: &Entry, facts: &Facts) -> Result<(), String> {
    let here = file.stream_position().map_err(told)?;
    let signature: [u8; 4] = take(file)?;
    let _made_by: [u8; 2] = take(file)?;
    let again: Facts = take(file)?;
    let rest: [u8; 14] = take(file)?;
    let mut name = vec![0; entry.name.len()];
    file.read_exact(&mut name).map_err(told)?;
    let [comment, disk] = [0, 2].map(|at| short(&rest, at));
    let attributes = long(&rest, 6);
    // The upper half is what a file is at Unix: its type, then set-uid, set-gid and sticky. The lower one is of DOS.
    let [kind, special] = [0o170_000, 0o7000].map(|bits| (attributes >> 16) & bits);
    let is_file = [0, 0o100_000].contains(&kind) && special == 0 && attributes & 0xffff == 0;
    let same = signature == CENTRAL && again == *facts && name == entry.name.as_bytes() && u64::from(long(&rest, 10)) == offset;
    if same && is_file && comment == 0 && disk == 0 {
        return Ok(());
    }
    Err(no_form("its directory does not list what is in it", here))
}

/// The end of the directory.
fn ended(file: &mut BufReader<File>, start: u64, entries: usize) -> Result<(), String> {
    let here = file.stream_position().map_err(told)?;
    let signature: [u8; 4] = take(file)?;
    let rest: [u8; 18] = take(file)?;
    let [disk, of_directory, here_listed, listed, comment] = [0, 2, 4, 6, 16].map(|at| usize::from(short(&rest, at)));
    let [size, offset] = [8, 12].map(|at| u64::from(long(&rest, at)));
    let counts = [here_listed, listed] == [entries, entries] && [disk, of_directory, comment] == [0, 0, 0];
    if signature == END && counts && size == here - start && offset == start {
        return Ok(());
    }
    Err(no_form("its directory does not end as it began", here))
}

/// Relative, with `/`, without anything that leads elsewhere or that a screen would obey.
fn is_plain(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word != "." && word != "..";
    name.split('/').all(is_word) && !name.contains(['\\', ':', '\n', '\t']) && plain_lines(name) == name
}

fn take<const N: usize>(file: &mut BufReader<File>) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).map_err(told)?;
    Ok(bytes)
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from(short(bytes, at)) | u32::from(short(bytes, at + 2)) << 16
}

fn told(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "breaks off".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

fn no_form(what: &str, at: u64) -> String {
    format!("is no archive of collaudo: {what} (byte {at})")
}
