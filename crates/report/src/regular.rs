//! Files that are read and written whole. Those of a record that came from elsewhere are regular ones, of a size that can be meant, in the
//! record's own folder.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path};

/// A record, or a file beside it, in bytes.
const LARGEST: u64 = 512 << 20;

/// A file's bytes. What a link leads to, a device or a pipe is none.
///
/// # Errors
/// When it is no regular file, too large, or cannot be read.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {LARGEST} bytes")));
    }
    Ok(bytes)
}

/// The bytes of the file that a record names, if it lies in the record's folder and nothing on the way to it is a link.
pub fn read_kept(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let mut path = folder.to_owned();
    for part in Path::new(name).components() {
        let Component::Normal(part) = part else { return None };
        path.push(part);
        if fs::symlink_metadata(&path).ok()?.is_symlink() {
            return None;
        }
    }
    read_regular(&path).ok()
}

/// Writes a file that is complete before it takes its name.
///
/// # Errors
/// When it cannot be written; what stood there before stands there still.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_files_of_the_folder_itself_are_read() {
        let [own, foreign] = [tempfile::tempdir(), tempfile::tempdir()].map(|folder| folder.expect("a folder"));
        let write = |path: &Path| fs::write(path, "kept").expect("writes");
        fs::create_dir(own.path().join("evidence")).expect("a folder");
        write(&own.path().join("evidence/one.png"));
        write(&foreign.path().join("two.png"));
        symlink(foreign.path().join("two.png"), own.path().join("evidence/two.png")).expect("a link");
        symlink(foreign.path(), own.path().join("elsewhere")).expect("a link");
        let read = |name: &str| read_kept(own.path(), name);
        assert_eq!(read("evidence/one.png").as_deref(), Some(&b"kept"[..]));
        let absolute = foreign.path().join("two.png").to_string_lossy().into_owned();
        let up = format!("../{}/two.png", foreign.path().file_name().expect("a name").to_string_lossy());
        for name in ["evidence/two.png", "elsewhere/two.png", &absolute, &up, "evidence", "", "evidence/three.png"] {
            assert_eq!(read(name), None, "{name}");
        }
        assert!(read_regular(Path::new("/dev/zero")).is_err());
    }
}
