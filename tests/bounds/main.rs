//! Whatever is sent, it is answered within a bound of processor time, memory and bytes, on any fleet.
//!
//! Times of a build without optimisation say nothing, so that this runs in a release build alone:
//! `CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo test --release --test bounds`.
//! `SLICEGATE_CASES` tries so many random bodies instead of 300.

mod bodies;
mod fleet;
mod pace;
mod pod;
mod random;
mod scene;

use std::process::ExitCode;

use pace::Pace;
use scene::{Body, Scene};

/// What one request may take of one core of a machine that has nothing else to do.
const MOST_MICROSECONDS: u64 = 50_000;
/// What its answer may be, in bytes: a patch of 1 MiB in base64, and what is said beside it.
const MOST_ANSWERED: usize = 3 << 19;
/// What it may hold at once, in bytes, the body aside.
const MOST_HELD: u64 = 24 << 20;

fn main() -> ExitCode {
    if cfg!(debug_assertions) {
        println!(
            "bounds: NOT RUN, because this is no release build (tests/bounds/main.rs says how)"
        );
        return ExitCode::SUCCESS;
    }
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = |name: &str| filter.as_deref().is_none_or(|filter| name.contains(filter));
    let scenes = Scene::all();
    let mut pace = Pace::new();
    let (mut faults, mut tried) = (Vec::new(), 0);
    let bodies = bodies::all().chain(random::all());
    for body in bodies.filter(|body| wanted(&body.name)) {
        for scene in &scenes {
            faults.extend(check(scene, &body, &mut pace));
            tried += 1;
        }
    }
    faults.iter().for_each(|fault| println!("FAULT {fault}"));
    println!(
        "bounds: {tried} requests of up to 7 MiB, {} faults",
        faults.len()
    );
    match tried > 0 && faults.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// What is wrong with an answer. What was slow is tried again, beside work that tells how slow the machine is.
fn check(scene: &Scene, body: &Body, pace: &mut Pace) -> Vec<String> {
    const TRIES: usize = 30;
    let mut best = scene.ask(body);
    for _ in 1..TRIES {
        if best.microseconds <= MOST_MICROSECONDS {
            break;
        }
        let before = pace.slowdown();
        let asked = scene.ask(body).microseconds;
        let slowdown = f64::midpoint(before, pace.slowdown());
        best.microseconds = best.microseconds.min((asked as f64 / slowdown) as u64);
    }
    if std::env::var_os("SLICEGATE_SHOW").is_some() {
        println!(
            "{:>8} µs {:>9} B held {:>8} B answered  {} {}: {}",
            best.microseconds,
            best.held,
            best.answered,
            scene.name,
            body.name,
            best.said.chars().take(100).collect::<String>()
        );
    }
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{} {}: {what}", scene.name, body.name));
    if best.microseconds > MOST_MICROSECONDS {
        fault(format!("{} µs", best.microseconds));
    }
    if best.answered > MOST_ANSWERED {
        fault(format!("an answer of {} bytes", best.answered));
    }
    if best.held > MOST_HELD {
        fault(format!("{} bytes held", best.held));
    }
    if let Some(expected) = body.says.filter(|expected| !best.said.contains(expected)) {
        fault(format!("{expected} was expected, and came {}", best.said));
    }
    faults
}
