//! What is no review, or none of a pod.

use slicegate::admission::Webhook;

use super::{LARGEST, most};
use crate::pod::{Pod, list, review};
use crate::scene::Body;

pub fn all() -> Vec<Body> {
    let large = |text: &str| text.repeat(LARGEST / text.len());
    let texts = [
        ("nothing", String::new()),
        ("white space", large(" ")),
        ("digits", large("7")),
        ("lists", large("[")),
        ("objects", large("{\"a\":")),
        ("strings", large("\"")),
        ("backslashes", format!("\"{}", large("\\"))),
        ("entries", format!("[{}", large("1,"))),
        (
            "a long uid",
            format!(r#"{{"request":{{"uid":"{}","object":{{}}}}}}"#, large("a")),
        ),
        (
            "a deep object",
            review(
                "shared",
                "CREATE",
                "",
                &format!("{}{}", "[".repeat(3_000_000), "]".repeat(3_000_000)),
                "null",
            ),
        ),
        (
            "a deep field",
            review(
                "shared",
                "CREATE",
                "",
                &format!(
                    r#"{{"status":{}{}}}"#,
                    "[".repeat(3_000_000),
                    "]".repeat(3_000_000)
                ),
                "null",
            ),
        ),
        (
            "a wrong type",
            review(
                "shared",
                "CREATE",
                "",
                &format!(r#"{{"metadata":"{}"}}"#, large("a")),
                "null",
            ),
        ),
        (
            "a wrong type at the end",
            review(
                "shared",
                "CREATE",
                "",
                &format!(
                    r#"{{"spec":{{"containers":[{{"env":{}}}],"volumes":7}}}}"#,
                    list(most(12), |_| r#"{"name":"a"}"#.to_owned())
                ),
                "null",
            ),
        ),
        (
            "a broken end",
            format!(
                "{}]",
                review(
                    "shared",
                    "CREATE",
                    "",
                    &Pod::asking()
                        .with("env", list(most(12), |_| r#"{"name":"a"}"#.to_owned()))
                        .json(),
                    "null"
                )
            ),
        ),
        ("no pod", review("off", "CREATE", "", &large("9"), "null")),
        (
            "a broken term",
            review(
                "shared",
                "CREATE",
                "",
                &Pod::asking()
                    .terms(&format!(r#"[{{"x":{}}}]"#, large("tru")))
                    .json(),
                "null",
            ),
        ),
    ];
    let body = |(name, text): (&str, String)| Body {
        name: name.to_owned(),
        webhook: Webhook::Mutate,
        text,
        says: None,
    };
    texts.map(body).into()
}
