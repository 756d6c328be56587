//! The RuntimeClasses of a cluster, and which of them select NVIDIA's container runtime.

use std::collections::BTreeMap;

use crate::facts::Pod;

/// The handler names that the NVIDIA Container Toolkit configures (`nvidia-ctk runtime configure`:
/// `nvidia`, `nvidia-cdi`, `nvidia-legacy`), and the RuntimeClasses that the GPU operator makes for them.
pub(crate) const BEGINNING: &str = "nvidia";
/// The prefix of the classes and handlers of Kata Containers (`kata`, `kata-qemu`, `kata-clh`, ...).
const KATA: &str = "kata";

/// The handler of each known RuntimeClass, by the name of the class.
///
/// A pod names the class, and the container runtime of the node uses the handler. An unknown class is judged by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeClasses {
    handlers: BTreeMap<String, String>,
}

impl RuntimeClasses {
    /// The classes of a cluster, each with its handler.
    pub fn known(handlers: BTreeMap<String, String>) -> Self {
        Self { handlers }
    }

    /// Whether a pod runs under NVIDIA's runtime. That runtime shows a container the GPUs that a variable of its image names.
    pub fn shows_gpus(&self, pod: &Pod<'_>) -> bool {
        class(pod).is_some_and(|class| self.begins(class, BEGINNING))
    }

    /// The class of a pod that runs in a sandbox, isolated from the kernel of the node and so from its MPS daemon.
    /// `sandboxes` are the prefixes of such classes or of their handlers.
    pub fn sandbox<'p>(&self, pod: &'p Pod<'_>, sandboxes: &[String]) -> Option<&'p str> {
        class(pod).filter(|class| sandboxes.iter().any(|sandbox| self.begins(class, sandbox)))
    }

    /// Whether a class or its handler belongs to Kata Containers, which run each pod in a virtual machine.
    pub fn is_virtual_machine(&self, class: &str) -> bool {
        self.begins(class, KATA)
    }

    /// The classes with a handler of NVIDIA and another name.
    pub fn under_other_names(&self) -> impl Iterator<Item = &str> {
        let names = self.handlers.keys().map(String::as_str);
        names.filter(|name| !name.starts_with(BEGINNING) && self.begins(name, BEGINNING))
    }

    /// Whether the name of a class or its handler has this prefix.
    fn begins(&self, class: &str, with: &str) -> bool {
        let handler = self.handlers.get(class);
        class.starts_with(with) || handler.is_some_and(|h| h.starts_with(with))
    }
}

/// The class that a pod names; an empty name counts as none.
fn class<'p>(pod: &'p Pod<'_>) -> Option<&'p str> {
    let spec = pod.spec.as_ref();
    let class = spec.and_then(|s| s.runtime_class_name.as_deref());
    class.filter(|class| !class.is_empty())
}
