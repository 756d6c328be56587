//! The RuntimeClasses of a cluster: by which of them a pod runs under NVIDIA's container runtime.

use std::collections::BTreeMap;

use crate::facts::Pod;

/// How NVIDIA's handlers are called by the toolkit that configures container runtimes (`nvidia-ctk runtime configure`:
/// `nvidia`, `nvidia-cdi`, `nvidia-legacy`), and the RuntimeClasses that the GPU operator makes for them.
pub(crate) const BEGINNING: &str = "nvidia";
/// How Kata Containers calls its classes and handlers (`kata`, `kata-qemu`, `kata-clh`, ...).
const KATA: &str = "kata";

/// The handler of each RuntimeClass that is known, by the class's name.
///
/// A pod names the class, and the node's container runtime obeys the handler. A class that is not known is judged by its
/// name alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeClasses {
    handlers: BTreeMap<String, String>,
}

impl RuntimeClasses {
    /// The classes of a cluster, each with its handler.
    pub fn known(handlers: BTreeMap<String, String>) -> Self {
        Self { handlers }
    }

    /// None is known.
    pub fn unknown() -> &'static Self {
        static UNKNOWN: RuntimeClasses = RuntimeClasses {
            handlers: BTreeMap::new(),
        };
        &UNKNOWN
    }

    /// Whether a pod runs under NVIDIA's runtime, which shows a container the GPUs that a variable of its image names.
    pub fn shows_gpus(&self, pod: &Pod<'_>) -> bool {
        class(pod).is_some_and(|class| self.begins(class, BEGINNING))
    }

    /// The class of a pod that runs in a sandbox: apart from its node's kernel, and so from the node's MPS daemon.
    /// `sandboxes` are what such classes, or their handlers, begin with.
    pub fn sandbox<'p>(&self, pod: &'p Pod<'_>, sandboxes: &[String]) -> Option<&'p str> {
        class(pod).filter(|class| sandboxes.iter().any(|sandbox| self.begins(class, sandbox)))
    }

    /// Whether a class, or its handler, is one of Kata Containers: a virtual machine for each pod.
    pub fn is_virtual_machine(&self, class: &str) -> bool {
        self.begins(class, KATA)
    }

    /// The names of classes whose handler is NVIDIA's and whose name does not say so.
    pub fn under_other_names(&self) -> impl Iterator<Item = &str> {
        let names = self.handlers.keys().map(String::as_str);
        names.filter(|name| !name.starts_with(BEGINNING) && self.begins(name, BEGINNING))
    }

    /// Whether a class's name or its handler begins so.
    fn begins(&self, class: &str, with: &str) -> bool {
        let handler = self.handlers.get(class);
        class.starts_with(with) || handler.is_some_and(|h| h.starts_with(with))
    }
}

/// The class a pod names; an empty name is none.
fn class<'p>(pod: &'p Pod<'_>) -> Option<&'p str> {
    let spec = pod.spec.as_ref();
    let class = spec.and_then(|s| s.runtime_class_name.as_deref());
    class.filter(|class| !class.is_empty())
}
