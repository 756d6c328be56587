//! Policy, nodes and namespaces from files; each keeps its last good content while the file is bad.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Part;
use super::parts::{Change, Space};
use crate::config::{documents, fleet, policy};
use crate::engine::ProjectMetadata;
use crate::server::watched::WatchedFile;

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
#[error("--{}: {}: {problem}", part.word(), path.display())]
pub struct WorldError {
    part: Part,
    path: PathBuf,
    problem: Box<Problem>,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot be read ({0}); name a readable file")]
    Unreadable(#[from] std::io::Error),
    #[error("not a policy to be taken\n{0}")]
    Policy(#[from] policy::PolicyErrors),
    #[error("{0}")]
    Fleet(#[from] fleet::FleetError),
}

/// The files that are there.
#[derive(Debug)]
pub(in crate::server) struct WorldFiles(Vec<WorldFile>);

#[derive(Debug)]
struct WorldFile {
    part: Part,
    file: WatchedFile,
    /// When it was last found in order.
    seen: Instant,
    is_bad: bool,
}

/// What looking again brought.
#[derive(Debug, Default)]
pub(in crate::server) struct Refreshed {
    /// What is new and good.
    pub(in crate::server) changes: Vec<Change>,
    /// What was not taken.
    pub(in crate::server) refused: Vec<(Part, WorldError)>,
}

impl WorldFiles {
    /// Reads all of them for the first time.
    pub(in crate::server) fn open(
        files: [(Part, Option<&Path>); 3],
    ) -> Result<(Self, Vec<Change>), WorldError> {
        let mut opened = Self(Vec::new());
        for (part, path) in files {
            opened.0.extend(path.map(|path| WorldFile::new(part, path)));
        }
        let mut refreshed = opened.refresh();
        match refreshed.refused.pop() {
            Some((_, error)) => Err(error),
            None => Ok((opened, refreshed.changes)),
        }
    }

    /// Looks at every file again.
    pub(in crate::server) fn refresh(&mut self) -> Refreshed {
        let mut refreshed = Refreshed::default();
        for file in &mut self.0 {
            match file.news() {
                Ok(changes) => {
                    file.is_bad &= changes.is_empty();
                    refreshed.changes.extend(changes);
                }
                Err(error) => {
                    file.is_bad = true;
                    refreshed.refused.push((file.part, error));
                }
            }
            if !file.is_bad {
                file.seen = Instant::now();
            }
        }
        refreshed
    }

    /// When each was last found in order.
    pub(in crate::server) fn seen(&self) -> impl Iterator<Item = (Part, Instant)> {
        self.0.iter().map(|file| (file.part, file.seen))
    }
}

impl WorldFile {
    fn new(part: Part, path: &Path) -> Self {
        Self {
            part,
            file: WatchedFile::new(path.to_owned()),
            seen: Instant::now(),
            is_bad: false,
        }
    }

    fn news(&mut self) -> Result<Vec<Change>, WorldError> {
        let part = self.part;
        let read = |file: &mut WatchedFile| {
            let Some(text) = file.news()? else {
                return Ok(Vec::new());
            };
            changes(part, &file.path().display().to_string(), &text)
        };
        read(&mut self.file).map_err(|problem| WorldError {
            part,
            path: self.file.path().to_owned(),
            problem: Box::new(problem),
        })
    }
}

/// What a file's text says.
fn changes(part: Part, source: &str, text: &str) -> Result<Vec<Change>, Problem> {
    let parsed = || documents::parse(source, text);
    Ok(match part {
        Part::Policy => vec![Change::Policy(Box::new(policy::read(source, text)?))],
        // RuntimeClasses stand in the same file.
        Part::Nodes | Part::RuntimeClasses => vec![
            Change::AllNodes(fleet::nodes(source, parsed())?),
            Change::AllRuntimeClasses(fleet::handlers(parsed())?),
        ],
        // Quotas stand in the same file.
        Part::Namespaces | Part::Quotas => {
            let views = fleet::namespace_views(source, parsed())?.into_iter();
            // Its quotas are in each of them already.
            let spaces = views.map(|(name, view)| {
                let marks = ProjectMetadata::default();
                (name, Space { view, marks })
            });
            vec![Change::AllNamespaces(spaces.collect())]
        }
    })
}
