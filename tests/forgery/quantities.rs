//! Quantities as nobody in his senses writes them: read exactly, or refused.

use serde_json::{Value, json};

use super::scene::{SHARED, WHOLE, create, gpu_pod, plain_pod, report, with};

/// Counts that are none, or none that a container can be given.
const BAD_COUNTS: [&str; 38] = [
    "",
    " ",
    " 1",
    "1 ",
    "1\n",
    "+",
    "-",
    ".",
    "-1",
    "-0.5",
    "1.5",
    "0x1",
    "0b1",
    "1_000",
    "1,0",
    "１",
    "٣",
    "½",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "1e",
    "1e+",
    "e3",
    "1e1.5",
    "1ee3",
    "1K",
    "1kk",
    "1Kib",
    "1mi",
    "1m",
    "1u",
    "1n",
    "9223372036854775808",
    "1e400",
    "--1",
];

#[test]
fn a_count_that_is_none_is_refused_in_every_kind_of_container_and_name() {
    let mut faults = Vec::new();
    for count in BAD_COUNTS {
        for list in ["containers", "initContainers"] {
            for part in ["limits", "requests"] {
                for name in ["nvidia.com/gpu.shared", "nvidia.com/mig-1g.10gb"] {
                    let mut pod = plain_pod();
                    let asks = json!({"name": "asks", "resources": {part: {name: count}}});
                    pod["spec"][list] = json!([asks]);
                    let answer = create(SHARED, &pod);
                    if answer.allowed {
                        faults.push(format!("{name}: {count:?} in {list} {part}"));
                    }
                }
            }
        }
    }
    report(&faults);
}

/// Counts that mean 0: the pod asks for nothing.
const ZEROS: [&str; 11] = [
    "0", "00", "-0", "+0", "0.0", "0e5", "0m", "0Gi", "0.", ".0", "0e-400",
];

#[test]
fn zero_is_zero_however_it_is_written() {
    for zero in ZEROS {
        let mut pod = plain_pod();
        pod["spec"]["containers"][0]["resources"] = json!({"limits": {"nvidia.com/gpu": zero}});
        let answer = create(SHARED, &pod);
        assert_eq!(answer.pod, Some(pod), "{zero}: {:?}", answer.rules);
    }
}

#[test]
fn one_is_one_however_it_is_written() {
    let plain = create(WHOLE, &gpu_pod()).pod.expect("admitted");
    assert!(plain["spec"]["affinity"].is_object(), "{plain}");
    for one in [
        "1", "01", "+1", "1.0", "1.", "1000m", "1e0", "0.001e3", "1000000u", "0.001k",
    ] {
        let mut pod = gpu_pod();
        pod["spec"]["containers"][0]["resources"] = json!({"limits": {"nvidia.com/gpu": one}});
        let answer = create(WHOLE, &pod);
        let stored = answer.pod.unwrap_or_default();
        assert_eq!(
            stored["spec"]["affinity"], plain["spec"]["affinity"],
            "{one}: {:?}",
            answer.rules
        );
    }
}

#[test]
fn more_than_there_is_anywhere_is_refused_without_a_wrap() {
    for many in [
        "9223372036854775807",
        "4294967297",
        "1e18",
        "1E",
        "18446744073709551617",
        "1000Gi",
    ] {
        let mut pod = gpu_pod();
        pod["spec"]["containers"][0]["resources"] = json!({"limits": {"nvidia.com/gpu": many}});
        let more = pod["spec"]["containers"][0].clone();
        pod["spec"]["containers"] = json!([more, more, more]);
        assert!(!create(WHOLE, &pod).allowed, "{many}");
    }
}

#[test]
fn annotations_of_sizes_are_read_exactly_or_refused() {
    let mut faults = Vec::new();
    let odd = [
        "",
        " ",
        "x",
        "-1",
        "0",
        "-0",
        "NaN",
        "inf",
        "1e400",
        "0x1",
        "１",
        "1 Gi",
        "1gi",
        "9223372036854775808Ei",
        "1e-400",
        "1/2",
        "50%",
    ];
    for key in ["gpu-memory", "gpu-fraction", "gpu-compute"] {
        for form in [
            format!("slicegate.dev/{key}"),
            format!("{key}.slicegate.dev/main"),
        ] {
            for value in odd {
                let pod = with(
                    gpu_pod(),
                    &json!({"metadata": {"annotations": {&form: value}}}),
                );
                let answer = create(SHARED, &pod);
                // The smallest fraction of a byte is one byte, and 1e400 bytes no GPU has.
                let is_real = key == "gpu-memory" && ["1e400", "1e-400"].contains(&value);
                if answer.allowed && !is_real && !value.is_empty() {
                    faults.push(format!("{form}: {value:?}: {:?}", answer.pod));
                }
            }
        }
    }
    report(&faults);
}

#[test]
fn counts_of_another_type_are_read_as_they_are_printed_or_refused() {
    for value in [
        json!(0.5),
        json!(1.5),
        json!(-1),
        json!(1e30),
        json!(true),
        Value::Null,
        json!([]),
        json!({}),
        json!(["1"]),
    ] {
        let mut pod = gpu_pod();
        pod["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu.shared"] =
            value.clone();
        assert!(!create(SHARED, &pod).allowed, "{value}");
    }
}
