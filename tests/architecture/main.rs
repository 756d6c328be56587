//! How the source is built, as sentences that are checked: who may know whom, what no file may hold, and that
//! every rule is complete and its examples are true.

mod chapters;
#[path = "../printed/mod.rs"]
mod commands;
mod documents;
mod how_to_add;
mod printed;
mod rules;
mod rules_page;
mod source;

const LIMIT: usize = 400;

fn no_file_of(folder: &str, words: &[&str]) {
    let files = source::files();
    let is_there = |folder: &str| files.iter().any(|f| f.is_in(folder));
    assert!(is_there(folder), "there is no {folder}");
    for module in words.iter().filter_map(|w| w.strip_prefix("crate::")) {
        let module = module.replace("::", "/");
        assert!(is_there(&format!("src/{module}")), "there is no {module}");
    }
    let mut faults = Vec::new();
    for file in files.iter().filter(|f| f.is_in(folder)) {
        for (number, line) in file.code() {
            for word in words.iter().filter(|word| source::mentions(line, word)) {
                faults.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_engine_reads_no_file_waits_for_nothing_logs_nothing_and_knows_no_wire() {
    no_file_of(
        "src/engine",
        &[
            "serde",
            "serde_json",
            "serde_saphyr",
            "tokio",
            "kube",
            "tracing",
            "std::fs",
            "std::net",
            "std::env",
            "std::time",
            "std::process",
            "std::io",
            "println!",
            "eprintln!",
        ],
    );
}

#[test]
fn the_engine_knows_nothing_of_admission_configuration_and_the_command_line() {
    no_file_of(
        "src/engine",
        &[
            "crate::admission",
            "crate::config",
            "crate::cli",
            "crate::cel",
        ],
    );
}

/// Stages of a decision that stand above the rules.
const STAGES: [&str; 5] = [
    "crate::engine::request",
    "crate::engine::placement",
    "crate::engine::edits",
    "crate::engine::decide",
    "crate::engine::audit",
];

#[test]
fn the_rules_stand_below_the_stages_that_run_them() {
    no_file_of("src/engine/rules", &STAGES);
}

#[test]
fn what_concerns_gpus_is_said_without_the_rules_and_the_stages() {
    no_file_of("src/engine/relevance", &STAGES);
    no_file_of("src/engine/relevance", &["crate::engine::rules"]);
}

#[test]
fn json_knows_nothing_of_what_is_read() {
    no_file_of(
        "src/json",
        &["crate::facts", "crate::engine", "crate::admission"],
    );
}

#[test]
fn facts_know_no_other_module() {
    no_file_of(
        "src/facts",
        &[
            "crate::engine",
            "crate::admission",
            "crate::config",
            "crate::cli",
        ],
    );
}

#[test]
fn admission_knows_nothing_of_configuration_and_the_command_line() {
    no_file_of("src/admission", &["crate::config", "crate::cli"]);
}

#[test]
fn configuration_knows_nothing_of_the_command_line_of_admission_and_of_manifests() {
    no_file_of(
        "src/config",
        &[
            "crate::cli",
            "crate::admission",
            "crate::manifests",
            "crate::cel",
            "crate::server",
        ],
    );
}

#[test]
fn manifests_cel_and_certificates_know_nothing_of_the_wire_the_server_and_the_command_line() {
    let others = [
        "crate::admission",
        "crate::cli",
        "crate::server",
        "crate::config",
    ];
    no_file_of("src/manifests", &others);
    no_file_of("src/cel", &others);
    no_file_of("src/certificates", &others);
    no_file_of("src/certificates", &["crate::engine", "crate::manifests"]);
}

#[test]
fn controllers_know_nothing_of_the_server_and_the_command_line() {
    let others = ["crate::admission", "crate::cli", "crate::server"];
    no_file_of("src/controllers", &others);
    for folder in ["src/engine", "src/facts", "src/admission", "src/config"] {
        no_file_of(folder, &["crate::controllers"]);
    }
    for folder in [
        "src/cluster",
        "src/certificates",
        "src/manifests",
        "src/cel",
    ] {
        no_file_of(folder, &["crate::controllers"]);
    }
}

#[test]
fn the_doctor_judges_what_was_gathered_and_asks_nobody() {
    no_file_of(
        "src/doctor",
        &[
            "crate::cluster",
            "crate::cli",
            "crate::server",
            "crate::admission",
            "tokio",
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::io",
            "SystemTime",
            "Instant",
        ],
    );
    for folder in [
        "src/engine",
        "src/facts",
        "src/admission",
        "src/config",
        "src/cel",
        "src/manifests",
        "src/server",
    ] {
        no_file_of(folder, &["crate::doctor"]);
    }
}

#[test]
fn a_report_is_data_that_is_made_of_what_was_read_elsewhere() {
    no_file_of(
        "src/report",
        &[
            "crate::cli",
            "crate::cluster",
            "crate::config",
            "crate::server",
            "crate::controllers",
            "anstyle",
            "clap",
            "tokio",
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::io",
            "println!",
            "eprintln!",
        ],
    );
    for folder in [
        "src/engine",
        "src/facts",
        "src/admission",
        "src/config",
        "src/cluster",
        "src/doctor",
        "src/cel",
        "src/manifests",
        "src/controllers",
    ] {
        no_file_of(folder, &["crate::report"]);
    }
}

#[test]
fn the_simulation_knows_the_wire_and_quantities_alone() {
    no_file_of(
        "src/simulate",
        &[
            "crate::admission",
            "crate::cel",
            "crate::cli",
            "crate::cluster",
            "crate::config",
            "crate::engine::placement",
            "crate::engine::rules",
            "crate::engine::supply",
            "crate::report",
            "crate::server",
            "tokio",
            "std::fs",
            "std::net",
            "std::env",
            "std::time",
            "std::io",
        ],
    );
    for folder in ["src/engine", "src/facts", "src/admission", "src/config"] {
        no_file_of(folder, &["crate::simulate"]);
    }
}

#[test]
fn only_the_cluster_knows_kube_and_it_knows_nothing_of_slicegate() {
    for file in source::files().iter().filter(|f| !f.is_in("src/cluster")) {
        // The definition of SharingPolicy comes from kube's derive, which talks to nobody.
        let words: &[&str] = if file.is_in("src/config/policy") {
            &[
                "kube::Client",
                "kube::Api",
                "kube::api",
                "kube::client",
                "kube::runtime",
            ]
        } else {
            &["kube", "k8s_openapi"]
        };
        for (number, line) in file.code() {
            for word in words {
                assert!(
                    !source::mentions(line, word),
                    "{}:{number}: {word}",
                    file.path
                );
            }
        }
    }
    no_file_of(
        "src/cluster",
        &[
            "crate::engine",
            "crate::facts",
            "crate::admission",
            "crate::config",
            "crate::cli",
            "crate::server",
            "crate::doctor",
        ],
    );
    for folder in ["src/engine", "src/facts", "src/admission", "src/config"] {
        no_file_of(folder, &["crate::cluster"]);
    }
}

#[test]
fn nobody_uses_unsafe() {
    no_file_of("src", &["unsafe"]);
}

#[test]
fn nobody_panics_on_purpose_outside_of_tests() {
    no_file_of(
        "src",
        &[
            ".unwrap()",
            ".expect(",
            "panic!",
            "todo!",
            "unimplemented!",
            "unreachable!",
        ],
    );
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let without = source::files()
        .into_iter()
        .filter(|f| !f.text.starts_with("//! "));
    let without: Vec<String> = without.map(|f| f.path).collect();
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long = source::files().into_iter().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > LIMIT).then(|| format!("{} has {lines} lines", file.path))
    });
    let long: Vec<String> = long.collect();
    assert!(long.is_empty(), "{long:#?}");
}
