//! The limits of MPS clients: their ask's own, and never above what the daemon allows where they may land.

use proptest::prelude::*;
use serde_json::Value;

use super::api::{self, list_of};
use super::exact::Exact;
use super::scene::{cases, judge, scene};
use super::scheduler::landing;
use super::sound::granted;
use super::truth::Truth;
use super::wants::{self, Want};

const MEMORY: &str = "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT";
const THREADS: &str = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE";

/// A variable's only value.
fn variable(after: &Value, container: &str, name: &str) -> Result<Option<String>, String> {
    let container = api::containers(after).find(|c| c["name"] == *container);
    let all = container.into_iter().flat_map(|c| list_of(&c["env"]));
    let all: Vec<&Value> = all.filter(|e| e["name"] == name).collect();
    match all.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one["value"].as_str().unwrap_or_default().to_owned())),
        _ => Err(format!("{name} stands twice")),
    }
}

/// MiB and percent, as the container is limited to.
fn limits(after: &Value, container: &str) -> Result<(Option<u64>, Option<u32>), String> {
    let memory = variable(after, container, MEMORY)?;
    let mib = memory.as_ref().map(|memory| {
        let mib = memory.strip_prefix("0=");
        mib.and_then(|m| m.strip_suffix('M')?.parse().ok())
    });
    let threads = variable(after, container, THREADS)?;
    let percent = threads
        .as_ref()
        .map(|t| t.parse().ok().filter(|p| (1..=100).contains(p)));
    match (mib, percent) {
        (Some(None), _) | (_, Some(None)) => Err(format!("limits {memory:?} and {threads:?}")),
        (mib, percent) => Ok((mib.flatten(), percent.flatten())),
    }
}

/// Nothing above the daemon's own caps, and only for ordinal 0.
pub fn is_capped(want: &Want, after: &Value, truth: &Truth) -> Result<(), String> {
    let (mib, percent) = limits(after, &want.container)?;
    // Without a limit of its own a client has its share, by the daemon.
    let fits = mib.is_none_or(|mib| truth.mib.is_some_and(|share| mib <= share))
        && percent.is_none_or(|p| p <= truth.cap());
    match fits {
        true => Ok(()),
        false => Err(format!(
            "limits {mib:?} MiB and {percent:?} %, a share has {:?} and {}",
            truth.mib,
            truth.cap()
        )),
    }
}

/// Percent of a device that a want asks for.
fn percent(want: &Want) -> Option<u32> {
    let of_fraction = want.ask.fraction.as_ref().map(|fraction| {
        let hundred = Exact {
            digits: fraction.digits.times_plus(100, 0),
            ..fraction.clone()
        };
        hundred.outward_small(0) as u32
    });
    of_fraction.max(want.ask.compute)
}

proptest! {
    #![proptest_config(cases(32))]

    /// An explicit memory ask is the limit; otherwise it is the share the pod gets, where all have one size. Compute is limited
    /// where a fraction or compute was asked, to what suits every node.
    #[test]
    fn limits_are_the_asks_own(scene in scene(10)) {
        let verdict = judge(&scene.world(), &scene.pod.0)?;
        let lands = landing(&verdict.after, &scene.fleet);
        prop_assume!(verdict.strategy == Some("mps") && !lands.is_empty());
        let is_open = scene.policy["spec"]["placement"]["boundary"] == "pod-anti-affinity";
        let wants = wants::read(&scene);
        for (want, resource) in granted(&wants, &verdict.after).map_err(TestCaseError::fail)? {
            // What the user wrote himself stands, if it is lower.
            if variable(&scene.pod.0, &want.container, MEMORY) != Ok(None) {
                continue;
            }
            let truths: Vec<&Truth> = lands.iter().filter_map(|n| n.truth.get(&resource)).collect();
            let share = truths.iter().filter_map(|t| t.mib).min().unwrap_or(0);
            let cap = truths.iter().map(|t| t.cap()).min().unwrap_or(0);
            let (mib, limit) = limits(&verdict.after, &want.container).map_err(TestCaseError::fail)?;
            let asked = want.ask.memory.unwrap_or(0).div_ceil(1 << 20);
            let is_one_size = truths.iter().all(|t| t.mib == Some(share));
            match (want.ask.memory_is_own, mib) {
                (true, mib) => prop_assert_eq!(mib.map(u128::from), Some(asked)),
                // Nodes still to be labelled count as well.
                (false, Some(mib)) => prop_assert!(is_one_size && mib == share || mib < share && !is_open, "{} MiB, the smallest share has {}", mib, share),
                (false, None) => prop_assert!(!is_one_size || !is_open, "no limit, all shares have {}", share),
            }
            let asked = percent(want).map(|p| p.min(cap));
            prop_assert!(limit == asked || limit < asked && !is_open && limit.is_some(), "{:?} %, asked {:?}", limit, asked);
        }
    }
}
