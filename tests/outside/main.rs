//! Tests on files that are no part of this repository: acceptance cases, and several hundred manifests of other people.
//!
//! Where the files are not at hand a line says `NOT RUN` and why; `SLICEGATE_REQUIRE_SHARED=1` turns that into a failure. A target of its own with its own `main`, which takes filters as other test targets do.

mod acceptance;
mod corpus;
mod infrastructure;
mod policies;
mod run;
#[path = "../runner/mod.rs"]
mod runner;
mod touching;

use std::path::PathBuf;
use std::process::ExitCode;

use run::Corpus;
use runner::{Gap, Missing, Stage, Tests, shared, tests};

const TESTS: Tests<Outside> = Tests {
    title: "on files beside this repository",
    groups: &[tests![
        acceptance::nothing_unsafe_gets_in_and_hardly_anything_else_comes_out_otherwise_than_the_contract_says,
        policies::good_ones_are_read_and_bad_ones_refused,
        policies::off_means_off_without_quotes_too,
        corpus::every_file_is_answered_for_and_those_with_a_key_twice_are_told_of,
        corpus::kinds_of_other_controllers_are_skipped_with_a_reason_and_the_built_in_ones_are_not,
        corpus::a_pod_that_asks_for_no_gpu_of_the_device_plugin_is_untouched_without_findings,
        corpus::a_pod_that_asks_for_no_gpu_by_name_is_never_rewritten,
        corpus::every_finding_stands_where_it_says,
        corpus::under_the_built_in_policy_and_the_assumed_fleet_every_document_is_judged_and_stays_judged,
        corpus::under_the_built_in_policy_and_a_known_fleet_every_document_is_judged_and_stays_judged,
        corpus::under_a_tier_that_shares_by_default_every_document_is_judged_and_stays_judged,
        infrastructure::what_serves_gpus_is_left_alone_in_its_own_namespaces,
        infrastructure::what_serves_gpus_is_judged_like_anybody_in_an_ordinary_namespace,
        touching::nothing_is_found_where_nothing_of_the_corpus_touches_gpus,
        touching::nothing_is_found_where_no_attack_and_no_ask_touches_gpus,
    ]],
    benchmarks: &[],
};

fn main() -> ExitCode {
    runner::run(&TESTS, || Ok(Outside::default))
}

/// The files beside this repository, as far as they are there.
#[derive(Default)]
pub struct Outside {
    gap: Option<Gap>,
}

impl Outside {
    /// The manifests of other people.
    pub fn corpus(&mut self) -> Option<Corpus> {
        self.given(shared::find("corpus/manifests").map(Corpus::new))
    }

    /// A file or a folder.
    pub fn find(&mut self, part: &str) -> Option<PathBuf> {
        self.given(shared::find(part))
    }

    /// The folder of the acceptance cases, where the programs that run them are here.
    pub fn acceptance(&mut self) -> Option<PathBuf> {
        self.given(shared::acceptance())
    }

    fn given<T>(&mut self, found: Result<T, Missing>) -> Option<T> {
        found
            .map_err(|missing| {
                self.gap = Some(Gap {
                    missing,
                    is_part: false,
                })
            })
            .ok()
    }
}

impl Stage for Outside {
    fn take_gap(&mut self) -> Option<Gap> {
        self.gap.take()
    }
}
