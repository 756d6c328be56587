//! What adopt labels, in which namespaces, and what it says of those that are closed.

use crate::cluster::{NAMESPACES, Server, of_pods, pod, pods};

#[test]
fn adopt_goes_by_the_namespaces_that_are_never_asked_about() {
    let adopted = |flags: &[&str]| {
        let mut pod = pod("a", 1, "");
        let part = r#""annotations":{"slicegate.dev/trust-boundary":"gpus"},"labels""#;
        pod = pod.replace(r#""labels""#, part);
        let namespaces = NAMESPACES.replace(
            "]}",
            r#",{"metadata":{"name":"gpus","annotations":{"slicegate.dev/mode":"enforce"}}}]}"#,
        );
        let server = Server::start(vec![
            ("GET /api/v1/namespaces?limit=500", 200, namespaces),
            (
                "GET /api/v1/namespaces/team-a/pods?limit=500",
                200,
                pods(&[pod.clone()], ""),
            ),
            ("PATCH /api/v1/namespaces/team-a/pods/a?", 200, pod),
        ]);
        let run = server.run(&[&["adopt", "team-a"], flags].concat());
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{flags:?}");
        of_pods(&run).join("\n")
    };
    // A part that others use is not its own, so it stays in the whole boundary.
    let line =
        |boundary: &str| format!("team-a/a: labelled slicegate.dev/trust-boundary={boundary}");
    assert_eq!(adopted(&[]), line("team-a"));
    assert_eq!(
        adopted(&["--never-match=kube-system,gpus"]),
        line("team-a.gpus")
    );
}

#[test]
fn adopt_labels_and_says_that_no_gpu_pod_can_be_created_there() {
    let namespaces = |annotations: &str| {
        format!(
            r#"{{"kind":"NamespaceList","apiVersion":"v1","items":[{{"metadata":{{"name":"team-a","annotations":{{{annotations}}}}}}},
            {{"metadata":{{"name":"team-b"}}}}]}}"#
        )
    };
    let run = |annotations: &str, flags: &[&str]| {
        let list = pods(&[pod("a", 1, "")], "");
        let server = Server::start(vec![
            (
                "GET /api/v1/namespaces?limit=500",
                200,
                namespaces(annotations),
            ),
            ("GET /api/v1/nodes?limit=500", 200, LABELLED.to_owned()),
            (
                "GET /api/v1/namespaces/team-a/pods?limit=500",
                200,
                list.clone(),
            ),
            ("GET /api/v1/pods?limit=500", 200, list),
            (
                "PATCH /api/v1/namespaces/team-a/pods/a?",
                200,
                pod("a", 2, ""),
            ),
        ]);
        let run = server.run(&[&["adopt"], flags].concat());
        assert!(
            run.out.contains("team-a/a: labelled"),
            "{}{}",
            run.out,
            run.err
        );
        (run.status, run.out)
    };
    let enforced = r#""slicegate.dev/mode":"enforce","slicegate.dev/tier":"trusted-inference""#;
    for flags in [&["team-a"][..], &["-n", "team-a"], &["--all"]] {
        let (status, out) = run(enforced, flags);
        assert_eq!(status, 1, "{out}");
        for words in [
            "\n1 GPU pod in 1 namespace: 1 labelled, 0 had their label, 0 left alone\n",
            "\nteam-a is closed: no GPU pod can be created there: no known node can ever serve",
            "\n    kubectl annotate --overwrite namespace team-a slicegate.dev/tier=production\n",
        ] {
            assert!(out.contains(words), "{words}\n{out}");
        }
    }
    let rehearsed = r#""slicegate.dev/mode":"dry-run","slicegate.dev/tier":"trusted-inferense""#;
    let (status, out) = run(rehearsed, &["team-a"]);
    assert_eq!(status, 1);
    assert!(
        out.contains("team-a will be closed once it is enforced: "),
        "{out}"
    );
    let open = r#""slicegate.dev/mode":"enforce","slicegate.dev/tier":"production""#;
    let (status, out) = run(open, &["--all"]);
    assert_eq!(status, 0, "{out}");
    let off = run(r#""x":"y""#, &["team-a"]);
    assert_eq!(off.0, 0, "{}", off.1);
}

const LABELLED: &str = r#"{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n","labels":{
    "nvidia.com/gpu.product":"NVIDIA-A100-SXM4-80GB","nvidia.com/gpu.count":"8","nvidia.com/gpu.replicas":"1",
    "nvidia.com/gpu.sharing-strategy":"none","nvidia.com/gpu.memory":"81920","nvidia.com/gpu.compute.major":"8"}},
    "status":{"allocatable":{"nvidia.com/gpu":"8"}}}]}"#;
