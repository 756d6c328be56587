//! A file whose content is looked at again and again; it says so when there is something new in it.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The largest file that is read; five thousand nodes as kubectl prints them have about 50 MB.
const LARGEST: u64 = 256 << 20;

/// A file that may change, also by a link that is turned, as the kubelet does with Secrets and ConfigMaps.
#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    stamp: Option<Stamp>,
    content: Option<u64>,
    /// So that a fault is said once.
    fault: Option<String>,
}

/// What a file's metadata say of its content; a change of it makes the content be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a further change would be seen in it. Times of files go in steps of some milliseconds, so that what is
    /// written twice within one, in the same size, looks as if it was written once.
    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_secs());
        i64::try_from(now).is_ok_and(|now| self.changed.0 < now - 1)
    }
}

impl WatchedFile {
    /// A file nobody has looked into.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            stamp: None,
            content: None,
            fault: None,
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its text, where it is not the one that was handed out last.
    ///
    /// # Errors
    /// When it cannot be read, and that was not already so the last time.
    pub(super) fn news(&mut self) -> Result<Option<String>, io::Error> {
        match self.look() {
            Ok(text) => {
                self.fault = None;
                Ok(text)
            }
            Err(error) => {
                // What comes back after a fault is news, even if it has not changed.
                self.stamp = None;
                self.content = None;
                let said = error.to_string();
                if self.fault.as_ref() == Some(&said) {
                    return Ok(None);
                }
                self.fault = Some(said);
                Err(error)
            }
        }
    }

    fn look(&mut self) -> Result<Option<String>, io::Error> {
        let stamp = Stamp::of(&fs::metadata(&self.path)?);
        if self.stamp == Some(stamp) {
            return Ok(None);
        }
        let text = read(&self.path)?;
        self.stamp = Some(stamp).filter(|stamp| stamp.is_settled());
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let content = hasher.finish();
        Ok((self.content.replace(content) != Some(content)).then_some(text))
    }
}

/// Reads a file, unless it is too large for what it is to hold.
fn read(path: &Path) -> Result<String, io::Error> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    match text.len() as u64 > LARGEST {
        false => Ok(text),
        true => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than {LARGEST} bytes"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::WatchedFile;

    #[test]
    fn only_another_content_is_news() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one").unwrap();
        let mut file = WatchedFile::new(path.clone());
        assert_eq!(file.news().unwrap().as_deref(), Some("one"));
        assert_eq!(file.news().unwrap(), None);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "one").unwrap();
        assert_eq!(file.news().unwrap(), None, "the same content again");
        fs::write(&path, "two").unwrap();
        assert_eq!(file.news().unwrap().as_deref(), Some("two"));
    }

    #[test]
    fn a_link_that_is_turned_is_news() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("a")).unwrap();
        fs::create_dir(at("b")).unwrap();
        fs::write(at("a/file"), "one").unwrap();
        fs::write(at("b/file"), "two").unwrap();
        symlink(at("a"), at("..data")).unwrap();
        let mut file = WatchedFile::new(at("..data/file"));
        assert_eq!(file.news().unwrap().as_deref(), Some("one"));
        symlink(at("b"), at("..new")).unwrap();
        fs::rename(at("..new"), at("..data")).unwrap();
        assert_eq!(file.news().unwrap().as_deref(), Some("two"));
    }

    #[test]
    fn a_fault_is_said_once_and_what_comes_back_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut file = WatchedFile::new(path.clone());
        assert!(file.news().is_err());
        assert_eq!(file.news().unwrap(), None);
        fs::write(&path, "one").unwrap();
        assert_eq!(file.news().unwrap().as_deref(), Some("one"));
        fs::remove_file(&path).unwrap();
        assert!(file.news().is_err());
    }
}
