//! What a container asks of the driver besides CUDA: `NVIDIA_DRIVER_CAPABILITIES`, as the container toolkit reads it.

use crate::engine::vocabulary::names;
use crate::facts::pod::Container;

/// What a device has to do besides computing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// OpenGL, Vulkan or a display.
    pub graphics: bool,
    /// Encoding or decoding of video.
    pub video: bool,
}

impl Capabilities {
    /// What a container says outright. `all` means whatever there is, which images say that need none of it, and what
    /// comes from elsewhere is not seen.
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
            // Of a name that stands twice the last one counts.
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
