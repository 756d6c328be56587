//! Expands `subPath` and `subPathExpr` of a mount, as far as the pod itself says what they are.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::facts::pod::{Container, VolumeMount};

/// The longest path a node takes (`PATH_MAX` of Linux), in bytes; longer ones are not expanded.
const LONGEST: usize = 4096;
/// How deep variables may refer to one another.
const DEEPEST: usize = 8;
/// References that are followed in one pod, so that no pod takes long to read.
const MOST_STEPS: usize = 20_000;

/// Expands the mounted parts of the volumes of one pod.
pub(super) struct SubPaths {
    steps_left: usize,
}

impl SubPaths {
    pub(super) fn new() -> Self {
        Self {
            steps_left: MOST_STEPS,
        }
    }

    /// The part of its volume that a mount takes. None where it takes all of it, or where a variable is not in the
    /// pod: then the whole volume is what can be reached.
    pub(super) fn of<'m>(
        &mut self,
        container: &'m Container<'_>,
        mount: &'m VolumeMount<'_>,
    ) -> Option<Cow<'m, str>> {
        let filled = |part: &&str| !part.is_empty();
        if let Some(part) = mount.sub_path.as_deref().filter(filled) {
            return Some(Cow::Borrowed(part));
        }
        let expression = mount.sub_path_expr.as_deref().filter(filled)?;
        if !expression.contains("$(") {
            return Some(Cow::Borrowed(expression));
        }
        if expression.len() > LONGEST {
            return None;
        }
        let env = container.env().iter();
        // The last one of a name counts, as for the kubelet.
        let env: HashMap<&str, Option<&str>> = env.map(|e| (e.name(), e.literal())).collect();
        self.expand(expression, &env, DEEPEST).map(Cow::Owned)
    }

    fn expand(
        &mut self,
        mut text: &str,
        env: &HashMap<&str, Option<&str>>,
        depth: usize,
    ) -> Option<String> {
        let mut expanded = String::new();
        while let Some((before, after)) = text.split_once("$(") {
            let (name, rest) = after.split_once(')')?;
            self.steps_left = self.steps_left.checked_sub(1)?;
            let value = env.get(name).copied().flatten()?;
            expanded.push_str(before);
            if value.contains("$(") {
                expanded.push_str(&self.expand(value, env, depth.checked_sub(1)?)?);
            } else {
                expanded.push_str(value);
            }
            if expanded.len() > LONGEST {
                return None;
            }
            text = rest;
        }
        expanded.push_str(text);
        Some(expanded)
    }
}

#[cfg(test)]
mod tests {
    use super::SubPaths;
    use crate::facts::pod::Container;

    fn of(container: &str) -> Option<String> {
        let container: Container<'_> = serde_json::from_str(container).unwrap();
        let mount = &container.volume_mounts.as_ref().unwrap()[0];
        SubPaths::new()
            .of(&container, mount)
            .map(|part| part.into_owned())
    }

    #[test]
    fn variables_that_are_literal_are_worked_out_and_others_are_not() {
        for (env, expression, part) in [
            ("[]", "a/b", Some("a/b")),
            (r#"[{"name":"A","value":"x"}]"#, "$(A)/$(A)", Some("x/x")),
            (
                r#"[{"name":"A","value":"x"},{"name":"B","value":"$(A)y"}]"#,
                "p$(B)",
                Some("pxy"),
            ),
            (
                r#"[{"name":"A","value":"x"},{"name":"A","value":"z"}]"#,
                "$(A)",
                Some("z"),
            ),
            (r#"[{"name":"A","valueFrom":{}}]"#, "$(A)", None),
            ("[]", "$(A)", None),
            ("[]", "$(A", None),
            (r#"[{"name":"A","value":"$(A)"}]"#, "$(A)", None),
        ] {
            let container =
                format!(r#"{{"env":{env},"volumeMounts":[{{"subPathExpr":"{expression}"}}]}}"#);
            assert_eq!(of(&container).as_deref(), part, "{container}");
        }
    }

    #[test]
    fn values_that_multiply_one_another_come_to_nothing() {
        let mut env = vec![r#"{"name":"V0","value":"xxxxxxxxxx"}"#.to_owned()];
        for index in 1..30 {
            let value = format!("$(V{})", index - 1).repeat(10);
            env.push(format!(r#"{{"name":"V{index}","value":"{value}"}}"#));
        }
        let env = env.join(",");
        let container = format!(r#"{{"env":[{env}],"volumeMounts":[{{"subPathExpr":"$(V29)"}}]}}"#);
        assert_eq!(of(&container), None);
    }
}
