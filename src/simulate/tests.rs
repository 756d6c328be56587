//! Each filter and each score as a table of pods, on nodes that differ by what the filter looks at.

use super::{Cluster, Filter, Node, Pod};
use crate::facts;

/// Two zones. `c` is cordoned, `t` is tainted, `s` has no labels and shares its GPUs.
const NODES: &str = r#"[
    {"metadata": {"name": "a", "labels": {"kubernetes.io/hostname": "a", "zone": "1", "gpus": "2"}},
     "status": {"allocatable": {"nvidia.com/gpu": "2"}}},
    {"metadata": {"name": "b", "labels": {"kubernetes.io/hostname": "b", "zone": "2", "gpus": "4"}},
     "status": {"allocatable": {"nvidia.com/gpu": "4"}}},
    {"metadata": {"name": "c", "labels": {"kubernetes.io/hostname": "c", "zone": "2"}}, "spec": {"unschedulable": true},
     "status": {"allocatable": {"nvidia.com/gpu": "4"}}},
    {"metadata": {"name": "t", "labels": {"kubernetes.io/hostname": "t", "zone": "1"}},
     "spec": {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}, {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"},
        {"key": "slow", "effect": "PreferNoSchedule"}]},
     "status": {"allocatable": {"nvidia.com/gpu": "4"}}},
    {"metadata": {"name": "s"}, "status": {"allocatable": {"nvidia.com/gpu.shared": "8"}}}
]"#;

const RUNS: &str = r#""containers": [{"resources": {"limits": {"nvidia.com/gpu": "1"}}}]"#;

/// What a test does with pods: a namespace, labels and the rest of a spec for each.
type Spec<'s> = (&'s str, &'s str, &'s str);

/// Binds all pods but the last to their nodes, and says what the cluster does with the last.
fn with<T>(
    bound: &[(Spec<'_>, &str)],
    pod: Spec<'_>,
    run: impl for<'a> FnOnce(&mut Cluster<'a>, &Pod<'a>) -> T,
) -> T {
    let text = |(_, labels, spec): &Spec<'_>| {
        format!(r#"{{"metadata": {{"labels": {{{labels}}}}}, "spec": {{{spec}}}}}"#)
    };
    let texts: Vec<String> = bound
        .iter()
        .map(|(pod, _)| text(pod))
        .chain([text(&pod)])
        .collect();
    let pods: Vec<facts::Pod<'_>> = texts
        .iter()
        .map(|t| serde_json::from_str(t).unwrap())
        .collect();
    let nodes: Vec<facts::Node<'_>> = serde_json::from_str(NODES).unwrap();
    let mut cluster = Cluster::new(nodes.iter().map(Node::of).collect(), |name| {
        name.contains("gpu")
    });
    for (((namespace, ..), node), read) in bound.iter().zip(&pods) {
        let at = nodes
            .iter()
            .position(|n| *n.metadata.name == **node)
            .unwrap();
        cluster.bind(&Pod::of(namespace, read).unwrap(), at);
    }
    let last = Pod::of(pod.0, pods.last().unwrap()).unwrap();
    run(&mut cluster, &last)
}

fn candidates(bound: &[(Spec<'_>, &str)], pod: Spec<'_>) -> String {
    with(bound, pod, |cluster, pod| {
        let found = cluster.candidates(pod).into_iter();
        found.map(|node| cluster.nodes()[node].name).collect()
    })
}

fn place(bound: &[(Spec<'_>, &str)], pod: Spec<'_>) -> &'static str {
    let node = with(bound, pod, |cluster, pod| cluster.place(pod).unwrap());
    ["a", "b", "c", "t", "s"][node]
}

#[test]
fn a_pod_may_run_on_the_nodes_that_its_own_rules_and_its_needs_allow() {
    let all = r#""tolerations": [{"operator": "Exists"}]"#;
    let required = |terms: &str| {
        format!(
            r#"{all}, "affinity": {{"nodeAffinity": {{"requiredDuringSchedulingIgnoredDuringExecution": {{"nodeSelectorTerms": [{terms}]}}}}}}"#
        )
    };
    let expression = |rest: &str| required(&format!(r#"{{"matchExpressions": [{rest}]}}"#));
    let needs = |limits: &str| {
        format!(r#"{all}, "containers": [{{"resources": {{"limits": {{{limits}}}}}}}]"#)
    };
    for (rules, expected) in [
        (String::new(), "abs"),
        (all.to_owned(), "abcts"),
        (r#""tolerations": [{"key": "gpu", "value": "yes"}]"#.to_owned(), "abs"),
        (r#""tolerations": [{"key": "gpu", "value": "no"}, {"operator": "Exists", "effect": "NoExecute"}]"#.to_owned(), "abs"),
        (r#""tolerations": [{"key": "gpu", "value": "yes"}, {"operator": "Exists", "effect": "NoExecute"}]"#.to_owned(), "abts"),
        (format!(r#"{all}, "nodeSelector": {{"zone": "1"}}"#), "at"),
        (format!(r#"{all}, "nodeSelector": {{"zone": "1", "gpus": "2"}}"#), "a"),
        (expression(r#"{"key": "zone", "operator": "In", "values": ["2", "3"]}"#), "bc"),
        (expression(r#"{"key": "zone", "operator": "NotIn", "values": ["2"]}"#), "ats"),
        (expression(r#"{"key": "zone", "operator": "Exists"}, {"key": "gpus", "operator": "DoesNotExist"}"#), "ct"),
        (expression(r#"{"key": "gpus", "operator": "Gt", "values": ["2"]}"#), "b"),
        (expression(r#"{"key": "gpus", "operator": "Lt", "values": ["4"]}"#), "a"),
        // `labels.NewRequirement` refuses these.
        (expression(r#"{"key": "zone", "operator": "Exists", "values": ["1"]}"#), ""),
        (expression(r#"{"key": "zone", "operator": "NotIn"}"#), ""),
        (required("{}"), ""),
        (required(""), ""),
        (required(r#"{}, {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["s"]}]}"#), "s"),
        (needs(r#""nvidia.com/gpu": "3""#), "bct"),
        (needs(r#""nvidia.com/gpu": "3", "nvidia.com/gpu.shared": "1""#), ""),
        (needs(r#""nvidia.com/mig-1g.10gb-gpu": "0""#), "abcts"),
        (needs(r#""rdma/hca": "9""#), "abcts"),
        (needs(r#""nvidia.com/gpu": "many""#), ""),
        // A pod that names its node passes the scheduler by.
        (format!(r#""nodeName": "c", "nodeSelector": {{"zone": "1"}}, {RUNS}"#), "c"),
        (format!(r#""nodeName": "s", {RUNS}"#), ""),
    ] {
        assert_eq!(candidates(&[], ("n", "", &rules)), expected, "{rules}");
    }
}

#[test]
fn a_pod_needs_what_its_containers_need_at_the_same_time() {
    let one = r#"{"resources": {"limits": {"nvidia.com/gpu": "1"}}}"#;
    let two = r#"{"resources": {"requests": {"nvidia.com/gpu": "2"}, "limits": {"nvidia.com/gpu": "9"}}}"#;
    let sidecar = one.replacen('{', r#"{"restartPolicy": "Always", "#, 1);
    for (inits, mains, expected) in [
        (String::new(), format!("{one}, {one}"), "ab"),
        (String::new(), format!("{two}, {one}"), "b"),
        (two.to_owned(), one.to_owned(), "ab"),
        (format!("{sidecar}, {two}"), one.to_owned(), "b"),
        (format!("{two}, {sidecar}"), one.to_owned(), "ab"),
        (format!("{sidecar}, {sidecar}"), two.to_owned(), "b"),
    ] {
        let spec = format!(r#""initContainers": [{inits}], "containers": [{mains}]"#);
        assert_eq!(candidates(&[], ("n", "", &spec)), expected, "{spec}");
    }
    let (full, pod) = (("n", "", RUNS), ("n", "", RUNS));
    assert_eq!(
        candidates(&[(full, "a"), (full, "a"), (full, "b")], pod),
        "b"
    );
}

/// A term about pods whose label `app` is `x`.
fn term(topology: &str, more: &str) -> String {
    format!(
        r#"{{"labelSelector": {{"matchLabels": {{"app": "x"}}}}, "topologyKey": "{topology}"{more}}}"#
    )
}

fn affinity(kind: &str, terms: &str) -> String {
    format!(
        r#""affinity": {{"{kind}": {{"requiredDuringSchedulingIgnoredDuringExecution": [{terms}]}}}}"#
    )
}

#[test]
fn pods_are_beside_and_apart_as_the_terms_of_both_require() {
    let x = ("n", r#""app": "x""#, "");
    let host = "kubernetes.io/hostname";
    let apart = |topology, more| affinity("podAntiAffinity", &term(topology, more));
    let beside = |terms: &[String]| affinity("podAffinity", &terms.join(", "));
    let elsewhere = r#", "namespaces": ["m"]"#;
    let everywhere = r#", "namespaceSelector": {}"#;
    let named = r#", "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "m"}}"#;
    for (labels, rules, expected) in [
        ("", apart(host, ""), "bs"),
        ("", apart("zone", ""), "bs"),
        ("", apart(host, elsewhere), "abs"),
        ("", apart(host, named), "abs"),
        ("", apart(host, everywhere), "bs"),
        ("", beside(&[term(host, "")]), "a"),
        ("", beside(&[term("zone", "")]), "a"),
        ("", beside(&[term(host, elsewhere)]), ""),
        // The first of its kind may run wherever the topology is known, once it selects itself.
        (
            "",
            affinity(
                "podAffinity",
                r#"{"labelSelector": {"matchLabels": {"app": "y"}}, "topologyKey": "zone"}"#,
            ),
            "",
        ),
        (
            r#""app": "y""#,
            affinity(
                "podAffinity",
                r#"{"labelSelector": {"matchLabels": {"app": "y"}}, "topologyKey": "zone"}"#,
            ),
            "ab",
        ),
        // One pod has to match all terms.
        (
            "",
            beside(&[
                term(host, ""),
                r#"{"labelSelector": {}, "topologyKey": "zone"}"#.to_owned(),
            ]),
            "a",
        ),
        (
            "",
            beside(&[
                term(host, ""),
                r#"{"labelSelector": {"matchLabels": {"app": "y"}}, "topologyKey": "zone"}"#
                    .to_owned(),
            ]),
            "",
        ),
        (
            "",
            affinity("podAntiAffinity", r#"{"topologyKey": "zone"}"#),
            "abs",
        ),
        (
            "",
            affinity(
                "podAntiAffinity",
                r#"{"labelSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["y"]}]}, "topologyKey": "zone"}"#,
            ),
            "bs",
        ),
    ] {
        assert_eq!(
            candidates(&[(x, "a")], ("n", labels, &rules)),
            expected,
            "{rules}"
        );
    }
    for (namespace, topology, more, expected) in [
        ("n", host, "", "bs"),
        ("n", "zone", "", "bs"),
        ("n", host, elsewhere, "abs"),
        ("m", host, elsewhere, "bs"),
        ("m", host, named, "bs"),
        ("m", host, everywhere, "bs"),
        ("m", host, "", "abs"),
    ] {
        let there = apart(topology, more);
        let found = candidates(
            &[(("n", "", &there), "a")],
            (namespace, r#""app": "x""#, ""),
        );
        assert_eq!(found, expected, "{namespace} {there}");
    }
}

#[test]
fn of_the_nodes_that_pass_the_preferred_one_is_taken_and_else_the_first() {
    let node = |weight: u8, zone: u8| {
        format!(
            r#"{{"weight": {weight}, "preference": {{"matchExpressions": [{{"key": "zone", "operator": "In", "values": ["{zone}"]}}]}}}}"#
        )
    };
    let pods = |kind: &str| {
        let term = term("kubernetes.io/hostname", "");
        format!(
            r#""{kind}": {{"preferredDuringSchedulingIgnoredDuringExecution": [{{"weight": 100, "podAffinityTerm": {term}}}]}}"#
        )
    };
    let nodes = |terms: &str| {
        format!(
            r#""nodeAffinity": {{"preferredDuringSchedulingIgnoredDuringExecution": [{terms}]}}"#
        )
    };
    let spec = |affinity: &str| format!(r#""affinity": {{{affinity}}}, {RUNS}"#);
    let x = ("n", r#""app": "x""#, "");
    let likes = spec(&pods("podAffinity"));
    let hates = spec(&pods("podAntiAffinity"));
    for (bound, affinity, expected) in [
        (vec![], String::new(), "a"),
        (vec![], nodes(&node(1, 2)), "b"),
        (
            vec![],
            nodes(&format!("{}, {}", node(2, 1), node(3, 2))),
            "b",
        ),
        (vec![(x, "b")], pods("podAffinity"), "b"),
        (vec![(x, "a")], pods("podAntiAffinity"), "b"),
        (vec![(x, "a"), (x, "b"), (x, "b")], pods("podAffinity"), "b"),
        // Both scores count alike, whatever the weights within them are.
        (
            vec![(x, "b")],
            format!("{}, {}", pods("podAffinity"), nodes(&node(100, 1))),
            "a",
        ),
        // What pods prefer that run already counts, too.
        (vec![(("n", "", likes.as_str()), "b")], String::new(), "b"),
        (vec![(("n", "", hates.as_str()), "a")], String::new(), "b"),
    ] {
        let pod = spec(&affinity);
        assert_eq!(
            place(&bound, ("n", r#""app": "x""#, &pod)),
            expected,
            "{bound:?} {affinity}"
        );
    }
}

#[test]
fn a_pod_that_no_node_takes_is_told_which_filter_each_node_does_not_pass() {
    let full = ("n", "", RUNS);
    let pod = format!(r#""nodeSelector": {{"zone": "1"}}, {RUNS}"#);
    let unplaced = with(
        &[(full, "a"), (full, "a")],
        ("n", "", &pod),
        |cluster, pod| cluster.place(pod).unwrap_err(),
    );
    let expected = [
        (Filter::TaintToleration, 2),
        (Filter::NodeAffinity, 2),
        (Filter::NodeResourcesFit, 1),
    ];
    assert_eq!(unplaced, expected.into());
    let ready = serde_json::from_str(NODES).map(|nodes: Vec<facts::Node<'_>>| {
        let pod: facts::Pod<'_> = serde_json::from_str(r#"{"spec": {}}"#).unwrap();
        let nodes = nodes
            .iter()
            .map(|node| Node::of(node).once_ready())
            .collect();
        let pod = Pod::of("n", &pod).unwrap();
        let mut cluster = Cluster::new(nodes, |_| true);
        [0, 1, 2, 3, 4].map(|node| cluster.obstacle(&pod, node))
    });
    let tainted = Some(Filter::TaintToleration);
    assert_eq!(ready.unwrap(), [None, None, None, tainted, None]);
}
