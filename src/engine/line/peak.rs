//! The most that the containers of a pod have at the same time.

use std::ops::Add;

use crate::facts::pod::{ContainerKind, Place};

/// Adds up what containers have. Init containers run before the main containers, sidecars run beside them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Peak<T> {
    main: T,
    init: T,
    sidecars: T,
}

impl<T: Copy + PartialOrd + Add<Output = T>> Peak<T> {
    /// Adds the next container of the pod.
    pub fn add(&mut self, place: Place, is_sidecar: bool, count: T) {
        if is_sidecar {
            self.sidecars = self.sidecars + count;
        } else if place.kind == ContainerKind::Init {
            self.init = larger(self.init, self.sidecars + count);
        } else {
            self.main = self.main + count;
        }
    }

    /// The most at the same time.
    pub fn most(&self) -> T {
        larger(self.init, self.main + self.sidecars)
    }
}

fn larger<T: PartialOrd>(a: T, b: T) -> T {
    if a > b { a } else { b }
}
