//! What a pod runs, spelling by spelling: whether it is a worker of several, and whether it wants more devices than it gets.

use serde_json::{Value, json};

use super::CASES;
use super::outcome::{Judged, judge};

/// Judges a pod in the namespace `prod`, whose tier offers slices, MPS shares and whole devices in that order.
fn judged(metadata: &Value, container: &Value) -> Judged {
    let name = "a-worker-of-several-falls-to-whole-devices";
    let case = CASES.iter().find(|case| case.name == name);
    let case = case.expect("a case in the namespace prod");
    let mut container = container.clone();
    container["name"] = "main".into();
    if container["resources"].is_null() {
        container["resources"] = json!({"limits": {"nvidia.com/gpu": "1"}});
    }
    let pod = json!({"metadata": metadata, "spec": {"containers": [container]}});
    judge(case, &pod, &case.world)
}

fn is_whole(metadata: &Value, container: &Value) -> bool {
    let judged = judged(metadata, container);
    assert_eq!(judged.outcome, "rewritten", "{:?}", judged.findings);
    // The label has it, wherever it is added.
    judged.patch.to_string().contains(r#""exclusive""#)
}

fn words(command: &str) -> Value {
    json!({"command": command.split(' ').collect::<Vec<_>>()})
}

fn shell(text: &str) -> Value {
    json!({"command": ["sh", "-c", text]})
}

fn env(pairs: &[(&str, &str)]) -> Value {
    let env = pairs.iter();
    let env: Vec<Value> = env.map(|(n, v)| json!({"name": n, "value": v})).collect();
    json!({"env": env})
}

fn source(name: &str) -> Value {
    json!({"env": [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['x']"}}}]})
}

#[test]
fn a_worker_of_several_is_known_by_what_it_runs() {
    let several = [
        words("torchrun --nnodes=2 t.py"),
        words("torchrun --nnodes 1:4 t.py"),
        words("accelerate launch --num_machines 2 t.py"),
        words("accelerate launch --machine_rank=1 t.py"),
        words("python -m sglang.launch_server --dist-init-addr lead:5000"),
        words("vllm serve m --pipeline-parallel-size 2 --distributed-executor-backend ray"),
        words("vllm serve m -pp 2 --distributed-executor-backend=ray"),
        words("vllm serve m -dp 4 --data-parallel-backend ray"),
        words("vllm serve m --data-parallel-size 4 --data-parallel-address lead --headless"),
        words("vllm serve m --data-parallel-start-rank 2"),
        words("mpirun -n 4 trtllm-llmapi-launch"),
        words("/usr/bin/mpirun --allow-run-as-root -np 2 app -n 1"),
        json!({"command": ["mpiexec"], "args": ["-n", "2", "app"]}),
        words("horovodrun -np 4 -H a:1,b:1 python t.py"),
        shell("export MASTER_ADDR=train-0.train; exec python train.py"),
        shell("set -e\nMASTER_ADDR=train-0 torchrun t.py"),
        words("env MASTER_ADDR=train-0.train python t.py"),
        shell("WORLD_SIZE=2 python t.py"),
        shell("torchrun --nnodes=${N:-2} t.py"),
        shell("cd /work && mpirun -np 4 app"),
        json!({"env": [{"name": "N", "value": "2"}], "args": ["--nnodes=$(N)"]}),
        json!({"env": [{"name": "HEAD", "value": "a.b"}], "args": ["--master-addr", "$(HEAD)"]}),
        shell("torchrun --master-addr $HEAD t.py"),
        env(&[("MASTER_ADDR", "job-0")]),
        env(&[("PET_RDZV_ENDPOINT", "job-0.job:29400")]),
        env(&[("WORLD_SIZE", "2")]),
        env(&[("VC_WORKER_NUM", "4")]),
        env(&[("VC_PS_NUM", "1"), ("VC_WORKER_NUM", "1")]),
        env(&[("VC_WORKER_HOSTS", "a,b")]),
        env(&[("GROVE_PCLQ_POD_INDEX", "1")]),
        env(&[("GROVE_PCSG_TEMPLATE_NUM_PODS", "4")]),
        source("MASTER_ADDR"),
        source("VC_WORKER_HOSTS"),
    ];
    for container in several {
        assert!(is_whole(&json!({}), &container), "{container}");
    }
    let one = [
        words("torchrun --nnodes=1 --nproc-per-node=1 --master-addr=localhost t.py"),
        words("torchrun --rdzv-endpoint=localhost:0 t.py"),
        words("vllm serve m --pipeline-parallel-size 1 --distributed-executor-backend ray"),
        words("vllm serve m -tp 1 --distributed-executor-backend ray"),
        words("mpirun -np 1 app -n 8"),
        words("python t.py -n 4 -np 4"),
        words("echo --see mpirun.md -n 4"),
        shell("torchrun --nnodes=1 --master-addr $HEAD t.py"),
        shell("export MASTER_ADDR=127.0.0.1 WORLD_SIZE=1; python t.py"),
        shell("torchrun --nnodes=${N:-1} t.py"),
        env(&[("WORLD_SIZE", "$(N)")]),
        env(&[("VC_WORKER_NUM", "1")]),
        env(&[
            ("GROVE_PCLQ_POD_INDEX", "0"),
            ("GROVE_PCSG_TEMPLATE_NUM_PODS", "1"),
        ]),
    ];
    for container in one {
        assert!(!is_whole(&json!({}), &container), "{container}");
    }
}

#[test]
fn a_worker_of_several_is_known_by_its_labels_and_owner_unless_a_count_says_one() {
    let owned = |version: &str, kind: &str| json!({"ownerReferences": [{"apiVersion": version, "kind": kind, "name": "o", "uid": "u"}]});
    let labelled = |key: &str, value: &str| json!({"labels": {key: value}});
    for (metadata, container, expected) in [
        (owned("batch.volcano.sh/v1alpha1", "Job"), json!({}), true),
        (owned("batch/v1", "Job"), json!({}), false),
        (owned("grove.io/v1alpha1", "PodClique"), json!({}), true),
        (owned("kubeflow.org/v1", "PyTorchJob"), json!({}), true),
        (
            owned("kubeflow.org/v1", "PyTorchJob"),
            env(&[("WORLD_SIZE", "1")]),
            false,
        ),
        (labelled("grove.io/podgang", "x"), json!({}), true),
        (labelled("volcano.sh/job-name", "j"), json!({}), true),
        (labelled("volcano.sh/queue-name", "q"), json!({}), false),
        (
            labelled("training.kubeflow.org/job-name", "j"),
            json!({}),
            true,
        ),
        (
            labelled("training.kubeflow.org/job-name", "j"),
            words("torchrun --nnodes=1 t.py"),
            false,
        ),
        (
            labelled("training.kubeflow.org/job-name", "j"),
            words("torchrun --nnodes=2 t.py"),
            true,
        ),
        (
            labelled("leaderworkerset.sigs.k8s.io/name", "l"),
            env(&[("LWS_GROUP_SIZE", "1")]),
            false,
        ),
        (
            labelled("leaderworkerset.sigs.k8s.io/name", "l"),
            env(&[("LWS_GROUP_SIZE", "2")]),
            true,
        ),
        // The name that others reach the pod by is its own.
        (
            json!({"name": "pt-master-0", "labels": {"training.kubeflow.org/job-name": "pt"}}),
            env(&[("MASTER_ADDR", "pt-master-0"), ("WORLD_SIZE", "1")]),
            false,
        ),
        (
            json!({"generateName": "trainjob-node-0-0-"}),
            env(&[
                ("PET_NNODES", "1"),
                ("PET_MASTER_ADDR", "trainjob-node-0-0.trainjob"),
            ]),
            false,
        ),
        (
            json!({"name": "pt-master-0"}),
            env(&[("MASTER_ADDR", "pt-master-0")]),
            true,
        ),
        // A count of one is not believed beside another host's address.
        (
            json!({"name": "pt-worker-0"}),
            env(&[("MASTER_ADDR", "pt-master-0"), ("WORLD_SIZE", "1")]),
            true,
        ),
    ] {
        assert_eq!(
            is_whole(&metadata, &container),
            expected,
            "{metadata} {container}"
        );
    }
}

#[test]
fn a_jobset_of_one_job_is_one_worker_where_neither_has_another() {
    let jobset = |more: Value| {
        let mut labels = json!({
            "jobset.sigs.k8s.io/jobset-name": "j",
            "jobset.sigs.k8s.io/replicatedjob-replicas": "1",
        });
        for (key, value) in more.as_object().expect("labels") {
            labels[key] = value.clone();
        }
        json!({"labels": labels})
    };
    for (more, expected) in [
        (json!({}), false),
        (json!({"jobset.sigs.k8s.io/global-replicas": "1"}), false),
        (json!({"jobset.sigs.k8s.io/global-replicas": "2"}), true),
        (
            json!({"batch.kubernetes.io/job-completion-index": "0"}),
            false,
        ),
        (
            json!({"batch.kubernetes.io/job-completion-index": "1"}),
            true,
        ),
        (
            json!({"jobset.sigs.k8s.io/replicatedjob-replicas": "2"}),
            true,
        ),
    ] {
        let metadata = jobset(more);
        assert_eq!(is_whole(&metadata, &json!({})), expected, "{metadata}");
    }
}

#[test]
fn more_ways_than_devices_are_parallelism_in_every_spelling() {
    let slices = |count: &str| json!({"limits": {"nvidia.com/mig-2g.20gb": count}});
    let gpus = |count: &str| json!({"limits": {"nvidia.com/gpu": count}});
    let with = |mut container: Value, resources: Value| {
        container["resources"] = resources;
        container
    };
    let said = |container: &Value| -> Vec<String> {
        let judged = judged(&json!({}), container);
        let findings = judged.findings.iter();
        let findings = findings.filter(|f| f["rule"] == "parallelism");
        findings.map(|f| f["says"].to_string()).collect()
    };
    for command in [
        "vllm serve m -tp 2",
        "vllm serve m -tp=2",
        "vllm serve m --tensor-parallel-size=2",
        "vllm serve m --tensor_parallel_size 2",
        "vllm serve m -pp 2",
        "vllm serve m --pipeline-parallel-size 2",
        "vllm serve m -dp 2",
        "vllm serve m --data-parallel-size 2",
        "vllm serve m -dpl 2",
        "python -m sglang.launch_server --tp 2",
        "python -m sglang.launch_server --dp-size 2",
        "trtllm-serve m --tp_size 2",
        "text-generation-launcher --num-shard 2",
        "accelerate launch --num_processes 2 t.py",
        "torchrun --nproc-per-node=2 t.py",
        "deepspeed --num_gpus 2 t.py",
    ] {
        let container = with(words(command), slices("1"));
        assert_eq!(said(&container).len(), 1, "{command}");
        assert_eq!(
            said(&with(words(command), gpus("2"))),
            Vec::<String>::new(),
            "{command}"
        );
        let container = with(shell(command), slices("1"));
        assert_eq!(said(&container).len(), 1, "sh -c {command}");
    }
    for name in [
        "TENSOR_PARALLEL_SIZE",
        "NUM_SHARD",
        "NIM_TENSOR_PARALLEL_SIZE",
        "PIPELINE_PARALLEL_SIZE",
        "PET_NPROC_PER_NODE",
    ] {
        let container = with(env(&[(name, "2")]), slices("1"));
        assert_eq!(said(&container).len(), 1, "{name}");
        let container = with(env(&[(name, "1")]), slices("1"));
        assert_eq!(said(&container).len(), 0, "{name}");
        let container = with(shell(&format!("export {name}=2; run")), slices("1"));
        assert_eq!(said(&container).len(), 1, "{name} in a shell");
    }
    // One process sees one slice, however many there are.
    for (command, expected) in [
        ("vllm serve m -tp 2", true),
        ("vllm serve m -pp 2", true),
        ("vllm serve m -dp 2", false),
        ("torchrun --nproc-per-node 2 t.py", false),
        ("vllm serve m -tp 1", false),
    ] {
        let said = said(&with(words(command), slices("2")));
        assert_eq!(said.len(), usize::from(expected), "{command}: {said:?}");
    }
    // What workers share is not counted, what is each one's own is.
    for (command, expected) in [
        ("python -m sglang.launch_server --tp 16 --nnodes 2", false),
        ("vllm serve m -dp 8 -dpl 1", false),
        ("vllm serve m -dp 8 -dpl 2", true),
        ("torchrun --nnodes 2 --nproc-per-node 8 t.py", true),
        ("vllm serve m -tp $(TP)", true),
    ] {
        let mut container = with(words(command), gpus("1"));
        container["env"] = json!([{"name": "TP", "value": "4"}]);
        let said = said(&container);
        assert_eq!(said.len(), usize::from(expected), "{command}: {said:?}");
    }
}

#[test]
fn a_visible_device_that_the_container_does_not_see_is_warned_of_where_it_drops_no_limit() {
    for (value, count, expected) in [
        ("0", "1", false),
        ("0,1,2,3", "1", false),
        ("1", "1", true),
        ("1", "2", false),
        ("GPU-8b9a2f5e", "1", true),
        ("MIG-8b9a2f5e", "1", true),
        ("", "1", false),
        ("-1", "1", false),
    ] {
        for resource in ["nvidia.com/gpu", "nvidia.com/mig-2g.20gb"] {
            let mut container = env(&[("CUDA_VISIBLE_DEVICES", value)]);
            container["resources"] = json!({"limits": {resource: count}});
            let judged = judged(&json!({}), &container);
            let findings = judged.findings.iter();
            let found = findings.filter(|f| f["rule"] == "limit-env").count();
            // Of several slices a process sees one.
            let expected = expected || value == "1" && resource != "nvidia.com/gpu";
            assert_eq!(
                found,
                usize::from(expected),
                "{value} of {count} {resource}"
            );
        }
    }
}
