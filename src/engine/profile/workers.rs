//! Whether a pod is one worker of several: certain evidence, weak evidence, and counts of one.

use super::{Expansion, Meaning, PodForm, Profile, Setting};
use crate::engine::vocabulary::{is_visible, quoted};
use crate::facts::Pod;
use crate::facts::pod::{Container, OwnerReference};

/// The evidence that the pod is one worker of several. A count of one has priority over a label, an owner, or an address
/// that may be the pod's own. It has no priority over a count of several or the address of another host.
pub(super) fn evidence<'a>(pod: &'a Pod<'a>, profile: &Profile<'a>) -> Option<String> {
    let mut signs = Signs {
        is_one: counted_by_label(pod),
        ..Signs::default()
    };
    for (place, container) in pod.containers() {
        signs.read(pod, container, profile.settings(place));
    }
    let sure = signs.sure.or_else(|| claim(pod));
    let mere = || owner(pod).or_else(|| label(pod)).or(signs.mere);
    sure.or_else(|| mere().filter(|_| !signs.is_one))
}

/// The evidence so far.
#[derive(Default)]
struct Signs {
    /// Certain evidence for several workers.
    sure: Option<String>,
    /// Evidence for several workers, unless a count is one.
    mere: Option<String>,
    /// A count is one.
    is_one: bool,
}

/// Settings of one container that have to be combined.
#[derive(Default)]
struct Server {
    /// A flag that distributes a model over processes, with a value above 1.
    spread: Option<String>,
    /// Ray starts the processes, on any machine.
    is_on_ray: bool,
    /// The machines of all tasks of its job, as far as they are known.
    tasks: u64,
}

impl Signs {
    fn sure(&mut self, sign: impl FnOnce() -> String) {
        self.sure.get_or_insert_with(sign);
    }

    fn mere(&mut self, sign: impl FnOnce() -> String) {
        self.mere.get_or_insert_with(sign);
    }

    fn read<'a: 's, 's>(
        &mut self,
        pod: &Pod<'_>,
        container: &'a Container<'a>,
        settings: impl Iterator<Item = &'s Setting<'a>> + Clone,
    ) {
        if let Some(name) = interconnect(container) {
            self.sure(|| format!("it asks for {name}"));
        }
        let mut server = Server::default();
        for setting in settings.clone() {
            match setting.meaning {
                Meaning::Address => self.address(pod, container, setting),
                Meaning::Group => self.mere(|| format!("it sets {}", setting.name)),
                _ => self.word(container, setting, &mut server),
            }
        }
        self.launched(container, settings);
        match server {
            Server { tasks: 2.., .. } => self.sure(|| format!("its job has {} pods", server.tasks)),
            Server { tasks: 1, .. } => self.is_one = true,
            Server {
                is_on_ray, spread, ..
            } => {
                if let Some(spread) = spread.filter(|_| is_on_ray) {
                    self.sure(|| format!("it is run over Ray with {spread}"));
                }
            }
        }
    }

    /// What says something only where its value is known.
    fn word<'a>(
        &mut self,
        container: &'a Container<'a>,
        setting: &Setting<'a>,
        server: &mut Server,
    ) {
        let Expansion::Word(word) = setting.value.expanded(container) else {
            if setting.meaning == Meaning::Hosts {
                self.mere(|| format!("it sets {}", setting.name));
            }
            return;
        };
        match setting.meaning {
            Meaning::Nodes | Meaning::World => self.count(setting, word),
            Meaning::Rank if word.parse::<u32>().is_ok_and(|rank| rank > 0) => {
                self.sure(|| sentence(setting, word));
            }
            Meaning::Hosts if word.contains(',') => self.sure(|| sentence(setting, word)),
            Meaning::TaskNodes => {
                let nodes = word.parse::<u32>().unwrap_or(0);
                server.tasks = server.tasks.saturating_add(u64::from(nodes));
            }
            Meaning::Backend => server.is_on_ray |= word == "ray",
            Meaning::Pipeline | Meaning::Data if most(word).is_some_and(|n| n > 1) => {
                server.spread = Some(format!("{} {}", setting.shown(), brief(word)));
            }
            _ => {}
        }
    }

    fn count(&mut self, setting: &Setting<'_>, word: &str) {
        match most(word) {
            Some(1) => self.is_one = true,
            Some(2..) => self.sure(|| sentence(setting, word)),
            // What is not a number yet says nothing.
            Some(0) | None => {}
        }
    }

    fn address<'a>(&mut self, pod: &Pod<'_>, container: &'a Container<'a>, setting: &Setting<'a>) {
        match setting.value.expanded(container) {
            Expansion::Word(word) => match place(pod, word) {
                Where::Here => {}
                Where::Own => self.mere(|| sentence(setting, word)),
                Where::Elsewhere => self.sure(|| sentence(setting, word)),
            },
            Expansion::FromSource => {
                self.sure(|| format!("it takes {} from outside", setting.shown()));
            }
            Expansion::Unknown => {
                let word = setting.value.word().unwrap_or_default();
                self.mere(|| sentence(setting, word));
            }
        }
    }

    /// The first number after `mpirun` or a similar launcher.
    fn launched<'a: 's, 's>(
        &mut self,
        container: &'a Container<'a>,
        settings: impl Iterator<Item = &'s Setting<'a>>,
    ) {
        let mut launched = settings.filter(|setting| setting.meaning == Meaning::Launched);
        let first = launched.find_map(|setting| match setting.value.expanded(container) {
            Expansion::Word(word) if word.parse::<u32>().is_ok() => Some((setting, word)),
            _ => None,
        });
        if let Some((setting, word)) = first {
            self.count(setting, word);
        }
    }
}

/// A number, or the larger end of a range `min:max`.
fn most(word: &str) -> Option<u32> {
    word.rsplit(':').next().unwrap_or(word).parse().ok()
}

fn sentence(setting: &Setting<'_>, word: &str) -> String {
    match setting.form {
        PodForm::Variable => format!("it sets {}={}", setting.name, brief(word)),
        _ => format!("it is run with {} {}", setting.shown(), brief(word)),
    }
}

/// As it is where it is short and plain.
fn brief(word: &str) -> String {
    match word.len() <= 60 && word.chars().all(is_visible) {
        true => word.to_owned(),
        false => quoted(word),
    }
}

/// The target of an address.
enum Where {
    /// This pod, whatever its name is.
    Here,
    /// A name of this pod that other pods can use too.
    Own,
    Elsewhere,
}

fn place(pod: &Pod<'_>, address: &str) -> Where {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let here = ["", "localhost", "127.0.0.1", "0.0.0.0", "::1", "[::1]"];
    if here.contains(&address) || here.contains(&host) {
        return Where::Here;
    }
    let first = host.split('.').next().unwrap_or(host);
    let metadata = pod.metadata.as_ref();
    let name = metadata.and_then(|m| m.name.as_deref());
    // Of an indexed Job's pod this is the host name and a dash.
    let prefix = metadata.and_then(|m| m.generate_name.as_deref()?.strip_suffix('-'));
    match name == Some(first) || prefix == Some(first) {
        true => Where::Own,
        false => Where::Elsewhere,
    }
}

/// Groups and kinds whose pods are workers; a group is looked at where the kind alone is another's too.
/// Sources: kubeflow/training-operator, kubeflow/mpi-operator, kubeflow/trainer, kubernetes-sigs/jobset,
/// kubernetes-sigs/lws, volcano-sh/volcano, ai-dynamo/grove.
const OWNERS: [(&str, &str); 13] = [
    ("", "MPIJob"),
    ("", "PyTorchJob"),
    ("", "TFJob"),
    ("", "XGBoostJob"),
    ("", "PaddleJob"),
    ("", "JAXJob"),
    ("", "MXJob"),
    ("", "TrainJob"),
    ("", "JobSet"),
    ("", "LeaderWorkerSet"),
    ("", "ElasticJob"),
    ("batch.volcano.sh", "Job"),
    ("grove.io", "PodClique"),
];

/// Labels that they put on their pods.
const LABELS: [&str; 9] = [
    "training.kubeflow.org/job-name",
    "training.kubeflow.org/replica-type",
    "trainer.kubeflow.org/trainjob-ancestor-step",
    "jobset.sigs.k8s.io/jobset-name",
    "leaderworkerset.sigs.k8s.io/name",
    "volcano.sh/job-name",
    "volcano.sh/task-spec",
    "grove.io/podclique",
    "grove.io/podgang",
];

fn owner(pod: &Pod<'_>) -> Option<String> {
    let is = |owner: &OwnerReference<'_>| {
        let version = owner.api_version.as_deref().unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = owner.kind.as_deref()?;
        let (theirs, _) = OWNERS
            .into_iter()
            .find(|(of, named)| *named == kind && (of.is_empty() || *of == group))?;
        Some(match theirs {
            "" => format!("it belongs to a {kind}"),
            group => format!("it belongs to a {kind} of {group}"),
        })
    };
    pod.owners().iter().find_map(is)
}

fn label(pod: &Pod<'_>) -> Option<String> {
    let label = LABELS.into_iter().find(|key| pod.label(key).is_some())?;
    Some(format!("it has the label {label}"))
}

/// Whether a label or annotation of its controller says that there is one: a LeaderWorkerSet's group of one, or a
/// JobSet's only Job, where neither the JobSet has another nor the Job another pod before this one.
fn counted_by_label(pod: &Pod<'_>) -> bool {
    let says = |key: &str| pod.label(key).or_else(|| pod.annotation(key));
    let is_first =
        says("batch.kubernetes.io/job-completion-index").is_none_or(|index| index == "0");
    let is_only = says("jobset.sigs.k8s.io/global-replicas").is_none_or(|jobs| jobs == "1");
    says("leaderworkerset.sigs.k8s.io/size") == Some("1")
        || says("jobset.sigs.k8s.io/replicatedjob-replicas") == Some("1") && is_first && is_only
}

fn claim(pod: &Pod<'_>) -> Option<String> {
    let claims = pod.spec.as_ref()?.resource_claims.as_deref()?;
    let names = claims.iter().flat_map(|c| {
        [
            &c.name,
            &c.resource_claim_name,
            &c.resource_claim_template_name,
        ]
    });
    let mut names = names.filter_map(|n| n.as_deref());
    let words = ["imex", "compute-domain", "rdma"];
    let name = names.find(|n| words.iter().any(|w| n.contains(w)))?;
    Some(format!("it claims {}", brief(name)))
}

fn interconnect(container: &Container<'_>) -> Option<String> {
    let limits = container.resources.as_ref()?.limits.as_ref()?;
    let fast =
        |name: &str| name.contains("rdma") || name.ends_with("/efa") || name.contains("infiniband");
    let (name, _) = limits
        .iter()
        .find(|(name, quantity)| fast(name) && *quantity != "0")?;
    Some(brief(name))
}
