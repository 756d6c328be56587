//! Every scope, operator and kind of pod, as the API server tells them apart.

use super::{QuotaPod, includes, scopes};
use crate::facts::Pod;
use crate::facts::quota::QuotaSpec;

/// A quota's scopes, a pod's spec, whether it is given affinity, and whether the quota is about it.
const TABLE: &[(&str, &str, bool, bool)] = &[
    (r#"{}"#, r#"{}"#, false, true),
    (r#"{"scopes":["Terminating"]}"#, r#"{}"#, false, false),
    (
        r#"{"scopes":["Terminating"]}"#,
        r#"{"activeDeadlineSeconds":0}"#,
        false,
        true,
    ),
    (
        r#"{"scopes":["NotTerminating"]}"#,
        r#"{"activeDeadlineSeconds":60}"#,
        false,
        false,
    ),
    (r#"{"scopes":["NotTerminating"]}"#, r#"{}"#, false, true),
    (
        r#"{"scopes":["BestEffort"]}"#,
        r#"{"containers":[{"resources":{"limits":{"nvidia.com/gpu":"1"}}}]}"#,
        false,
        true,
    ),
    (
        r#"{"scopes":["BestEffort"]}"#,
        r#"{"containers":[{"resources":{"limits":{"cpu":"0"}}}]}"#,
        false,
        true,
    ),
    (
        r#"{"scopes":["BestEffort"]}"#,
        r#"{"initContainers":[{"resources":{"requests":{"memory":"1Gi"}}}]}"#,
        false,
        false,
    ),
    (
        r#"{"scopes":["NotBestEffort"]}"#,
        r#"{"containers":[{"resources":{"limits":{"cpu":"100m"}}}]}"#,
        false,
        true,
    ),
    (
        r#"{"scopes":["NotBestEffort"]}"#,
        r#"{"resources":{"requests":{"cpu":"1"}},"containers":[{}]}"#,
        false,
        true,
    ),
    (
        r#"{"scopes":["BestEffort"]}"#,
        r#"{"resources":{},"containers":[{"resources":{"limits":{"cpu":"1"}}}]}"#,
        false,
        true,
    ),
    (r#"{"scopes":["PriorityClass"]}"#, r#"{}"#, false, false),
    (
        r#"{"scopes":["PriorityClass"]}"#,
        r#"{"priorityClassName":"high"}"#,
        false,
        true,
    ),
    (IN_HIGH, r#"{"priorityClassName":"high"}"#, false, true),
    (IN_HIGH, r#"{"priorityClassName":"low"}"#, false, false),
    (IN_HIGH, r#"{}"#, false, false),
    (NOT_IN_HIGH, r#"{"priorityClassName":"low"}"#, false, true),
    (NOT_IN_HIGH, r#"{"priorityClassName":"high"}"#, false, false),
    (NOT_IN_HIGH, r#"{}"#, false, true),
    (NO_CLASS, r#"{}"#, false, true),
    (NO_CLASS, r#"{"priorityClassName":""}"#, false, true),
    (NO_CLASS, r#"{"priorityClassName":"low"}"#, false, false),
    (ACROSS, r#"{}"#, false, false),
    (ACROSS, r#"{}"#, true, true),
    (
        ACROSS,
        r#"{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"a"}]}}}"#,
        false,
        false,
    ),
    (
        ACROSS,
        r#"{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"namespaceSelector":{}}]}}}"#,
        false,
        true,
    ),
    (
        ACROSS,
        r#"{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"namespaces":["b"]}]}}}"#,
        false,
        true,
    ),
    (
        ACROSS,
        r#"{"affinity":{"podAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1,"podAffinityTerm":{"namespaceSelector":{}}}]}}}"#,
        false,
        true,
    ),
    // All of them have to match, in whichever form.
    (
        r#"{"scopes":["Terminating"],"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"Exists"}]}}"#,
        r#"{"activeDeadlineSeconds":1}"#,
        false,
        false,
    ),
    (
        r#"{"scopes":["Terminating"],"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"Exists"}]}}"#,
        r#"{"activeDeadlineSeconds":1,"priorityClassName":"low"}"#,
        false,
        true,
    ),
    (
        r#"{"scopes":["VolumeAttributesClass"]}"#,
        r#"{}"#,
        false,
        false,
    ),
];
const IN_HIGH: &str = r#"{"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In","values":["high","higher"]}]}}"#;
const NOT_IN_HIGH: &str = r#"{"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"NotIn","values":["high"]}]}}"#;
const NO_CLASS: &str = r#"{"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"DoesNotExist"}]}}"#;
const ACROSS: &str = r#"{"scopes":["CrossNamespacePodAffinity"]}"#;

#[test]
fn a_quota_is_about_the_pods_of_all_its_scopes() {
    for (quota, spec, is_given_affinity, is) in TABLE {
        let read: QuotaSpec<'_> = serde_json::from_str(quota).expect("a quota");
        let text = format!(r#"{{"spec":{spec}}}"#);
        let pod: Pod<'_> = serde_json::from_str(&text).expect("a pod");
        let seen = QuotaPod {
            pod: &pod,
            is_given_affinity: *is_given_affinity,
        };
        let about = scopes(&read).iter().all(|scope| includes(scope, seen));
        assert_eq!(about, *is, "{quota} {spec}");
    }
}
