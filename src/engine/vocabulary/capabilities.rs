//! The driver capabilities that a container requests: `NVIDIA_DRIVER_CAPABILITIES`, as the NVIDIA Container Toolkit reads it.

use crate::engine::vocabulary::names;
use crate::facts::pod::Container;

/// The capabilities that a device needs besides compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// OpenGL, Vulkan or a display.
    pub graphics: bool,
    /// Encoding or decoding of video.
    pub video: bool,
}

impl Capabilities {
    /// The capabilities that a container lists by name. `all` is ignored: images set it without needing any of them. Values
    /// from other sources are not visible.
    pub fn of(container: &Container<'_>) -> Self {
        let mut said = container.env().iter().rev();
        let said = said.find(|v| v.name() == names::DRIVER_CAPABILITIES);
        let said = said.and_then(|variable| variable.literal());
        let listed = || said.unwrap_or_default().split(',').map(str::trim);
        if listed().any(|word| word == "all") {
            return Self::default();
        }
        Self {
            graphics: listed().any(|word| matches!(word, "graphics" | "display")),
            video: listed().any(|word| word == "video"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Capabilities;
    use crate::facts::pod::Container;

    #[test]
    fn only_what_is_said_outright_counts() {
        for (env, graphics, video) in [
            (r#"[]"#, false, false),
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"compute,utility"}]"#,
                false,
                false,
            ),
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"compute, video"}]"#,
                false,
                true,
            ),
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"graphics"}]"#,
                true,
                false,
            ),
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"display,video"}]"#,
                true,
                true,
            ),
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"all"}]"#,
                false,
                false,
            ),
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"graphics,all"}]"#,
                false,
                false,
            ),
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"videos"}]"#,
                false,
                false,
            ),
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","valueFrom":{}}]"#,
                false,
                false,
            ),
            // If a name occurs twice, the last one counts.
            (
                r#"[{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"graphics"},{"name":"NVIDIA_DRIVER_CAPABILITIES","value":"video"}]"#,
                false,
                true,
            ),
        ] {
            let text = format!(r#"{{"env":{env}}}"#);
            let container: Container<'_> = serde_json::from_str(&text).expect("a container");
            assert_eq!(
                Capabilities::of(&container),
                Capabilities { graphics, video },
                "{env}"
            );
        }
    }
}
