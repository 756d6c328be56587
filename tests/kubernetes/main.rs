//! slicegate on a real Kubernetes: API server, scheduler and controllers, with made-up nodes.
//!
//! A target of its own with its own `main`, because its tests share clusters and run one after another. It takes
//! filters as other test targets do. `SLICEGATE_REQUIRE_KUBERNETES=1` turns what could not be run into a failure.

mod api;
mod assets;
mod certificates;
mod cluster;
mod control_plane;
mod fleet;
mod https;
mod kubectl;
mod names;
mod process;
mod runner;
mod stage;
mod wait;
mod webhook;
mod workloads;

use std::process::ExitCode;

use runner::{Test, tests};

/// In this order: those that share a cluster stand together.
const TESTS: &[Test] = tests![
    workloads::pods_of_a_deployment_get_shares_with_limits,
    workloads::pods_of_a_job_get_a_quarter_and_complete,
    workloads::pods_of_a_statefulset_get_slices,
    workloads::pods_of_a_daemonset_keep_their_request_and_get_the_boundary,
    workloads::pods_of_a_cronjob_take_turns_where_the_name_of_whole_gpus_means_turns,
    workloads::a_bare_pod_may_ask_for_half_a_gpu,
    workloads::whole_gpus_land_on_whole_gpus_alone,
];

fn main() -> ExitCode {
    runner::run(TESTS)
}
