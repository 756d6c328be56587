//! What a pod asks for, read a second time and from the contract's words: containers, sizes, tier, strategies.

use serde_json::{Value, json};
use slicegate::simulate::{Needs, Role};

use super::api::{self, list_of, milli};
use super::exact::{Exact, Natural};
use super::fleet::{Fleet, Node};
use super::policies;
use super::scene::Scene;
use super::scheduler::simulated;
use super::truth::{Ask, Kind, Truth, product_matches};

/// One resource that one container wants.
#[derive(Clone, Debug)]
pub struct Want {
    pub container: String,
    pub role: Role,
    /// A name that is the ask itself.
    pub fixed: Option<String>,
    pub count: u64,
    pub ask: Ask,
}

/// All that a pod wants, the tier's default included.
#[derive(Debug)]
pub struct Wants {
    pub list: Vec<Want>,
    pub products: Vec<String>,
    pub tier: Option<Value>,
    /// In order.
    pub strategies: Vec<Kind>,
}

fn note<'p>(pod: &'p Value, key: &str) -> Option<&'p str> {
    pod["metadata"]["annotations"].get(key)?.as_str()
}

/// A size annotation, the container's own before the pod's.
fn size<'p>(pod: &'p Value, word: &str, container: &str) -> Option<&'p str> {
    note(pod, &format!("gpu-{word}.slicegate.dev/{container}"))
        .or_else(|| note(pod, &format!("slicegate.dev/gpu-{word}")))
}

const SIZES: [&str; 3] = ["memory", "fraction", "compute"];

pub fn read(scene: &Scene) -> Wants {
    let pod = &scene.pod.0;
    let spec = &scene.policy["spec"];
    let default = spec["defaultTier"].as_str();
    let name = note(pod, "slicegate.dev/tier")
        .or_else(|| policies::tier_of(scene.namespace()))
        .or(default);
    let tier = list_of(&spec["tiers"])
        .find(|t| t["name"].as_str() == name)
        .cloned();
    let mut list: Vec<Want> = Vec::new();
    for (role, container) in api::roles(pod) {
        let name = container["name"].as_str().unwrap_or_default();
        let want = |fixed: Option<&str>, amount: i128| Want {
            container: name.to_owned(),
            role,
            fixed: fixed.map(str::to_owned),
            count: u64::try_from(amount / 1000).unwrap_or(0).max(1),
            ask: ask(pod, name, amount),
        };
        for (resource, amount) in api::gpus(container) {
            list.push(want(
                Some(resource).filter(|r| *r != "nvidia.com/gpu"),
                amount,
            ));
        }
        let is_meant = SIZES
            .iter()
            .any(|word| note(pod, &format!("gpu-{word}.slicegate.dev/{name}")).is_some());
        if is_meant && api::gpus(container).is_empty() {
            list.push(want(None, 1000));
        }
    }
    let for_all = SIZES
        .iter()
        .any(|word| note(pod, &format!("slicegate.dev/gpu-{word}")).is_some());
    if let ([], true, [only]) = (
        list.as_slice(),
        for_all,
        pod["spec"]["containers"]
            .as_array()
            .map_or(&[][..], Vec::as_slice),
    ) {
        let name = only["name"].as_str().unwrap_or_default();
        let (container, ask) = (name.to_owned(), ask(pod, name, 1000));
        list.push(Want {
            container,
            role: Role::Main,
            fixed: None,
            count: 1,
            ask,
        });
    }
    if let Some(tier) = &tier {
        if let Some(mib) = selected_memory(pod, &list) {
            list.iter_mut().for_each(|want| select(want, mib));
        }
        list.iter_mut().for_each(|want| fill(want, tier));
    }
    let patterns = note(pod, "slicegate.dev/gpu-products")
        .unwrap_or_default()
        .split(',');
    let products = patterns
        .map(|p| p.trim().to_owned())
        .filter(|p| !p.is_empty())
        .collect();
    let strategies = strategies(pod, &list, tier.as_ref());
    Wants {
        list,
        products,
        tier,
        strategies,
    }
}

fn ask(pod: &Value, container: &str, amount: i128) -> Ask {
    let milli = (amount < 1000).then(|| Exact {
        negative: false,
        digits: Natural::of(&amount.to_string()),
        places: 3,
    });
    let memory = size(pod, "memory", container).and_then(Exact::quantity);
    Ask {
        memory: memory.map(|m| m.outward_small(0)),
        memory_is_own: size(pod, "memory", container).is_some(),
        fraction: size(pod, "fraction", container)
            .and_then(Exact::decimal)
            .or(milli),
        memory_fraction: None,
        compute: size(pod, "compute", container).and_then(|c| c.parse().ok()),
    }
}

/// The least memory that every way to match the pod's selectors asks for, if it says no size and was never rewritten.
fn selected_memory(pod: &Value, list: &[Want]) -> Option<u128> {
    const KEY: &str = "nvidia.com/gpu.memory";
    let says = |a: &Ask| a.memory.is_some() || a.fraction.is_some() || a.compute.is_some();
    let annotated = pod["metadata"]["annotations"].as_object();
    let annotated = annotated.into_iter().flat_map(|map| map.keys()).any(|key| {
        SIZES.iter().any(|word| {
            *key == format!("slicegate.dev/gpu-{word}")
                || key.starts_with(&format!("gpu-{word}.slicegate.dev/"))
        })
    });
    let labels = &pod["metadata"]["labels"];
    let has_both = ["trust-boundary", "strategy"]
        .iter()
        .all(|l| labels[format!("slicegate.dev/{l}")].is_string());
    if annotated || has_both || list.iter().any(|want| says(&want.ask)) {
        return None;
    }
    let number = |v: &Value| v.as_str().and_then(|v| v.parse::<u128>().ok());
    let selected = number(&pod["spec"]["nodeSelector"][KEY]);
    let required =
        &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let Some(terms) = required["nodeSelectorTerms"].as_array() else {
        return selected.filter(|mib| *mib >= 256);
    };
    let mut least: Option<u128> = None;
    for term in terms {
        let (expressions, fields) = (&term["matchExpressions"], &term["matchFields"]);
        if list_of(expressions).chain(list_of(fields)).next().is_none() {
            continue;
        }
        let mut of_term = selected;
        for r in list_of(expressions).filter(|r| r["key"] == KEY) {
            let values: Vec<Option<u128>> = list_of(&r["values"]).map(number).collect();
            let bound = match r["operator"].as_str() {
                Some("Gt") => values.first().copied().flatten().map(|n| n + 1),
                Some("In") if values.iter().all(Option::is_some) => {
                    values.into_iter().flatten().min()
                }
                _ => None,
            };
            of_term = of_term.max(bound);
        }
        least = Some(least.unwrap_or(u128::MAX).min(of_term?));
    }
    least.filter(|mib| *mib >= 256)
}

fn select(want: &mut Want, mib: u128) {
    if want.count == 1 && want.fixed.is_none() {
        want.ask.memory = Some(mib << 20);
        want.ask.memory_is_own = true;
    }
}

/// The tier's share is for whoever says no size, where one device is wanted and nothing named. Who says compute alone
/// gets the tier's memory beside it.
fn fill(want: &mut Want, tier: &Value) {
    let says_size = want.ask.memory.is_some() || want.ask.fraction.is_some();
    if want.count > 1 || want.fixed.is_some() || says_size {
        return;
    }
    let share = &tier["share"];
    let fraction = share["fraction"].as_str().and_then(Exact::decimal);
    match want.ask.compute {
        Some(_) => want.ask.memory_fraction = fraction,
        None => want.ask.fraction = fraction,
    }
    let memory = share["memory"].as_str().and_then(Exact::quantity);
    want.ask.memory = memory.map(|m| m.outward_small(0));
}

fn strategies(pod: &Value, list: &[Want], tier: Option<&Value>) -> Vec<Kind> {
    let listed: Option<Vec<Kind>> = tier.map(|t| {
        list_of(&t["strategies"])
            .filter_map(|s| s.as_str().map(Kind::of))
            .collect()
    });
    let isolation = tier.map_or(0, isolation);
    let has = |kind: Kind| listed.as_ref().is_none_or(|l| l.contains(&kind));
    let mut common: Option<Vec<Kind>> = None;
    for want in list {
        let own: Vec<Kind> = match want.fixed.as_deref() {
            None if want.count > 1 || tier.is_none() => vec![Kind::Exclusive]
                .into_iter()
                .filter(|k| has(*k))
                .collect(),
            None => listed.clone().unwrap_or_default(),
            Some("nvidia.com/gpu.shared") => {
                let all = listed.clone().unwrap_or(vec![Kind::Mps, Kind::TimeSlicing]);
                all.into_iter().filter(|k| k.is_shared()).collect()
            }
            Some(name) => {
                let whole = !name.ends_with(".shared") && isolation <= Kind::Mig.isolation();
                let sliced = has(Kind::TimeSlicing) && want.count == 1;
                [(Kind::Mig, whole), (Kind::TimeSlicing, sliced)]
                    .into_iter()
                    .filter(|(_, may)| *may)
                    .map(|(k, _)| k)
                    .collect()
            }
        };
        common = Some(match common {
            None => own,
            Some(common) => common.into_iter().filter(|k| own.contains(k)).collect(),
        });
    }
    let explicit = note(pod, "slicegate.dev/strategy")
        .filter(|s| *s != "auto")
        .map(Kind::of);
    let mut common = common.unwrap_or_default();
    common.retain(|k| explicit.is_none_or(|e| e == *k) && !is_ruled_out(*k, pod, list, tier));
    common
}

/// The rank of the least isolation a tier accepts.
pub fn isolation(tier: &Value) -> usize {
    let words = ["none", "limited", "hardware", "dedicated"];
    words
        .iter()
        .position(|w| tier["isolation"] == *w)
        .unwrap_or(0)
}

/// What takes a strategy out of the choice whatever the supply is.
fn is_ruled_out(kind: Kind, pod: &Value, list: &[Want], tier: Option<&Value>) -> bool {
    let spec = &pod["spec"];
    let asks = |c: &&Value| list.iter().any(|w| c["name"] == *w.container);
    let is_worker = api::containers(pod).any(|c| list_of(&c["command"]).any(|w| w == "--nnodes=2"))
        || list_of(&pod["metadata"]["ownerReferences"]).any(|o| o["kind"] == "MPIJob");
    let user = |c: &Value| {
        let own = c["securityContext"]["runAsUser"]
            .as_i64()
            .or(spec["securityContext"]["runAsUser"].as_i64());
        own.or_else(|| tier?["runAsUser"].as_i64())
    };
    let mut users: Vec<Option<i64>> = api::containers(pod).filter(asks).map(user).collect();
    users.dedup();
    let collides = api::containers(pod).filter(asks).any(|c| {
        list_of(&c["volumeMounts"]).any(|m| m["mountPath"] == "/dev/shm/")
            || list_of(&c["env"]).any(|e| e["name"] == "CUDA_VISIBLE_DEVICES" && e["value"] != "0")
    });
    let is_apart = spec["hostUsers"] == false || spec["runtimeClassName"] == "gvisor";
    kind != Kind::Exclusive && is_worker
        || kind.is_shared() && spec["nodeName"].is_string()
        || kind == Kind::Mps && (collides || users.len() > 1 || is_apart)
}

impl Wants {
    /// Why one of a resource will not do for a want, if it will not.
    pub fn lacks(&self, want: &Want, truth: &Truth) -> Option<String> {
        if !product_matches(&self.products, &truth.product) {
            return Some(format!("{} is none of {:?}", truth.product, self.products));
        }
        truth.lacks(&want.ask)
    }

    /// Whether a node serves all wants by one strategy, and its labels say so.
    pub fn are_served(&self, kind: Kind, node: &Node) -> bool {
        if kind.is_shared() && node.label(super::fleet::HOSTNAME).is_none() {
            return false;
        }
        self.assign(kind, node, &mut Vec::new())
    }

    fn assign<'n>(
        &self,
        kind: Kind,
        node: &'n Node,
        chosen: &mut Vec<(Role, &'n str, u64)>,
    ) -> bool {
        let has = |name: &str| {
            node.json["status"]["allocatable"]
                .get(name)
                .and_then(milli)
                .unwrap_or(0)
        };
        let Some(want) = self.list.get(chosen.len()) else {
            let mut needs = Needs::default();
            for (role, name, amount) in chosen {
                needs.add(*role, name, *amount);
            }
            let needs = needs.total().into_iter();
            return needs
                .map(|(name, amount)| (name, i128::from(amount)))
                .all(|(name, amount)| amount <= has(name));
        };
        // One container cannot have the same name twice.
        let earlier = self
            .list
            .iter()
            .zip(&*chosen)
            .filter(|(w, _)| w.container == want.container);
        let taken: Vec<&str> = earlier.map(|(_, (_, name, _))| *name).collect();
        node.truth.iter().any(|(name, truth)| {
            let named = want.fixed.as_ref().is_none_or(|fixed| fixed == name)
                && !taken.contains(&name.as_str());
            if !named || truth.kind != kind || !truth.is_told || self.lacks(want, truth).is_some() {
                return false;
            }
            chosen.push((want.role, name, want.count.saturating_mul(1000)));
            let done = self.assign(kind, node, chosen);
            chosen.pop();
            done
        })
    }

    /// Nodes the pod's own selectors and tolerations reach, once GPU taints and the policy's are tolerated.
    pub fn reached<'f>(scene: &'f Scene, fleet: &'f Fleet) -> Vec<&'f Node> {
        let mut pod = scene.pod.0.clone();
        let named = pod["spec"]["nodeName"].take();
        let nodes = fleet.nodes.iter();
        let taints = nodes.flat_map(|node| list_of(&node.json["spec"]["taints"]));
        let gpu = taints.filter(|taint| taint["key"].as_str().is_some_and(api::is_gpu));
        let gpu = gpu.map(|taint| json!({"key": taint["key"], "operator": "Exists"}));
        let extra = list_of(&scene.policy["spec"]["placement"]["tolerations"]).cloned();
        // Nobody asks a pod that names its node what it tolerates.
        let all = named.is_string().then(|| json!({"operator": "Exists"}));
        let own: Vec<Value> = list_of(&pod["spec"]["tolerations"]).cloned().collect();
        let tolerations: Vec<Value> = own.into_iter().chain(extra).chain(gpu).chain(all).collect();
        pod["spec"]["tolerations"] = tolerations.into();
        let reached = simulated(
            fleet,
            &[&pod],
            |_| false,
            |mut cluster, pods| cluster.candidates(&pods[0]),
        );
        let reached = reached.into_iter().map(|index| &fleet.nodes[index]);
        reached
            .filter(|node| named.as_str().is_none_or(|name| name == node.name()))
            .collect()
    }
}
