//! Policy, nodes and namespaces from files; each keeps its last good content while the file is bad.

mod remembered;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::watched::WatchedFile;
use crate::admission::World;
use crate::config::{documents, fleet, policy};
use crate::engine::supply::NodeView;
use crate::engine::{NamespaceView, Namespaces, NeverMatched, Policy};
use remembered::Remembered;

/// Which part of the world a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Policy,
    Nodes,
    Namespaces,
}

impl Part {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Policy, Self::Nodes, Self::Namespaces];

    /// The word of logs and metrics.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Nodes => "nodes",
            Self::Namespaces => "namespaces",
        }
    }
}

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
    #[error("the built-in policy cannot be read: {0}")]
    BuiltIn(policy::PolicyErrors),
}

/// The files, and the last good content of each.
#[derive(Debug)]
pub(super) struct WorldFiles {
    policy: Option<WatchedFile>,
    nodes: WatchedFile,
    namespaces: WatchedFile,
    good: Good,
    /// When each was last found in order.
    seen: [Instant; 3],
    bad: [bool; 3],
}

#[derive(Debug)]
struct Good {
    policy: Policy,
    nodes: Vec<NodeView>,
    remembered: Remembered,
    namespaces: HashMap<String, NamespaceView>,
    never_matched: NeverMatched,
}

/// What looking again brought.
#[derive(Debug, Default)]
pub(super) struct Refreshed {
    /// A new world, if anything good is new.
    pub(super) world: Option<World>,
    /// What was taken.
    pub(super) taken: Vec<Part>,
    /// What was not.
    pub(super) refused: Vec<(Part, WorldError)>,
}

impl WorldFiles {
    /// Reads everything for the first time.
    pub(super) fn open(
        policy: Option<PathBuf>,
        nodes: PathBuf,
        namespaces: PathBuf,
        never_matched: NeverMatched,
    ) -> Result<(Self, World), WorldError> {
        let mut policy = policy.map(WatchedFile::new);
        let mut nodes = WatchedFile::new(nodes);
        let mut namespaces = WatchedFile::new(namespaces);
        let good = Good {
            policy: match &mut policy {
                Some(file) => first(Part::Policy, file, read_policy)?,
                None => policy::built_in().map_err(|errors| WorldError {
                    part: Part::Policy,
                    path: PathBuf::new(),
                    problem: Box::new(Problem::BuiltIn(errors)),
                })?,
            },
            nodes: first(Part::Nodes, &mut nodes, read_nodes)?,
            remembered: Remembered::default(),
            namespaces: first(Part::Namespaces, &mut namespaces, read_namespaces)?,
            never_matched,
        };
        let world = good.world();
        let files = Self {
            policy,
            nodes,
            namespaces,
            good,
            seen: [Instant::now(); 3],
            bad: [false; 3],
        };
        Ok((files, world))
    }

    /// Looks at every file again.
    pub(super) fn refresh(&mut self) -> Refreshed {
        let mut refreshed = Refreshed::default();
        let good = &mut self.good;
        if let Some(file) = &mut self.policy {
            let news = again(Part::Policy, file, read_policy);
            refreshed.note(Part::Policy, news, &mut good.policy, &mut self.bad[0]);
        }
        let now = Instant::now();
        let news = again(Part::Nodes, &mut self.nodes, read_nodes);
        if let Ok(Some(after)) = &news {
            good.remembered.note(&good.nodes, after, now);
        }
        refreshed.note(Part::Nodes, news, &mut good.nodes, &mut self.bad[1]);
        let is_forgotten = good.remembered.forget(good.remember(), now);
        let news = again(Part::Namespaces, &mut self.namespaces, read_namespaces);
        refreshed.note(
            Part::Namespaces,
            news,
            &mut good.namespaces,
            &mut self.bad[2],
        );
        for (seen, bad) in self.seen.iter_mut().zip(&self.bad) {
            if !bad {
                *seen = Instant::now();
            }
        }
        if is_forgotten || !refreshed.taken.is_empty() {
            refreshed.world = Some(self.good.world());
        }
        refreshed
    }

    /// When each part was last found in order.
    pub(super) fn seen(&self) -> [(Part, Instant); 3] {
        let [policy, nodes, namespaces] = self.seen;
        let [a, b, c] = Part::ALL;
        [(a, policy), (b, nodes), (c, namespaces)]
    }
}

impl Refreshed {
    fn note<T>(
        &mut self,
        part: Part,
        news: Result<Option<T>, WorldError>,
        good: &mut T,
        bad: &mut bool,
    ) {
        match news {
            Ok(None) => {}
            Ok(Some(new)) => {
                *good = new;
                *bad = false;
                self.taken.push(part);
            }
            Err(error) => {
                *bad = true;
                self.refused.push((part, error));
            }
        }
    }
}

impl Good {
    fn remember(&self) -> Duration {
        Duration::from_secs(self.policy.supply.remember_seconds)
    }

    fn world(&self) -> World {
        let nodes = self.nodes.iter().cloned().chain(self.remembered.nodes());
        World {
            policy: self.policy.clone(),
            supply: fleet::supply(nodes.collect(), &self.policy),
            namespaces: Namespaces::known(self.namespaces.clone())
                .with_never_matched(self.never_matched.clone()),
        }
    }
}

type Reader<T> = fn(&str, &str) -> Result<T, Problem>;

fn first<T>(part: Part, file: &mut WatchedFile, reader: Reader<T>) -> Result<T, WorldError> {
    let nothing = || std::io::Error::other("it has no content");
    match again(part, file, reader)? {
        Some(content) => Ok(content),
        // A file that nobody has looked at before is all news.
        None => Err(error(part, file.path(), nothing().into())),
    }
}

fn again<T>(
    part: Part,
    file: &mut WatchedFile,
    reader: Reader<T>,
) -> Result<Option<T>, WorldError> {
    let read = |file: &mut WatchedFile| {
        let Some(text) = file.news()? else {
            return Ok(None);
        };
        reader(&file.path().display().to_string(), &text).map(Some)
    };
    read(file).map_err(|problem| error(part, file.path(), problem))
}

fn error(part: Part, path: &Path, problem: Problem) -> WorldError {
    WorldError {
        part,
        path: path.to_owned(),
        problem: Box::new(problem),
    }
}

fn read_policy(source: &str, text: &str) -> Result<Policy, Problem> {
    Ok(policy::read(source, text)?)
}

fn read_nodes(source: &str, text: &str) -> Result<Vec<NodeView>, Problem> {
    Ok(fleet::nodes(source, documents::parse(source, text))?)
}

fn read_namespaces(source: &str, text: &str) -> Result<HashMap<String, NamespaceView>, Problem> {
    Ok(fleet::namespace_views(
        source,
        documents::parse(source, text),
    )?)
}
