//! Reads manifests from files, folders and standard input.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::input::Input;
use super::reading::{LARGEST, parse};

/// Reads files, folders and stdin (`-`), in the order given.
///
/// Folders are walked in sorted order for `*.yaml`, `*.yml` and `*.json`; hidden entries and links to folders
/// are left out. A file given by name is read whatever its extension, and twice if given twice.
pub fn read(paths: &[String]) -> Input {
    let mut input = Input::default();
    for path in paths {
        if path == "-" {
            add_text(&mut input, path, io::stdin().lock());
        } else if Path::new(path).is_dir() {
            add_folder(&mut input, path);
        } else {
            add_file(&mut input, Path::new(path));
        }
    }
    input
}

fn add_folder(input: &mut Input, folder: &str) {
    let (mut files, problems) = (Vec::new(), input.errors.len());
    walk(input, Path::new(folder), &mut files);
    if files.is_empty() && input.errors.len() == problems {
        // Most likely a mistyped name, which must not pass for a clean review.
        input.errors.push(format!(
            "{folder}: holds no *.yaml, *.yml or *.json file; name another folder, or a file of another name itself"
        ));
    }
    files.iter().for_each(|file| add_file(input, file));
}

fn walk(input: &mut Input, folder: &Path, files: &mut Vec<PathBuf>) {
    let listing = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = listing.unwrap_or_else(|problem| {
        let folder = folder.display().to_string();
        input.errors.push(unreadable(&folder, &problem));
        Vec::new()
    });
    entries.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(input, &entry.path(), files);
        } else if is_manifest(&entry.path()) {
            files.push(entry.path());
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        let mut known = ["yaml", "yml", "json"].iter();
        known.any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn add_file(input: &mut Input, path: &Path) {
    let file = path.display().to_string();
    match File::open(path) {
        Ok(reader) => add_text(input, &file, reader),
        Err(problem) => input.errors.push(unreadable(&file, &problem)),
    }
}

fn add_text(input: &mut Input, file: &str, reader: impl Read) {
    match read_text(file, reader) {
        Ok(text) => input.extend(parse(file, &text)),
        Err(error) => input.errors.push(error),
    }
}

fn read_text(file: &str, reader: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    let length = reader.take(LARGEST as u64 + 1).read_to_end(&mut bytes);
    if length.map_err(|problem| unreadable(file, &problem))? > LARGEST {
        let most = LARGEST >> 20;
        return Err(format!(
            "{file}: larger than {most} MiB, the most one file may have; split it"
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        format!(
            "{file}: line {line} is not UTF-8, and manifests must be; convert the file (PowerShell's `>` may write UTF-16)"
        )
    })
}

fn unreadable(file: &str, problem: &io::Error) -> String {
    format!(
        "{file}: cannot be read ({problem}); name a readable file or folder, or `-` for standard input"
    )
}
