//! slicegate on a real Kubernetes: API server, scheduler and controllers, with made-up nodes.
//!
//! A target of its own with its own `main`, because its tests share clusters. It takes filters as other test targets do,
//! and `--test-threads`. `SLICEGATE_REQUIRE_KUBERNETES=1` turns what could not be run into a failure, and
//! `SLICEGATE_REQUIRE_SHARED=1` what could not be run on files that are no part of this repository, and
//! `SLICEGATE_REQUIRE_IMAGE=1` what could not be run for want of an image.

mod acceptance_cases;
mod api;
mod assets;
mod audit;
mod balancer;
mod boundaries;
mod certificates;
mod certified;
mod chart;
mod chart_choices;
mod chart_release;
mod chart_values;
mod cluster;
#[path = "../printed/table.rs"]
mod commands;
mod container;
mod control_plane;
mod doctor;
mod events;
mod fleet;
mod guard;
mod guard_agrees;
mod guard_pods;
#[path = "../guard_twin/mod.rs"]
mod guard_twin;
mod headline;
mod helm;
mod https;
mod image;
mod installation;
mod kubectl;
mod many_pods;
mod match_conditions;
mod model;
mod names;
mod namespaces;
mod neighbour;
mod neighbourhood;
mod neighbours;
mod opt_in;
mod own_ca;
#[path = "../policy/tables.rs"]
mod policies;
mod printed;
mod process;
mod random;
#[path = "../properties/reaching.rs"]
mod reaching;
mod recorder;
mod registry;
mod reinvocation;
mod replica;
mod replicas;
mod rights;
#[path = "../runner/mod.rs"]
mod runner;
mod seccomp;
mod sharing_policy;
mod simulation;
mod stage;
mod throughput;
mod unsteered;
mod validation;
mod wait;
mod watching;
mod webhook;
mod workloads;

use std::process::ExitCode;

use runner::{Tests, tests};
use stage::Stage;

/// The tests of a group share a cluster where they can. Groups run beside one another, so that nothing here may count on
/// a machine of its own. Those that take long come first, so that none of them is left alone at the end.
const TESTS: Tests<Stage> = Tests {
    title: "on a real Kubernetes",
    groups: &[
        tests![replicas::no_create_fails_and_none_is_unguarded_while_everything_is_renewed],
        tests![
            match_conditions::every_pod_that_touches_gpus_is_asked_about_and_no_other,
            match_conditions::a_pod_too_large_to_be_looked_through_is_asked_about_and_none_costs_too_much,
        ],
        tests![
            guard::more_anti_affinity_than_the_guard_reads_hides_nothing,
            guard::a_pod_too_large_for_the_guard_is_refused_only_where_slicegate_acts,
            guard::the_guard_counts_to_the_entry_what_a_pod_says,
        ],
        tests![own_ca::a_secret_that_is_deleted_or_spoilt_is_made_anew_while_every_call_gets_through],
        tests![
            guard::with_slicegate_gone_who_opted_in_is_closed_and_nobody_else_notices,
            guard::a_stamp_passes_where_it_is_right_and_only_there,
            guard::a_refusal_by_the_guard_is_one_readable_line,
            guard::every_way_around_the_request_is_closed_where_slicegate_acts,
            guard::an_ephemeral_container_gets_no_gpu,
            guard::what_slicegate_wrote_on_a_live_pod_stays_and_all_else_may_change,
            guard::labels_that_close_nodes_for_others_are_refused_in_every_namespace,
            guard::anti_affinity_that_closes_nodes_for_others_is_refused_in_every_namespace,
            guard::a_policy_in_dry_run_refuses_no_missing_stamp,
        ],
        tests![guard_agrees::the_guard_and_rust_say_the_same_of_random_pods],
        tests![own_ca::authorities_are_replaced_while_every_call_gets_through],
        tests![acceptance_cases::nothing_unsafe_gets_in_that_is_not_known],
        tests![
            workloads::pods_of_a_deployment_get_shares_with_limits,
            workloads::pods_of_a_job_get_a_quarter_and_complete,
            workloads::pods_of_a_statefulset_get_slices,
            workloads::pods_of_a_daemonset_keep_their_request_and_get_the_boundary,
            workloads::a_daemonsets_pod_waits_where_another_boundarys_share_is,
            workloads::pods_of_a_cronjob_take_turns_where_the_name_of_whole_gpus_means_turns,
            workloads::a_bare_pod_may_ask_for_half_a_gpu,
            workloads::whole_gpus_land_on_whole_gpus_alone,
            namespaces::where_slicegate_is_off_pods_stay_byte_for_byte_as_without_it,
            namespaces::dry_run_says_and_records_what_enforcing_would_do_and_does_nothing,
            namespaces::dry_run_lets_an_attack_pass_and_says_that_it_would_be_refused,
            namespaces::a_refusal_is_one_short_line_and_then_every_rule_with_its_fix,
            namespaces::a_deployment_whose_pods_are_refused_says_why_in_an_event,
            namespaces::a_server_side_dry_run_shows_the_rewrite_and_creates_nothing,
            namespaces::a_namespace_that_opts_in_is_enforced_from_then_on,
            reinvocation::what_a_later_webhook_adds_is_completed_and_nothing_is_written_twice,
            reinvocation::what_an_earlier_webhook_adds_is_complete_at_once,
            validation::a_webhook_that_takes_the_boundary_away_at_the_end_gets_the_pod_refused,
            validation::a_debug_container_that_reaches_for_the_gpus_is_refused_and_another_is_not,
            neighbours::a_limit_range_that_gives_every_container_a_gpu_does_not_bring_the_old_name_back,
            neighbours::a_quota_on_the_old_name_counts_nothing_after_the_rewrite,
            neighbours::a_quota_on_the_name_for_shares_counts_and_refuses,
            neighbours::a_pod_that_pod_security_calls_restricted_still_is_after_the_rewrite,
            neighbours::pods_reach_tainted_nodes_without_the_plugin_for_tolerations,
            unsteered::a_share_of_a_namespace_that_is_off_may_sit_beside_those_of_a_boundary,
            unsteered::where_the_policy_labels_outsiders_a_boundary_keeps_away_from_them,
            unsteered::a_share_from_before_the_opt_in_may_get_a_boundary_for_a_neighbour,
            unsteered::a_forged_owner_does_not_bring_a_share_beside_another_boundary,
            unsteered::a_node_name_that_contradicts_its_owner_brings_no_share_beside_another_boundary,
            unsteered::a_forged_label_is_refused_where_slicegate_enforces,
            unsteered::a_forged_label_is_refused_where_slicegate_is_off_as_well,
            unsteered::anti_affinity_that_closes_nodes_is_refused_wherever_slicegate_is_asked,
            unsteered::another_scheduler_gets_no_shares_where_slicegate_enforces,
            unsteered::who_may_bind_pods_may_put_one_beside_a_boundary,
            unsteered::a_node_without_a_hostname_label_gets_no_shares,
            opt_in::audit_names_what_ran_before_the_opt_in_and_adopt_brings_it_in,
            opt_in::audit_finds_a_breach_made_by_hand,
            opt_in::adopt_changes_no_label_and_says_so,
            opt_in::adopt_needs_the_rights_of_its_role_and_says_which_are_missing,
            opt_in::audit_needs_a_role_that_only_reads_and_says_which,
            opt_in::adopt_passes_the_guard_only_with_its_verb,
            guard::with_slicegate_there_the_guard_is_not_noticed,
        ],
        tests![watching::the_guard_is_kept_as_long_as_slicegate_is_registered],
        tests![doctor::each_thing_that_breaks_is_found_on_its_own_line],
        tests![boundaries::no_node_ever_runs_shares_of_two_boundaries_and_nobody_waits_beside_room],
        tests![simulation::the_scheduler_of_the_properties_puts_pods_where_the_real_one_does],
        tests![
            sharing_policy::the_definition_is_taken_without_a_warning_and_the_built_in_policy_comes_back_as_it_is,
            sharing_policy::what_the_reader_takes_the_api_server_takes_and_gives_back_with_the_same_meaning,
            sharing_policy::no_value_that_the_reader_takes_is_refused_whatever_its_form,
            sharing_policy::what_the_api_server_refuses_is_what_the_reader_refuses,
            sharing_policy::a_refusal_says_what_would_be_right_and_what_nobody_knows_is_refused_or_dropped_aloud,
            sharing_policy::the_status_is_taken_and_shown,
        ],
        tests![rights::the_account_of_the_manifests_may_do_what_slicegate_does_and_nothing_else],
        tests![own_ca::two_replicas_make_one_authority_and_keep_what_api_servers_trust],
        tests![
            image::what_is_pulled_by_its_digest_is_one_program_and_says_what_it_is_made_of,
            image::as_its_deployment_runs_it_a_real_api_server_calls_it,
        ],
        tests![events::owners_are_told_why_their_pods_are_refused_and_once],
        tests![chart_choices::every_choice_is_taken_by_the_api_server],
        tests![doctor::a_healthy_installation_fails_no_check_and_the_role_that_is_shipped_is_enough_to_see_it],
        tests![chart_release::a_release_runs_is_upgraded_and_leaves_nothing_behind],
        tests![installation::the_manifests_are_an_installation_whose_pods_run],
        tests![watching::an_api_server_that_was_away_and_has_forgotten_much_loses_nothing],
        tests![watching::what_changes_in_the_cluster_counts_for_the_next_pod],
        tests![watching::a_namespace_made_a_moment_ago_is_not_taken_for_one_that_says_nothing],
        tests![watching::nodes_that_went_are_supply_for_the_process_that_comes_after],
        tests![installation::with_a_certificate_of_ones_own_the_webhooks_come_with_it],
        tests![headline::ten_shares_take_two_nodes_of_six_and_without_slicegate_ten],
        tests![neighbours::pods_reach_tainted_nodes_with_the_plugin_for_tolerations],
        tests![unsteered::with_slicegate_gone_pods_are_created_as_they_are_written],
        tests![
            chart::helm_finds_nothing_to_complain_of,
            chart::the_chart_renders_what_the_manifests_hold_and_nothing_else,
            chart::each_way_to_a_certificate_is_the_same_in_the_chart,
            chart_values::every_value_arrives_where_it_belongs,
            chart_values::values_become_arguments_of_the_server,
            chart_values::what_an_installation_does_not_do_it_has_no_right_to,
            chart_values::the_certificate_is_for_the_host_that_is_called,
            chart_values::wrong_values_are_refused_by_name,
        ],
    ],
    benchmarks: tests![throughput::pods_are_created_with_and_without_slicegate_in_turns],
};

fn main() -> ExitCode {
    runner::run(&TESTS, || {
        let assets = assets::find().map_err(stage::missing)?;
        Ok(move || Stage::new(assets.clone()))
    })
}
