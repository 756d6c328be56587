//! Kubernetes objects out of files, folders and standard input; one broken document never hides the others.

pub(super) mod chunk;
mod doubled;
mod strict;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use chunk::split;

const MEBIBYTE: usize = 1024 * 1024;
const LARGEST_MEBIBYTES: usize = 64;
const LARGEST: usize = LARGEST_MEBIBYTES * MEBIBYTE;

/// One object of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The file as given or found, `-` for standard input.
    pub source: String,
    /// Which document of the file, from 0; as kubectl counts, those of only comments or `null` are none.
    pub index: usize,
    /// The position in a `List`; in a list inside a list, that of the outermost.
    pub item: Option<usize>,
    /// The object as read.
    pub value: Value,
}

/// Where in the input something stands; people are told documents from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as given or found, `-` for standard input.
    pub file: String,
    /// Which document of the file, counted like [`Document::index`].
    pub document: usize,
    /// From 1, where known.
    pub line: Option<usize>,
    /// From 1, where known.
    pub column: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: document {}", self.file, self.document + 1)?;
        self.line
            .map_or(Ok(()), |line| write!(f, ", line {line}"))?;
        self.column
            .map_or(Ok(()), |column| write!(f, ", column {column}"))
    }
}

/// Something that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file or folder is missing or closed to us.
    #[error(
        "{file}: cannot be read ({problem}); name a readable file or folder, or `-` for standard input"
    )]
    Unreadable {
        /// As given or found.
        file: String,
        /// What the system says.
        problem: io::Error,
    },
    /// More than one file may have.
    #[error("{file}: larger than {LARGEST_MEBIBYTES} MiB, the most one file may have; split it")]
    TooLarge {
        /// As given or found.
        file: String,
    },
    /// Another encoding, or no text at all.
    #[error(
        "{file}: line {line} is not UTF-8, and manifests must be; convert the file (PowerShell's `>` may write UTF-16)"
    )]
    NotText {
        /// As given or found.
        file: String,
        /// The first line that is not, from 1.
        line: usize,
    },
    /// Most likely a mistyped name, which must not pass for a clean review.
    #[error(
        "{folder}: holds no *.yaml, *.yml or *.json file; name another folder, or a file of another name itself"
    )]
    NoManifest {
        /// As given.
        folder: String,
    },
    /// Neither YAML nor JSON that has one meaning.
    #[error("{place}: {problem}")]
    Malformed {
        /// Where.
        place: Place,
        /// What was found, what is allowed, how to fix it.
        problem: String,
    },
    /// Not a manifest yet.
    #[error(
        "{place}: {problem}; it looks like a template (`{{{{`), which must be rendered first: review what `helm template` or the like prints"
    )]
    Template {
        /// Where.
        place: Place,
        /// What the reader stumbled over.
        problem: String,
    },
}

/// A key that stands twice in one object. kubectl takes the last one, and so does what is read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{place}: the key `{key}` stands twice in one object, and the last one counts, as for kubectl; remove one of them"
)]
pub struct Doubled {
    /// Where it stands again.
    pub place: Place,
    /// The key.
    pub key: String,
}

/// All that was read, and all that could not be.
#[derive(Debug, Default)]
pub struct Input {
    /// In the order of the input, lists taken apart.
    pub documents: Vec<Document>,
    /// In the order of the input.
    pub errors: Vec<InputError>,
    /// In the order of the input.
    pub doubled: Vec<Doubled>,
    /// How many lists were taken apart, empty ones too.
    pub lists: usize,
}

/// Reads files, folders and stdin (`-`), in the order given.
///
/// Folders are walked in sorted order for `*.yaml`, `*.yml` and `*.json`; hidden entries and links to folders
/// are left out. A file given by name is read whatever its extension, and twice if given twice.
pub fn read(paths: &[String]) -> Input {
    let mut input = Input::default();
    for path in paths {
        if path == "-" {
            input.add_text(path, read_text(path, io::stdin().lock()));
        } else if Path::new(path).is_dir() {
            input.add_folder(path);
        } else {
            input.add_file(Path::new(path));
        }
    }
    input
}

/// Splits and parses one text: YAML documents, or JSON objects one after the other.
///
/// Lists are taken apart into their items, which get the kind their list implies. What is no `true` or `false`
/// is no boolean (`off` is a string), leading zeros are octal as in kubectl's reader, and infinities and NaN
/// are strings.
pub fn parse(source: &str, text: &str) -> Input {
    let mut input = Input::default();
    let mut index = 0;
    for chunk in split(text) {
        for reading in chunk.read() {
            let doubled = reading.doubled.into_iter();
            let doubled = doubled.map(|flaw| flaw.doubled(source, index, &chunk));
            input.doubled.extend(doubled);
            match reading.value {
                Ok(Value::Null) => continue,
                Ok(value) => input.add_value(source, index, None, value),
                Err(flaw) => input.errors.push(flaw.at(source, index, &chunk)),
            }
            index += 1;
        }
    }
    input
}

impl Input {
    /// Adds what was read elsewhere.
    pub fn extend(&mut self, more: Self) {
        self.documents.extend(more.documents);
        self.errors.extend(more.errors);
        self.doubled.extend(more.doubled);
        self.lists += more.lists;
    }

    fn add_folder(&mut self, folder: &str) {
        let mut files = Vec::new();
        let problems = self.errors.len();
        self.walk(Path::new(folder), &mut files);
        if files.is_empty() && self.errors.len() == problems {
            self.errors.push(InputError::NoManifest {
                folder: folder.to_owned(),
            });
        }
        files.iter().for_each(|file| self.add_file(file));
    }

    fn walk(&mut self, folder: &Path, files: &mut Vec<PathBuf>) {
        let listing = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match listing {
            Ok(entries) => entries,
            Err(problem) => {
                self.errors.push(InputError::Unreadable {
                    file: folder.display().to_string(),
                    problem,
                });
                return;
            }
        };
        entries.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.walk(&entry.path(), files);
            } else if is_manifest(&entry.path()) {
                files.push(entry.path());
            }
        }
    }

    fn add_file(&mut self, path: &Path) {
        let file = path.display().to_string();
        let text = File::open(path)
            .map_err(|problem| InputError::Unreadable {
                file: file.clone(),
                problem,
            })
            .and_then(|reader| read_text(&file, reader));
        self.add_text(&file, text);
    }

    fn add_text(&mut self, source: &str, text: Result<String, InputError>) {
        match text {
            Ok(text) => {
                self.extend(parse(source, &text));
            }
            Err(error) => self.errors.push(error),
        }
    }

    fn add_value(&mut self, source: &str, index: usize, item: Option<usize>, mut value: Value) {
        if let Some(items) = list_items(&mut value) {
            self.lists += 1;
            for (position, value) in items.into_iter().enumerate() {
                self.add_value(source, index, item.or(Some(position)), value);
            }
        } else {
            self.documents.push(Document {
                source: source.to_owned(),
                index,
                item,
                value,
            });
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn read_text(file: &str, reader: impl Read) -> Result<String, InputError> {
    let file = file.to_owned();
    let mut bytes = Vec::new();
    let limited = reader.take(LARGEST as u64 + 1).read_to_end(&mut bytes);
    match limited {
        Err(problem) => Err(InputError::Unreadable { file, problem }),
        Ok(length) if length > LARGEST => Err(InputError::TooLarge { file }),
        Ok(_) => String::from_utf8(bytes).map_err(|error| {
            let valid = error
                .as_bytes()
                .iter()
                .take(error.utf8_error().valid_up_to());
            let line = 1 + valid.filter(|byte| **byte == b'\n').count();
            InputError::NotText { file, line }
        }),
    }
}

/// Takes out a list's items, with the kind and version that those of a typed list (`PodList`) leave out.
fn list_items(value: &mut Value) -> Option<Vec<Value>> {
    let text = |key| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let (kind, version) = (text("kind")?, text("apiVersion"));
    let kind = kind.strip_suffix("List")?;
    let mut items = std::mem::take(value.get_mut("items")?.as_array_mut()?);
    if !kind.is_empty() {
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            for (key, text) in [("kind", Some(kind)), ("apiVersion", version.as_deref())] {
                if let (Some(text), false) = (text, item.contains_key(key)) {
                    item.shift_insert(0, key.to_owned(), text.into());
                }
            }
        }
    }
    Some(items)
}
