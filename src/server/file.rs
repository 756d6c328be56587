//! A file that is polled for changes.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clock::now;

/// The pause between two polls, each of which costs a `stat`. The kubelet replaces links, where notifications are lost.
pub(super) const POLL: Duration = Duration::from_secs(1);
/// The largest file that is read; five thousand nodes as kubectl prints them have about 50 MB.
const LARGEST: u64 = 256 << 20;

/// A file that may change, also by a link that is replaced, as the kubelet does with Secrets and ConfigMaps.
#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    version: Option<Version>,
    /// The hash of the last content.
    content: Option<u64>,
}

/// What the metadata say about the content, which is read again after each change: device, inode, size, and the times
/// of the last modification and change in seconds and nanoseconds.
type Version = (u64, u64, u64, (i64, i64), (i64, i64));

fn version(metadata: &Metadata) -> Version {
    (
        metadata.dev(),
        metadata.ino(),
        metadata.size(),
        (metadata.mtime(), metadata.mtime_nsec()),
        (metadata.ctime(), metadata.ctime_nsec()),
    )
}

/// Whether a further change would change the version. Times of files advance in steps of some milliseconds, so two
/// writes of one size within a step look like one.
fn is_settled(version: &Version) -> bool {
    version.4.0 < now() - 1
}

impl WatchedFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            version: None,
            content: None,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's text, if it is another one than the last time. After an error every text is another one.
    pub(super) fn changed_text(&mut self) -> io::Result<Option<String>> {
        let changed = self.read_changed();
        if changed.is_err() {
            (self.version, self.content) = (None, None);
        }
        changed
    }

    fn read_changed(&mut self) -> io::Result<Option<String>> {
        let version = version(&fs::metadata(&self.path)?);
        if self.version == Some(version) {
            return Ok(None);
        }
        let text = read(&self.path)?;
        self.version = Some(version).filter(is_settled);
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let content = Some(hasher.finish());
        let is_new = std::mem::replace(&mut self.content, content) != content;
        Ok(is_new.then_some(text))
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        let problem = format!("larger than {LARGEST} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::WatchedFile;

    #[test]
    fn only_another_content_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one").unwrap();
        let mut file = WatchedFile::new(path.clone());
        assert_eq!(file.changed_text().unwrap().as_deref(), Some("one"));
        assert_eq!(file.changed_text().unwrap(), None);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "one").unwrap();
        assert_eq!(file.changed_text().unwrap(), None, "the same content again");
        fs::write(&path, "two").unwrap();
        assert_eq!(file.changed_text().unwrap().as_deref(), Some("two"));
    }

    #[test]
    fn a_link_that_is_replaced_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("a")).unwrap();
        fs::create_dir(at("b")).unwrap();
        fs::write(at("a/file"), "one").unwrap();
        fs::write(at("b/file"), "two").unwrap();
        symlink(at("a"), at("..data")).unwrap();
        let mut file = WatchedFile::new(at("..data/file"));
        assert_eq!(file.changed_text().unwrap().as_deref(), Some("one"));
        symlink(at("b"), at("..new")).unwrap();
        fs::rename(at("..new"), at("..data")).unwrap();
        assert_eq!(file.changed_text().unwrap().as_deref(), Some("two"));
    }

    #[test]
    fn a_file_that_comes_back_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut file = WatchedFile::new(path.clone());
        assert!(file.changed_text().is_err());
        fs::write(&path, "one").unwrap();
        assert_eq!(file.changed_text().unwrap().as_deref(), Some("one"));
        fs::remove_file(&path).unwrap();
        assert!(file.changed_text().is_err());
    }
}
