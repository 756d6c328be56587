//! Policy, nodes and namespaces from files. While a file is invalid, its last valid content stays in force.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{error, warn};

use super::part::StatePart;
use super::update::{StateUpdate, Update, WatchedNamespace};
use crate::cluster::Heartbeat;
use crate::config::{documents, fleet, policy};
use crate::engine::ProjectMetadata;
use crate::server::file::{POLL, WatchedFile};
use crate::server::log::LastProblem;
use crate::server::shared::Shared;

/// Why a file is invalid.
#[derive(Debug, thiserror::Error)]
#[error("--{}: {}: {problem}", part.word(), path.display())]
pub struct StateFileError {
    part: StatePart,
    path: PathBuf,
    problem: Box<Problem>,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot be read ({0}); name a readable file")]
    Unreadable(#[from] io::Error),
    #[error("not a policy to be taken\n{0}")]
    Policy(#[from] policy::PolicyErrors),
    #[error("{0}")]
    Fleet(#[from] fleet::FleetError),
}

#[derive(Debug)]
pub struct StateFile {
    part: StatePart,
    file: WatchedFile,
    /// When the file was last valid.
    heartbeat: Heartbeat,
    last_problem: LastProblem,
}

impl StateFile {
    /// Reads the file, which has to be valid, for the first time.
    pub fn open(part: StatePart, path: &Path) -> Result<(Self, Vec<StateUpdate>), StateFileError> {
        let mut file = Self {
            part,
            file: WatchedFile::new(path.to_owned()),
            heartbeat: Heartbeat::new(),
            last_problem: LastProblem::default(),
        };
        let updates = file.read()?;
        Ok((file, updates))
    }

    pub async fn watch(mut self, shared: Arc<Shared>, updates: mpsc::Sender<StateUpdate>) {
        shared.metrics.observe(self.part, self.heartbeat.clone());
        loop {
            sleep(POLL).await;
            // Thousands of nodes take a while to read.
            let read = tokio::task::spawn_blocking(move || {
                let read = self.read();
                (self, read)
            });
            let Ok((file, read)) = read.await else {
                error!("reading the files failed; what is in force stays so until a restart");
                return;
            };
            self = file;
            match read {
                Ok(read) => {
                    if !read.is_empty() {
                        self.last_problem.clear();
                    }
                    for update in read {
                        // The receiver ends only with the server.
                        let _ = updates.send(update).await;
                    }
                }
                Err(problem) if self.last_problem.is_new(&problem) => {
                    if self.part == StatePart::Policy {
                        shared.metrics.policy_reload(false);
                    }
                    warn!(
                        %problem,
                        "the {} were not taken, those before stay in force",
                        self.part.word()
                    );
                }
                Err(_) => {}
            }
            if !self.last_problem.exists() {
                self.heartbeat.record();
            }
        }
    }

    fn read(&mut self) -> Result<Vec<StateUpdate>, StateFileError> {
        let (part, path) = (self.part, self.file.path().to_owned());
        let updates = match self.file.changed_text() {
            Ok(Some(text)) => updates(part, &path.display().to_string(), &text),
            Ok(None) => Ok(Vec::new()),
            Err(problem) => Err(problem.into()),
        };
        updates.map_err(|problem| StateFileError {
            part,
            path,
            problem: Box::new(problem),
        })
    }
}

fn updates(part: StatePart, source: &str, text: &str) -> Result<Vec<StateUpdate>, Problem> {
    let parsed = || documents::parse(source, text);
    Ok(match part {
        StatePart::Policy => vec![StateUpdate::Policy(Box::new(policy::read(source, text)?))],
        // One file holds both.
        StatePart::Nodes | StatePart::RuntimeClasses => {
            let input = parsed();
            let nodes = fleet::nodes(source, &input)?.into_iter();
            let nodes = nodes.map(|node| (node.name.clone(), node)).collect();
            let classes = fleet::handlers(&input)?;
            vec![
                StateUpdate::Nodes(Update::All(nodes)),
                StateUpdate::RuntimeClasses(Update::All(classes)),
            ]
        }
        // One file holds both, and each view holds its quotas.
        StatePart::Namespaces | StatePart::Quotas => {
            let views = fleet::namespace_views(source, &parsed())?.into_iter();
            let namespaces = views.map(|(name, view)| {
                let metadata = ProjectMetadata::default();
                (name, WatchedNamespace { view, metadata })
            });
            vec![StateUpdate::Namespaces(Update::All(namespaces.collect()))]
        }
    })
}
