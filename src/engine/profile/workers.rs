//! Whether a pod is one worker of several: certain evidence, weak evidence, and counts of one.

use super::scan::SettingForm;
use super::setting::Setting;
use super::spellings::Meaning;
use super::value::Expansion;
use crate::engine::vocabulary::{is_visible, quoted};
use crate::facts::Pod;
use crate::facts::pod::Container;

/// The evidence that the pod is one worker of several. A count of one has priority over a label, an owner, or an
/// address that may be the pod's own. It has no priority over a count of several or the address of another host.
pub(super) fn evidence<'a>(pod: &'a Pod<'a>, settings: &[Setting<'a>]) -> Option<String> {
    let mut evidence = Evidence {
        is_one: counted_by_label(pod),
        ..Evidence::default()
    };
    for (place, container) in pod.containers() {
        let own = settings.iter().filter(|setting| setting.place == place);
        evidence.read(pod, container, own);
    }
    let certain = evidence.certain.or_else(|| claim(pod));
    let weak = || owner(pod).or_else(|| label(pod)).or(evidence.weak);
    certain.or_else(|| weak().filter(|_| !evidence.is_one))
}

/// The evidence so far: the first of each kind.
#[derive(Default)]
struct Evidence {
    /// For several workers, whatever a count says.
    certain: Option<String>,
    /// For several workers, unless a count is one.
    weak: Option<String>,
    /// A count is one.
    is_one: bool,
}

impl Evidence {
    fn certain(&mut self, text: impl FnOnce() -> String) {
        self.certain.get_or_insert_with(text);
    }

    fn weak(&mut self, text: impl FnOnce() -> String) {
        self.weak.get_or_insert_with(text);
    }

    fn read<'a: 's, 's>(
        &mut self,
        pod: &Pod<'_>,
        container: &'a Container<'a>,
        settings: impl Iterator<Item = &'s Setting<'a>>,
    ) {
        if let Some(name) = interconnect(container) {
            self.certain(|| format!("it asks for {name}"));
        }
        // A flag with a value above 1 that distributes a model over processes, which Ray starts on any machine.
        let (mut spread, mut is_on_ray) = (None, false);
        // The known machines of all tasks of its job.
        let mut tasks = 0_u64;
        // The first number after `mpirun` or a similar launcher.
        let mut launched = None;
        for setting in settings {
            let value = setting.value.expanded(container);
            let Expansion::Word(word) = value else {
                self.unknown(setting, value);
                continue;
            };
            let number: Option<u32> = word.parse().ok();
            match setting.meaning {
                Meaning::Group => self.weak(|| format!("it sets {}", setting.name)),
                Meaning::Address => match target(pod, word) {
                    Target::Here => {}
                    Target::Own => self.weak(|| sentence(setting, word)),
                    Target::Elsewhere => self.certain(|| sentence(setting, word)),
                },
                Meaning::Nodes | Meaning::World => self.count(setting, word),
                Meaning::Rank if number.is_some_and(|rank| rank > 0) => {
                    self.certain(|| sentence(setting, word));
                }
                Meaning::Hosts if word.contains(',') => self.certain(|| sentence(setting, word)),
                Meaning::TaskNodes => tasks += u64::from(number.unwrap_or(0)),
                Meaning::Backend => is_on_ray |= word == "ray",
                Meaning::Pipeline | Meaning::Data if most(word).is_some_and(|n| n > 1) => {
                    spread = Some(format!("{} {}", setting.shown(), brief(word)));
                }
                Meaning::Launched if number.is_some() => {
                    launched = launched.or(Some((setting, word)));
                }
                _ => {}
            }
        }
        if let Some((setting, word)) = launched {
            self.count(setting, word);
        }
        match (tasks, spread) {
            (2.., _) => self.certain(|| format!("its job has {tasks} pods")),
            (1, _) => self.is_one = true,
            (0, Some(spread)) if is_on_ray => {
                self.certain(|| format!("it is run over Ray with {spread}"));
            }
            _ => {}
        }
    }

    /// A setting whose value is not known at admission.
    fn unknown(&mut self, setting: &Setting<'_>, value: Expansion<'_>) {
        match (setting.meaning, value) {
            (Meaning::Group | Meaning::Hosts, _) => {
                self.weak(|| format!("it sets {}", setting.name))
            }
            (Meaning::Address, Expansion::FromSource) => {
                self.certain(|| format!("it takes {} from outside", setting.shown()));
            }
            (Meaning::Address, _) => {
                let word = setting.value.word().unwrap_or_default();
                self.weak(|| sentence(setting, word));
            }
            _ => {}
        }
    }

    fn count(&mut self, setting: &Setting<'_>, word: &str) {
        match most(word) {
            Some(1) => self.is_one = true,
            Some(2..) => self.certain(|| sentence(setting, word)),
            // What is not a number yet says nothing.
            Some(0) | None => {}
        }
    }
}

/// A number, or the larger end of a range `min:max`.
fn most(word: &str) -> Option<u32> {
    word.rsplit(':').next().unwrap_or(word).parse().ok()
}

fn sentence(setting: &Setting<'_>, word: &str) -> String {
    match setting.form {
        SettingForm::Variable => format!("it sets {}={}", setting.name, brief(word)),
        _ => format!("it is run with {} {}", setting.shown(), brief(word)),
    }
}

/// Unquoted if it is short and plain.
fn brief(word: &str) -> String {
    if word.len() <= 60 && word.chars().all(is_visible) {
        word.to_owned()
    } else {
        quoted(word)
    }
}

/// The target of an address.
enum Target {
    /// This pod, whatever its name is.
    Here,
    /// A name of this pod that other pods can use too.
    Own,
    Elsewhere,
}

fn target(pod: &Pod<'_>, address: &str) -> Target {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let here = ["", "localhost", "127.0.0.1", "0.0.0.0", "::1", "[::1]"];
    if here.contains(&address) || here.contains(&host) {
        return Target::Here;
    }
    let first = host.split('.').next().unwrap_or(host);
    let metadata = pod.metadata.as_ref();
    let name = metadata.and_then(|m| m.name.as_deref());
    // Of an indexed Job's pod this is the host name and a dash.
    let prefix = metadata.and_then(|m| m.generate_name.as_deref()?.strip_suffix('-'));
    if name == Some(first) || prefix == Some(first) {
        Target::Own
    } else {
        Target::Elsewhere
    }
}

/// Groups and kinds whose pods are workers. The group is only there if other groups have the same kind.
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
    pod.owners().iter().find_map(|owner| {
        let version = owner.api_version.as_deref().unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = owner.kind.as_deref()?;
        let is = |(of, named): &(&str, &str)| *named == kind && (of.is_empty() || *of == group);
        Some(match OWNERS.into_iter().find(is)? {
            ("", _) => format!("it belongs to a {kind}"),
            (group, _) => format!("it belongs to a {kind} of {group}"),
        })
    })
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
    let names = claims.iter().flat_map(|claim| {
        let object = [
            &claim.resource_claim_name,
            &claim.resource_claim_template_name,
        ];
        std::iter::once(&claim.name).chain(object)
    });
    let words = ["imex", "compute-domain", "rdma"];
    let mut names = names.filter_map(|name| name.as_deref());
    let name = names.find(|name| words.iter().any(|word| name.contains(word)))?;
    Some(format!("it claims {}", brief(name)))
}

fn interconnect(container: &Container<'_>) -> Option<String> {
    let limits = container.resources.as_ref()?.limits.as_ref()?;
    let is_fast =
        |name: &str| name.contains("rdma") || name.ends_with("/efa") || name.contains("infiniband");
    let mut limits = limits.iter().filter(|(_, quantity)| *quantity != "0");
    let (name, _) = limits.find(|(name, _)| is_fast(name))?;
    Some(brief(name))
}
